"""The ledger's tables (SQLite, WAL, synchronous=FULL), and how the file is opened."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import cast

import apsw

from padpos.ledger import header
from padpos.ledger.errors import (
    LedgerDamaged,
    LedgerForeign,
    LedgerNewer,
    LedgerTruncated,
    reading,
)
from padpos.wire import cbor
from padpos.wire.errors import Malformed

APPLICATION_ID = 0x70616470  # "padp"
SCHEMA_VERSION = 1
MOST_LOG = 4 << 20
"""Bytes of log that stay on the disk once it is folded in."""

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value NOT NULL, sum BLOB);
CREATE TABLE entries (
    seq INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    time INTEGER NOT NULL,
    raw BLOB NOT NULL,
    sealed BLOB,
    carrier BLOB,
    receipted INTEGER,
    refused TEXT,
    sum BLOB
);
CREATE INDEX entries_open ON entries (seq) WHERE receipted IS NULL;
CREATE INDEX entries_time ON entries (time);
CREATE INDEX entries_clerk ON entries (seq) WHERE kind = 'clerk';
CREATE INDEX entries_refused ON entries (seq) WHERE refused IS NOT NULL;
CREATE TABLE attachments (
    hash BLOB PRIMARY KEY,
    size INTEGER NOT NULL,
    media_type TEXT NOT NULL,
    seq INTEGER NOT NULL REFERENCES entries (seq),
    receipted INTEGER,
    refused TEXT,
    sum BLOB
);
CREATE INDEX attachments_open ON attachments (seq, size) WHERE receipted IS NULL;
CREATE INDEX attachments_refused ON attachments (seq) WHERE refused IS NOT NULL;
CREATE TABLE papers (
    consignment BLOB PRIMARY KEY,
    waybill TEXT NOT NULL UNIQUE,
    codes BLOB NOT NULL,
    shown BLOB NOT NULL,
    generation INTEGER NOT NULL,
    status TEXT NOT NULL,
    sum BLOB
);
CREATE INDEX papers_unsettled ON papers (status)
    WHERE status IN ('pending', 'intended', 'unknown', 'blocked');
CREATE TABLE open_consignments (
    id BLOB PRIMARY KEY,
    started INTEGER NOT NULL,
    customer TEXT NOT NULL,
    clerk TEXT NOT NULL,
    sum BLOB
);
CREATE TABLE documents (
    kind TEXT PRIMARY KEY, version INTEGER NOT NULL, raw BLOB NOT NULL, sum BLOB
);
CREATE TABLE receipts (hash BLOB PRIMARY KEY, number INTEGER NOT NULL, raw BLOB NOT NULL, sum BLOB);
CREATE INDEX receipts_number ON receipts (number);
CREATE TABLE draws (
    day TEXT NOT NULL, contract TEXT NOT NULL, n INTEGER NOT NULL, sum BLOB,
    PRIMARY KEY (day, contract)
);
CREATE TABLE owed_checks (contract TEXT PRIMARY KEY, sum BLOB);
CREATE TABLE commitments (
    day TEXT PRIMARY KEY, digest BLOB NOT NULL, entry BLOB NOT NULL, sum BLOB
);
CREATE TABLE waybills (number TEXT PRIMARY KEY, sum BLOB);
CREATE TABLE batches (
    id BLOB PRIMARY KEY,
    contract TEXT NOT NULL,
    imported INTEGER NOT NULL,
    keys BLOB NOT NULL,
    stage TEXT NOT NULL,
    sum BLOB
);
CREATE TABLE batch_rows (
    consignment BLOB PRIMARY KEY,
    batch BLOB NOT NULL REFERENCES batches (id),
    number INTEGER NOT NULL,
    waybill TEXT NOT NULL,
    category TEXT,
    grams INTEGER NOT NULL,
    sealed BLOB,
    carrier BLOB,
    codes BLOB,
    shown BLOB,
    stage TEXT NOT NULL,
    draw BLOB,
    sum BLOB
);
CREATE UNIQUE INDEX batch_rows_number ON batch_rows (batch, number);
CREATE INDEX batch_rows_stage ON batch_rows (batch, stage, number);
"""

SUMMED = {
    "meta": ("key", "value"),
    "papers": ("consignment", "waybill", "codes", "shown", "generation", "status"),
    "open_consignments": ("id", "started", "customer", "clerk"),
    "documents": ("kind", "version", "raw"),
    "receipts": ("hash", "number", "raw"),
    "draws": ("day", "contract", "n"),
    "owed_checks": ("contract",),
    "commitments": ("day", "digest", "entry"),
    "waybills": ("number",),
    "batches": ("id", "contract", "imported", "keys", "stage"),
    "batch_rows": (
        *("consignment", "batch", "number", "waybill", "category", "grams"),
        *("sealed", "carrier", "codes", "shown", "stage", "draw"),
    ),
}
"""Tables that no signature covers: each row bears the sum of these columns."""

