"""Does the ledger hold? Every signature, link, Envelope, photo and sum, in steps of any size."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import apsw

from padpos.ledger import schema
from padpos.ledger.errors import LedgerDamaged, PhotoAltered, PhotoLost, reading
from padpos.ledger.files import AttachmentFiles
from padpos.wire import entry as wire_entry
from padpos.wire.entry import NO_PREVIOUS, Attachment, Entry, Sealed
from padpos.wire.errors import WireError
from padpos.wire.keys import PublicKey

_ROWS = 50
_SMALL = ("meta", "open_consignments", "documents", "owed_checks", "commitments")
_ENTRY = (
    "SELECT hash, kind, time, raw, sealed, carrier, receipted, sum,"  # noqa: S608 - our own names
    f" {schema.summed(schema.SUMMED_LATER['entries'])}, receipted IS NULL AND refused IS NULL,"
    " receipted IS NOT NULL OR EXISTS (SELECT 1 FROM entries INDEXED BY entries_open"
    " WHERE receipted IS NULL AND seq = ?1)"
    " FROM entries WHERE seq = ?1"
)
_ATTACHMENT = (
    "SELECT size, media_type, seq, receipted, sum,"  # noqa: S608 - our own names
    f" {schema.summed(schema.SUMMED_LATER['attachments'])}, receipted IS NULL AND refused IS NULL"
    " FROM attachments WHERE hash = ?"
)


@dataclass(frozen=True, slots=True)
class Source:
    """What is checked, and what it is checked against."""

    db: apsw.Connection
    files: AttachmentFiles
    terminal: str
    chain: bytes
    key: PublicKey


class Check:
    """One walk through a ledger that may be written to meanwhile, up to `entries` of it."""

    def __init__(self, source: Source, entries: int) -> None:
        self.entries = entries
        self.checked = 0
        self.done = False
        self._source = source
        self._steps = self._walk()

    def advance(self, seconds: float) -> bool:
        """Go on for about so long: whether all is checked. Raises LedgerDamaged."""
        until = time.perf_counter() + seconds
        with reading():
            for _ in self._steps:
                if time.perf_counter() >= until:
                    return False
        self.done = True
        return True

    def _walk(self) -> Iterator[None]:
        head = NO_PREVIOUS
        for seq in range(self.entries):
            record, head = check_entry(self._source, seq, head)
            yield
            for attachment in record.attachments:
                _check_attachment(self._source, seq, attachment)
                yield
            self.checked = seq + 1
        for table in schema.SUMMED:
            _check_table(self._source.db, table)
            yield
            yield from _check_sums(self._source.db, table)


def check_small(db: apsw.Connection) -> None:
    """The small tables that everything begins with, whole. Raises LedgerDamaged."""
    with reading():
        for table in _SMALL:
            _check_table(db, table)
            for _ in _check_sums(db, table):
                pass


def check_structure(source: Source, entries: int) -> None:
    """What only the whole file can tell: SQLite's own structure, nothing missing, nothing more.

    Takes as long as reading the file does. Raises LedgerDamaged.
    """
    with reading():
        if source.db.pragma("integrity_check", 1) != "ok":
            raise LedgerDamaged("the structure of the ledger file does not hold")
        if source.db.execute("SELECT count(*) FROM entries").get != entries:
            raise LedgerDamaged("the ledger has more entries, or fewer, than its chain")
        stray = "SELECT count(*) FROM attachments AS a LEFT JOIN entries AS e USING (seq)"
        if source.db.execute(f"{stray} WHERE e.seq IS NULL").get:
            raise LedgerDamaged("a photo belongs to no entry")


def check_entry(source: Source, seq: int, before: bytes | None) -> tuple[Entry, bytes]:
    """One entry and its hash, as its signature and row say. Raises LedgerDamaged.

    `before` is the hash of the entry before it, or None where that is not known.
    """
    row = source.db.execute(_ENTRY, (seq,)).fetchone()
    if row is None:
        raise LedgerDamaged(f"entry {seq}: missing")
    stored, kind, stamp, raw, sealed, carrier, receipted, kept, computed, untouched, found = row
    try:
        record, digest = wire_entry.verify(_octets(raw, seq), source.key)
    except WireError as error:
        raise LedgerDamaged(f"entry {seq}: {error.what}") from error
    follows = (record.seq, digest) == (seq, stored) and before in (None, record.prev)
    if not follows or (record.terminal, record.chain) != (source.terminal, source.chain):
        raise LedgerDamaged(f"entry {seq}: does not follow the one before")
    # Without a sum nothing of it may have changed yet.
    unsummed = untouched and kept is None
    if (str(record.kind), record.time) != (kind, stamp) or not (unsummed or kept == computed):
        raise LedgerDamaged(f"entry {seq}: its row was altered")
    if not found:  # what waits and is not found there would never be sent
        raise LedgerDamaged(f"entry {seq}: missing from what waits")
    for named, body in ((record.sealed, sealed), (record.carrier, carrier)):
        if not _fits(named, body, gone=receipted is not None):
            raise LedgerDamaged(f"entry {seq}: its Envelope was altered or is missing")
    return record, digest


def _fits(named: Sealed | None, body: apsw.SQLiteValue, *, gone: bool) -> bool:
    if named is None or gone:
        return body is None
    return isinstance(body, bytes) and named.matches(body)


def _check_attachment(source: Source, seq: int, attachment: Attachment) -> None:
    row = source.db.execute(_ATTACHMENT, (attachment.sha256,)).fetchone()
    if row is None:
        raise LedgerDamaged(f"entry {seq}: a photo it names is not known")
    *said, receipted, kept, computed, untouched = row
    if said != [attachment.size, attachment.media_type, seq]:
        raise LedgerDamaged(f"entry {seq}: a photo it names is known as another")
    if kept != computed and not (untouched and kept is None):
        raise LedgerDamaged(f"entry {seq}: the row of a photo was altered")
    if receipted is not None:
        return
    try:
        whole = source.files.whole(attachment.sha256)
    except FileNotFoundError as error:
        raise PhotoLost(f"entry {seq}: the file of a photo is missing") from error
    if not whole:
        raise PhotoAltered(f"entry {seq}: the file of a photo was altered")


def _check_table(db: apsw.Connection, table: str) -> None:
    """Its pages, and that its indexes say the same: what an index hides would be overlooked."""
    if db.pragma("integrity_check", table) != "ok":
        raise LedgerDamaged(f"the structure of {table} does not hold")


def _check_sums(db: apsw.Connection, table: str) -> Iterator[None]:
    query = (
        f"SELECT rowid, sum IS {schema.summed(schema.SUMMED[table])} FROM {table}"  # noqa: S608 - our own names
        " WHERE rowid > ? ORDER BY rowid LIMIT ?"
    )
    last = -1
    while rows := db.execute(query, (last, _ROWS)).fetchall():
        if not all(same for _, same in rows):
            raise LedgerDamaged(f"a row of {table} was altered")
        last = _number(rows[-1][0])
        yield


def _number(value: apsw.SQLiteValue) -> int:
    assert isinstance(value, int)  # a rowid always is
    return value


def _octets(value: apsw.SQLiteValue, seq: int) -> bytes:
    if not isinstance(value, bytes):
        raise LedgerDamaged(f"entry {seq}: its row was altered")
    return value
