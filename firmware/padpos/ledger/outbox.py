"""The outbox: what the authority has not yet signed for, and what its receipts do to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from padpos.ledger.errors import LedgerFull
from padpos.ledger.ledger import Ledger
from padpos.wire import receipt as wire_receipt
from padpos.wire.errors import NotAccepted
from padpos.wire.keys import PublicKey
from padpos.wire.messages import PART_SIZE, Part
from padpos.wire.receipt import Receipt, Status

_ENTRIES_AT_ONCE, _PHOTOS_AT_ONCE = 8, 64  # what the reserve is measured for
_OPEN = (
    "FROM attachments AS a JOIN entries AS e ON e.seq = a.seq"
    " WHERE a.receipted IS NULL AND a.refused IS NULL AND e.refused IS NULL"
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How much waits for a receipt, the time (ms) of the oldest entry that does, and how many of
    these the authority refused: they wait for a `want`."""

    entries: int
    attachments: int
    oldest: int | None
    refused: int = 0


class Outbox:
    """A view of the ledger: what to send, and what a receipt lets go."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._db = ledger.db

    def waiting(self) -> Waiting:
        """What still waits."""
        totals = self._ledger.totals
        row = self._db.execute(
            "SELECT time FROM entries WHERE receipted IS NULL ORDER BY seq LIMIT 1"
        ).fetchone()
        refused = self._db.execute(
            "SELECT (SELECT count(*) FROM entries WHERE refused IS NOT NULL)"
            " + (SELECT count(*) FROM attachments WHERE refused IS NOT NULL)"
        ).get
        return Waiting(totals.entries, totals.attachments, row[0] if row else None, refused)

    def entries(self, after: int, most: int) -> list[int]:
        """Sequence numbers to send, behind `after`; refused ones wait for a `want`."""
        rows = self._db.execute(
            "SELECT seq FROM entries WHERE receipted IS NULL AND refused IS NULL AND seq > ?"
            " ORDER BY seq LIMIT ?",
            (after, most),
        )
        return [seq for (seq,) in rows]

    def attachments(self, entries: int, after: int = -1) -> list[tuple[bytes, int]]:
        """(SHA-256, size) of the attachments to send of so many entries behind `after`, in their
        order; refused ones, and those of refused entries, wait for a `want`."""
        return list(
            self._db.execute(
                f"SELECT a.hash, a.size {_OPEN} AND a.seq IN"
                f" (SELECT DISTINCT a.seq {_OPEN} AND a.seq > ? ORDER BY a.seq LIMIT ?)"
                " ORDER BY a.seq, a.rowid",
                (after, entries),
            )
        )

    def entry_of(self, sha256: bytes) -> int:
        """The sequence number of the entry that names an attachment."""
        seq: int = self._db.execute("SELECT seq FROM attachments WHERE hash = ?", (sha256,)).get
        return seq

    def part(self, sha256: bytes, offset: int) -> Part | None:
        """The piece of an attachment at `offset`, or None where it is gone."""
        row = self._db.execute("SELECT size FROM attachments WHERE hash = ?", (sha256,)).fetchone()
        if row is None or not 0 <= offset < row[0]:
            return None
        try:
            data = self._ledger.files.read(sha256, offset, PART_SIZE)
        except FileNotFoundError:
            return None
        return Part(sha256, row[0], offset, data)

    def apply(self, raw: bytes, keys: tuple[PublicKey, ...]) -> Receipt:
        """Let go what an authentic receipt signs for; nothing else. Raises a WireError.

        Repeated, reordered or stale receipts change nothing that is final.
        """
        receipt, digest = wire_receipt.verify(raw, keys)
        if (receipt.terminal, receipt.chain) != (self._ledger.terminal, self._ledger.chain):
            raise NotAccepted("receipt: for another terminal or chain")
        known = self._db.execute("SELECT 1 FROM receipts WHERE hash = ?", (digest,)).fetchone()
        try:
            self._apply(receipt, digest, raw, fresh=not known)
        except LedgerFull:
            self._apply_in_slices(receipt, digest, raw, fresh=not known)
        return receipt

    def _apply(self, receipt: Receipt, digest: bytes, raw: bytes, *, fresh: bool) -> None:
        with self._ledger.transaction():
            self._db.execute(
                "INSERT OR IGNORE INTO receipts (hash, number, raw) VALUES (?, ?, ?)",
                (digest, receipt.number, raw),
            )
            if fresh:  # a refusal played back must not undo a later want
                self._refuse(receipt)
            self._apply_entries(receipt)
            gone = self._apply_attachments(receipt)
        for sha256 in gone:  # after the commit: a crash between leaves a file that the sweep takes
            self._ledger.files.remove(sha256)

    def _apply_in_slices(self, receipt: Receipt, digest: bytes, raw: bytes, *, fresh: bool) -> None:
        """On a full disk: photos first, for their files make room; the log never grows long."""
        with self._ledger.reserve():
            for slice_ in _slices(receipt):
                self._apply(slice_, digest, raw, fresh=fresh)
                self._ledger.fold()

    def newest_receipt(self) -> bytes | None:
        """The hash of the receipt with the highest number."""
        row = self._db.execute("SELECT hash FROM receipts ORDER BY number DESC LIMIT 1").fetchone()
        return row[0] if row else None

    def _refuse(self, receipt: Receipt) -> None:
        for entry in receipt.entries:
            if entry.status is Status.REFUSED:
                self._db.execute(
                    "UPDATE entries SET refused = ? WHERE seq = ? AND hash = ?"
                    " AND receipted IS NULL",
                    (entry.reason, entry.seq, entry.hash),
                )
        for attachment in receipt.attachments:
            if attachment.status is Status.REFUSED:
                self._db.execute(
                    "UPDATE attachments SET refused = ? WHERE hash = ? AND receipted IS NULL",
                    (attachment.reason, attachment.hash),
                )

    def _apply_entries(self, receipt: Receipt) -> None:
        for item in receipt.entries:
            if item.status is not Status.REFUSED:
                self._db.execute(
                    "UPDATE entries SET receipted = ?, refused = NULL, sealed = NULL,"
                    " carrier = NULL WHERE seq = ? AND hash = ? AND receipted IS NULL",
                    (receipt.number, item.seq, item.hash),
                )
                self._ledger.let_go(entries=self._db.changes())

    def _apply_attachments(self, receipt: Receipt) -> list[bytes]:
        gone = []
        for item in receipt.attachments:
            if item.status is Status.REFUSED:
                continue
            let_go = self._db.execute(
                "UPDATE attachments SET receipted = ?, refused = NULL"
                " WHERE hash = ? AND receipted IS NULL RETURNING size",
                (receipt.number, item.hash),
            ).fetchall()
            for (size,) in let_go:
                self._ledger.let_go(attachments=1, size=int(size or 0))
                gone.append(item.hash)
        return gone


def _slices(receipt: Receipt) -> Iterator[Receipt]:
    for first in range(0, len(receipt.attachments), _PHOTOS_AT_ONCE):
        photos = receipt.attachments[first : first + _PHOTOS_AT_ONCE]
        yield replace(receipt, entries=(), attachments=photos)
    for first in range(0, len(receipt.entries), _ENTRIES_AT_ONCE):
        entries = receipt.entries[first : first + _ENTRIES_AT_ONCE]
        yield replace(receipt, entries=entries, attachments=())
