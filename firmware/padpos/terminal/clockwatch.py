"""Whether the clock has gone back behind the record, and nobody vouches for it."""

from __future__ import annotations

from collections.abc import Callable

from padpos.ledger.errors import LedgerUnfit, reading
from padpos.ledger.ledger import TAIL, Clock, Ledger
from padpos.wire import entry, signed


def latest(ledger: Ledger) -> int | None:
    """The latest time (ms) on record since a trusted clock was last read; None of a new chain."""
    rows = ledger.db.execute("SELECT raw FROM entries ORDER BY seq DESC LIMIT ?", (TAIL,))
    found = None
    for (raw,) in rows:
        read = entry.read_payload(signed.parts(signed.What.ENTRY, raw)[1])
        found = max(found or 0, read.time)
        if read.synchronised:
            return found
    newest: int | None = ledger.db.execute("SELECT max(time) FROM entries").get
    return newest


def watched(ledger: Ledger, damaged: Callable[[LedgerUnfit], None]) -> ClockWatch:
    """A watch that begins with what is on record; `damaged` is told where that can't be read."""
    try:
        with reading():
            return ClockWatch(ledger.clock, latest(ledger))
    except LedgerUnfit as error:
        damaged(error)
        return ClockWatch(ledger.clock, None)


class ClockWatch:
    """Remembers the latest time seen. A clock that a time source sets is right, also if earlier."""

    def __init__(self, clock: Clock, latest: int | None) -> None:
        self._clock = clock
        self._latest = latest or 0

    def behind(self) -> int:
        """How far (ms) the clock is behind the latest time seen, where nobody vouches for it."""
        now = self._clock.now()
        self._latest = now if self._clock.synchronised() else max(self._latest, now)
        return self._latest - now
