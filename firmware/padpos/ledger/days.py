"""Days and shifts: what the ledger says was done, and what it forgets when a day is closed."""

from __future__ import annotations

from collections.abc import Iterator

from padpos.counter.summary import Owed, Summary, summarise, with_owed
from padpos.ledger.ledger import Ledger
from padpos.ledger.outbox import Outbox
from padpos.ledger.papers import UNSETTLED
from padpos.wire import entry as wire_entry
from padpos.wire import ids, signed
from padpos.wire.entry import Entry
from padpos.wire.facts import ClerkFacts, Kind

_CLERK = f"kind = '{Kind.CLERK}'"  # spelled out: the index of these entries is found by it


class Days:
    """A view of the ledger by day and by shift. All calls on the ledger's thread."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._db = ledger.db

    def summary(self, day: str) -> Summary:
        """The entries made on a day (YYYY-MM-DD, UTC+8), in sums, and what is owed now."""
        start, end = ids.span_of(day)
        where = "time >= ? AND time < ?"
        first: int | None = self._db.execute(
            f"SELECT min(seq) FROM entries WHERE {where}",  # noqa: S608 - fixed texts
            (start, end),
        ).get
        before = self._clerk_before(first) if first is not None else None
        found = summarise(self._entries(where, (start, end)), before)
        return with_owed(found, self._owed())

    def shift(self, clerk: str) -> Summary:
        """What was recorded since the clerk last signed in."""
        since = 0
        for entry, _ in self._entries(_CLERK, ()):
            facts = entry.facts
            if isinstance(facts, ClerkFacts) and facts.clerk == clerk and facts.signed_in:
                since = entry.seq
        found = summarise(self._entries("seq >= ?", (since,)), clerk)
        return with_owed(found, self._owed())

    def last_day(self) -> str | None:
        """The day of the newest entry."""
        row = self._db.execute("SELECT time FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
        return ids.day_of(row[0]) if row else None

    def unsettled(self) -> int:
        """How many papers wait for a printer or a person."""
        marks = ", ".join("?" * len(UNSETTLED))
        count: int = self._db.execute(
            f"SELECT count(*) FROM papers WHERE status IN ({marks})",  # noqa: S608 - placeholders
            UNSETTLED,
        ).get
        return count

    def close(self) -> int:
        """Forget label codes and masked texts of settled papers (formats §10): how many.

        An unsettled paper stays until a person has decided.
        """
        marks = ", ".join("?" * len(UNSETTLED))
        with self._ledger.transaction():
            self._db.execute(
                f"DELETE FROM papers WHERE status NOT IN ({marks})",  # noqa: S608 - placeholders
                UNSETTLED,
            )
            gone = self._db.changes()
        # What was deleted still stands in the write-ahead log until it is folded in.
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return gone

    def _owed(self) -> Owed:
        waiting = Outbox(self._ledger).waiting()
        checks: int = self._db.execute("SELECT count(*) FROM owed_checks").get
        return Owed(checks, self.unsettled(), waiting.entries, waiting.attachments)

    def _clerk_before(self, seq: int) -> str | None:
        found = None
        for entry, _ in self._entries(f"seq < ? AND {_CLERK}", (seq,), last=1):
            facts = entry.facts
            if isinstance(facts, ClerkFacts) and facts.signed_in:
                found = facts.clerk
        return found

    def _entries(
        self, where: str, values: tuple[int | str, ...], last: int | None = None
    ) -> Iterator[tuple[Entry, bytes]]:
        order = f"DESC LIMIT {last}" if last is not None else ""
        query = f"SELECT raw, hash FROM entries WHERE {where} ORDER BY seq {order}"  # noqa: S608
        for raw, digest in self._db.execute(query, values):
            _, payload, _ = signed.parts(signed.What.ENTRY, raw)
            yield wire_entry.read_payload(payload), digest
