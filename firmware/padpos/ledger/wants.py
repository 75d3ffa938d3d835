"""Wants: what the authority asks for again, and what the ledger answers."""

from __future__ import annotations

from typing import TypeVar

from padpos.ledger.ledger import Ledger
from padpos.wire import entry as wire_entry
from padpos.wire import signed
from padpos.wire import want as wire_want
from padpos.wire.errors import NotAccepted, NotNewer
from padpos.wire.keys import PublicKey
from padpos.wire.link import MOST_AGAIN, Again
from padpos.wire.messages import PART_SIZE
from padpos.wire.want import Want, WantedAttachment

T = TypeVar("T")
_NEWEST = "want"  # in `meta`: the time of the newest want taken


class Wants:
    """Takes wants; what they call for waits in memory until the uplink is told.

    What is lost with the memory was asked for by a want, and the authority asks again.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._db = ledger.db
        self._entries: dict[int, None] = {}
        self._pieces: dict[tuple[bytes, int], None] = {}
        self._receipts: dict[bytes, None] = {}

    def take(self, raw: bytes, keys: tuple[PublicKey, ...]) -> Want:
        """Do as an authentic want says that is newer than the last. Raises a WireError.

        What waits is to be sent again, a refusal lifted; for what a receipt let go, that receipt.
        What this chain never held is passed over.
        """
        want = wire_want.verify(raw, keys)
        if (want.terminal, want.chain) != (self._ledger.terminal, self._ledger.chain):
            raise NotAccepted("want: for another terminal or chain")
        with self._ledger.transaction():
            newest = self._db.execute("SELECT value FROM meta WHERE key = ?", (_NEWEST,)).get
            if newest is not None and want.time <= newest:
                raise NotNewer("want: not newer than the last")
            self._db.execute(
                "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (_NEWEST, want.time)
            )
            for seq in want.entries:
                self._want_entry(seq)
            for wanted in want.attachments:
                self._want_attachment(wanted)
        return want

    def told(self) -> Again:
        """What is to be sent again now; told once."""
        again = Again(tuple(self._entries), tuple(self._pieces), tuple(self._receipts))
        for waiting in (self._entries, self._pieces, self._receipts):
            waiting.clear()
        return again

    def proof(self, digest: bytes) -> bytes | None:
        """The receipt of that hash as it came, or None."""
        row = self._db.execute("SELECT raw FROM receipts WHERE hash = ?", (digest,)).fetchone()
        return row[0] if row else None

    def _want_entry(self, seq: int) -> None:
        row = self._db.execute(
            "SELECT receipted, raw FROM entries WHERE seq = ?", (seq,)
        ).fetchone()
        if row is None:
            return
        receipted, raw = row
        if receipted is not None:
            self._prove(receipted)
            if _has_envelopes(raw):
                return
        self._db.execute("UPDATE entries SET refused = NULL WHERE seq = ?", (seq,))
        _remember(self._entries, seq)

    def _want_attachment(self, wanted: WantedAttachment) -> None:
        row = self._db.execute(
            "SELECT receipted, size FROM attachments WHERE hash = ? AND seq IS NOT NULL",
            (wanted.sha256,),
        ).fetchone()
        if row is None:
            return
        receipted, size = row
        if receipted is not None:
            self._prove(receipted)
            return
        self._db.execute("UPDATE attachments SET refused = NULL WHERE hash = ?", (wanted.sha256,))
        for offset in wanted.offsets or range(0, size, PART_SIZE):
            if offset < size:
                _remember(self._pieces, (wanted.sha256, offset))

    def _prove(self, number: int) -> None:
        # An authority restored from a copy may have used a number twice: then all of that number.
        rows = self._db.execute("SELECT hash FROM receipts WHERE number = ?", (number,))
        for (digest,) in rows:
            _remember(self._receipts, digest)


def _remember(waiting: dict[T, None], item: T) -> None:
    if len(waiting) < MOST_AGAIN:
        waiting[item] = None


def _has_envelopes(raw: bytes) -> bool:
    """Whether sealed parts belong to an entry: then its receipt has let them go."""
    _, payload, _ = signed.parts(signed.What.ENTRY, raw)
    record = wire_entry.read_payload(payload)
    return record.sealed is not None or record.carrier is not None
