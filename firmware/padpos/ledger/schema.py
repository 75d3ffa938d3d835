"""The ledger's tables (SQLite, WAL, synchronous=FULL)."""

from __future__ import annotations

from pathlib import Path

import apsw

from padpos.ledger.errors import LedgerForeign

APPLICATION_ID = 0x70616470  # "padp"
SCHEMA_VERSION = 1

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE entries (
    seq INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    time INTEGER NOT NULL,
    raw BLOB NOT NULL,
    sealed BLOB,
    carrier BLOB,
    receipted INTEGER,
    refused TEXT
);
CREATE INDEX entries_open ON entries (seq) WHERE receipted IS NULL;
CREATE TABLE attachments (
    hash BLOB PRIMARY KEY,
    consignment BLOB NOT NULL,
    size INTEGER NOT NULL,
    media_type TEXT NOT NULL,
    seq INTEGER REFERENCES entries (seq),
    receipted INTEGER
);
CREATE TABLE papers (
    consignment BLOB PRIMARY KEY,
    waybill TEXT NOT NULL UNIQUE,
    codes BLOB NOT NULL,
    shown BLOB NOT NULL,
    generation INTEGER NOT NULL,
    status TEXT NOT NULL
);
CREATE TABLE open_consignments (
    id BLOB PRIMARY KEY,
    started INTEGER NOT NULL,
    customer TEXT NOT NULL,
    clerk TEXT NOT NULL
);
CREATE TABLE documents (kind TEXT PRIMARY KEY, version INTEGER NOT NULL, raw BLOB NOT NULL);
CREATE TABLE receipts (number INTEGER PRIMARY KEY, hash BLOB NOT NULL, raw BLOB NOT NULL);
CREATE TABLE draws (
    day TEXT NOT NULL, contract TEXT NOT NULL, n INTEGER NOT NULL,
    PRIMARY KEY (day, contract)
);
CREATE TABLE owed_checks (contract TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE commitments (day TEXT PRIMARY KEY, digest BLOB NOT NULL, entry BLOB NOT NULL);
CREATE TABLE waybills (number TEXT PRIMARY KEY) WITHOUT ROWID;
"""


def connect(path: Path) -> apsw.Connection:
    """Open or create the database file. Raises LedgerForeign."""
    try:
        db = apsw.Connection(str(path))
        db.set_busy_timeout(0)  # one process opens the ledger; a second is an error, not a queue
        db.pragma("locking_mode", "EXCLUSIVE")
        db.pragma("journal_mode", "WAL")
        db.pragma("synchronous", "FULL")
        db.pragma("secure_delete", True)
        db.pragma("foreign_keys", True)
        _prepare(db)
    except apsw.BusyError as error:
        raise LedgerForeign("the ledger is in use by another process") from error
    except apsw.NotADBError as error:
        raise LedgerForeign("the ledger file is not a ledger") from error
    return db


def _prepare(db: apsw.Connection) -> None:
    application, version = db.pragma("application_id"), db.pragma("user_version")
    if (application, version) == (APPLICATION_ID, SCHEMA_VERSION):
        return
    if application == APPLICATION_ID:
        raise LedgerForeign(f"the ledger file is of version {version}; this is {SCHEMA_VERSION}")
    if application != 0 or version != 0 or db.execute("SELECT count(*) FROM sqlite_schema").get:
        raise LedgerForeign("the ledger file is the database of something else")
    with db:
        db.execute(_TABLES)
        db.pragma("application_id", APPLICATION_ID)
        db.pragma("user_version", SCHEMA_VERSION)
