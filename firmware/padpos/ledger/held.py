"""What else the ledger holds: signed documents, open consignments, draws, numbers, photos."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from padpos.ledger.errors import WaybillsSpent
from padpos.ledger.files import Label
from padpos.ledger.ledger import Ledger
from padpos.wire.documents import WaybillRange, Waybills
from padpos.wire.entry import Attachment


class Held:
    """Small tables beside the chain; each call is one transaction, or part of one."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._db = ledger.db

    def document(self, kind: str) -> bytes | None:
        """The newest signed document of a kind."""
        row = self._db.execute("SELECT raw FROM documents WHERE kind = ?", (kind,)).fetchone()
        return row[0] if row else None

    def keep_document(self, kind: str, version: int, raw: bytes) -> None:
        """Keep a verified document in place of the one before; the same again writes nothing."""
        if self.document(kind) == raw:
            return
        with self._ledger.transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO documents (kind, version, raw) VALUES (?, ?, ?)",
                (kind, version, raw),
            )

    def drop_document(self, kind: str) -> None:
        """Forget the document of a kind, if there is one."""
        self._db.execute("DELETE FROM documents WHERE kind = ?", (kind,))

    def keep_photo(self, consignment: bytes, sealed: bytes, media_type: str) -> bytes:
        """Make a sealed photo durable, not yet named by an entry: its SHA-256.

        Raises LedgerFull, and nothing of it is left then.
        """
        sha256 = hashlib.sha256(sealed).digest()
        self._ledger.files.write(sha256, sealed, Label(consignment, media_type))
        return sha256

    def drop_photo(self, sha256: bytes) -> None:
        """Forget one photo that no entry names."""
        if not self._named(sha256):
            self._ledger.files.remove(sha256)

    def unnamed_photos(self, consignment: bytes) -> list[Attachment]:
        """The photos of a consignment that no entry names yet, in the order they were taken."""
        files = self._ledger.files
        found = [sha256 for sha256 in files.of(consignment) if not self._named(sha256)]
        # What a crash has torn was never durable: its `keep_photo` has not returned.
        return [
            Attachment(sha256, files.size(sha256), files.label(sha256).media_type)
            for sha256 in found
            if files.whole(sha256)
        ]

    def sweep(self, unfinished: Iterable[bytes] = ()) -> int:
        """Remove files that no entry waits with: how many. Not while a consignment is in hand.

        `unfinished` are consignments that will be taken up again; their photos stay.
        """
        rows = self._db.execute("SELECT hash FROM attachments WHERE receipted IS NULL")
        known = {sha256 for (sha256,) in rows}
        for consignment in unfinished:
            known.update(photo.sha256 for photo in self.unnamed_photos(consignment))
        return self._ledger.files.sweep(known)

    def open_consignment(self, consignment: bytes, started: int, customer: str, clerk: str) -> None:
        """Remember that a consignment is in hand, so that a crash leaves a trace of it."""
        with self._ledger.transaction():
            self._db.execute(
                "INSERT INTO open_consignments (id, started, customer, clerk) VALUES (?, ?, ?, ?)",
                (consignment, started, customer, clerk),
            )

    def close_consignment(self, consignment: bytes) -> None:
        """It has ended by an entry; inside that entry's transaction."""
        self._db.execute("DELETE FROM open_consignments WHERE id = ?", (consignment,))

    def left_open(self) -> list[tuple[bytes, str, str]]:
        """(id, customer class, clerk) of consignments that a crash interrupted."""
        return list(self._db.execute("SELECT id, customer, clerk FROM open_consignments"))

    def next_draw(self, day: str, contract: str) -> int:
        """Raise and return n: the contract's how-manieth parcel of the day this is."""
        self._db.execute(
            "INSERT INTO draws (day, contract, n) VALUES (?, ?, 1)"
            " ON CONFLICT (day, contract) DO UPDATE SET n = n + 1",
            (day, contract),
        )
        n: int = self._db.execute(
            "SELECT n FROM draws WHERE day = ? AND contract = ?", (day, contract)
        ).get
        return n

    def owe_check(self, contract: str) -> None:
        """A draw fell on the contract: a check is owed until one is fulfilled."""
        self._db.execute("INSERT OR IGNORE INTO owed_checks (contract) VALUES (?)", (contract,))

    def check_owed(self, contract: str) -> bool:
        """Whether a check of this contract stands open."""
        rows = self._db.execute("SELECT 1 FROM owed_checks WHERE contract = ?", (contract,))
        return rows.fetchone() is not None

    def fulfil_check(self, contract: str) -> None:
        """An inspected parcel of the contract is recorded; inside that transaction."""
        self._db.execute("DELETE FROM owed_checks WHERE contract = ?", (contract,))

    def commitment(self, day: str) -> tuple[bytes, bytes] | None:
        """(digest of the day's key, hash of the policy entry that first committed to it)."""
        return self._db.execute(
            "SELECT digest, entry FROM commitments WHERE day = ?", (day,)
        ).fetchone()

    def commit_to(self, day: str, digest: bytes, entry: bytes) -> None:
        """Fix a day's commitment; the first stands."""
        self._db.execute(
            "INSERT OR IGNORE INTO commitments (day, digest, entry) VALUES (?, ?, ?)",
            (day, digest, entry),
        )

    def take_waybill(self, waybills: Waybills, now: int) -> str:
        """The next unused number. Raises WaybillsSpent."""
        for item in waybills.ranges:
            number = item.number(self._used_up_to(item))
            if number is not None and now < item.expires:
                self._db.execute("INSERT INTO waybills (number) VALUES (?)", (number,))
                return number
        raise WaybillsSpent("no waybill number is left: the carrier must send a new range")

    def _named(self, sha256: bytes) -> bool:
        row = self._db.execute("SELECT 1 FROM attachments WHERE hash = ?", (sha256,)).fetchone()
        return row is not None

    def _used_up_to(self, item: WaybillRange) -> int:
        # The index behind the highest number used: ranges of two documents may overlap.
        first, last = item.first, item.last
        prefix = len(first.rstrip("0123456789"))
        used: str | None = self._db.execute(
            "SELECT max(number) FROM waybills WHERE number BETWEEN ? AND ?"
            " AND length(number) = ? AND substr(number, ?) NOT GLOB '*[^0-9]*'",
            (first, last, len(first), prefix + 1),
        ).get
        return 0 if used is None else item.index_of(used) + 1