SUMMED_LATER = {
    "entries": ("seq", "receipted", "refused"),
    "attachments": ("hash", "receipted", "refused"),
}
"""What a receipt changes in a row that a signature covers: no sum is none of it has changed yet."""


def connect(path: Path) -> apsw.Connection:
    """Open or create the database file. Raises LedgerUnfit, or LedgerStalled."""
    header.check(path)
    log = header.read_log(path.with_name(f"{path.name}-wal"))
    with naming(path):
        db = apsw.Connection(str(path))
        try:
            _set_up(db)
            _prepare(db)
            _check_log(db, log)
        except BaseException:
            db.close()
            raise
    return db


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """`reading`, but damage in a file that is shorter than its head says is a LedgerTruncated."""
    try:
        with reading():
            yield
    except LedgerTruncated:
        raise
    except LedgerDamaged as error:
        if path.exists() and header.is_truncated(path):
            raise LedgerTruncated("the end of the ledger file is missing") from error
        raise


def summed(columns: tuple[str, ...], row: str = "") -> str:
    """The SQL that computes a row's sum."""
    return f"row_sum({', '.join(row + column for column in columns)})"


def _set_up(db: apsw.Connection) -> None:
    db.set_busy_timeout(0)  # one process opens the ledger; a second is an error, not a queue
    _harden(db)
    db.pragma("locking_mode", "EXCLUSIVE")
    db.pragma("journal_mode", "WAL")
    db.pragma("synchronous", "FULL")
    db.pragma("secure_delete", True)
    db.pragma("foreign_keys", True)
    db.pragma("journal_size_limit", MOST_LOG)


def _harden(db: apsw.Connection) -> None:
    # A file that was altered must not make SQLite run what its schema says.
    db.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
    db.pragma("trusted_schema", False)
    db.pragma("cell_size_check", True)
    db.create_scalar_function("row_sum", _row_sum, deterministic=True, flags=apsw.SQLITE_INNOCUOUS)


def _row_sum(*values: apsw.SQLiteValue) -> bytes:
    try:
        return hashlib.sha256(cbor.dumps(cast(cbor.Cbor, list(values)))).digest()[:8]
    except Malformed:
        return b""  # a value of a kind that nobody wrote


def _prepare(db: apsw.Connection) -> None:
    application, version = db.pragma("application_id"), db.pragma("user_version")
    if application == APPLICATION_ID and version > SCHEMA_VERSION:
        raise LedgerNewer(
            f"the ledger is of version {version}; this software knows {SCHEMA_VERSION}"
        )
    if application == APPLICATION_ID and version == SCHEMA_VERSION:
        if _tables(db) != _expected():
            raise LedgerDamaged("the ledger's tables are not what they were")
        return
    if application == APPLICATION_ID:
        raise LedgerDamaged("the ledger file is of a version that never was")
    if application != 0 or version != 0 or _tables(db):
        raise LedgerForeign("the ledger file is the database of something else")
    with db:
        _create(db)
        db.pragma("application_id", APPLICATION_ID)
        db.pragma("user_version", SCHEMA_VERSION)


def _create(db: apsw.Connection) -> None:
    db.execute(_TABLES)
    for table, columns in SUMMED.items():
        _sum_on(db, table, columns, "INSERT")
        _sum_on(db, table, columns, f"UPDATE OF {', '.join(columns)}")
    for table, columns in SUMMED_LATER.items():
        _sum_on(db, table, columns, f"UPDATE OF {', '.join(columns[1:])}")


def _sum_on(db: apsw.Connection, table: str, columns: tuple[str, ...], event: str) -> None:
    name = f"{table}_{event.partition(' ')[0].lower()}"
    db.execute(
        f"CREATE TRIGGER {name} AFTER {event} ON {table} BEGIN"  # noqa: S608 - our own names
        f" UPDATE {table} SET sum = {summed(columns, 'NEW.')} WHERE rowid = NEW.rowid; END"
    )


def _tables(db: apsw.Connection) -> list[tuple[apsw.SQLiteValue, ...]]:
    return list(db.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name"))


@cache
def _expected() -> list[tuple[apsw.SQLiteValue, ...]]:
    db = apsw.Connection(":memory:")
    _harden(db)
    _create(db)
    return _tables(db)


def _check_log(db: apsw.Connection, log: header.Log) -> None:
    valid, _ = db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_NOOP)
    if log.lost(max(valid, 0)):
        raise LedgerDamaged("the ledger's log is damaged: what it held last is lost")
    if log.frames > valid:  # what a cut has torn off must not be met again behind newer frames
        with contextlib.suppress(apsw.FullError):
            db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
