"""What is counted of a day against fraud: documents as counts under a dying key, clerks' doings."""

from __future__ import annotations

import hmac
import json
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import astuple, replace

from padpos.counter.limits import Tallies
from padpos.terminal.volatile import Volatile

log = logging.getLogger("padpos.terminal")

DAY_SECONDS = 24 * 3600.0
_FILE = "daybook.json"


def uptime() -> float:
    """Seconds since the machine started; suspended time counts, setting the clock does not."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Daybook:
    """Counts of one day under a key drawn for it; both are gone when the day is.

    They live in this process's memory and, where given, in a memory-backed folder, so that a
    restart of the process does not begin the counts anew. A clock set back does not either.
    """

    def __init__(
        self, volatile: Volatile | None = None, uptime: Callable[[], float] = uptime
    ) -> None:
        self._volatile = volatile
        self._uptime = uptime
        self._day = ""
        self._key = b""
        self._drawn = 0.0
        self._seen: dict[bytes, set[bytes]] = {}
        self._clerks: dict[bytes, str] = {}
        self._tallies: dict[str, Tallies] = {}
        self._load()

    def turn_to(self, day: str) -> None:
        """Forget everything with the day it was of."""
        lived = self._uptime() - self._drawn
        # Set back, the clock must not wipe the counts; but no key lives longer than a day.
        if self._day and day <= self._day and 0 <= lived < DAY_SECONDS:
            return
        self._day, self._key, self._drawn = day, secrets.token_bytes(32), self._uptime()
        self._seen.clear()
        self._clerks.clear()
        self._tallies.clear()
        self._keep()

    def count(self, number: str, day: str, consignment: bytes) -> int:
        """How many consignments of `day` this document number has been shown for here."""
        self.turn_to(day)
        seen = self._seen.setdefault(self._token(number), set())
        if consignment not in seen:
            seen.add(consignment)
            self._keep()
        return len(seen)

    def enrol_clerk(self, clerk: str, number: str, day: str) -> None:
        """A clerk laid the own document when signing in: it will be known as such today."""
        self.turn_to(day)
        self._clerks[self._token(number)] = clerk
        self._keep()

    def clerk_of(self, number: str, day: str) -> str | None:
        """The clerk who laid that document when signing in today."""
        self.turn_to(day)
        return self._clerks.get(self._token(number))

    def is_clerks(self, number: str, day: str) -> bool:
        """Whether that document is one a clerk laid when signing in today."""
        return self.clerk_of(number, day) is not None

    def tallies(self, clerk: str, day: str) -> Tallies:
        """What a clerk did today."""
        self.turn_to(day)
        return self._tallies.get(clerk, Tallies())

    def typed_here(self, day: str) -> int:
        """How many documents were typed here today."""
        self.turn_to(day)
        return sum(tallies.typed for tallies in self._tallies.values())

    def at_least(self, clerk: str, day: str, recorded: Tallies) -> None:
        """The ledger knows of so many: counts that a power cut took come back."""
        known = self.tallies(clerk, day)
        most = Tallies(*map(max, astuple(known), astuple(recorded)))
        if most != known:
            self._set(clerk, most)

    def note_typed(self, clerk: str, day: str) -> None:
        """A document was typed."""
        tallies = self.tallies(clerk, day)
        self._set(clerk, replace(tallies, typed=tallies.typed + 1))

    def note_void(self, clerk: str, day: str) -> None:
        """A waybill number was voided."""
        tallies = self.tallies(clerk, day)
        self._set(clerk, replace(tallies, voids=tallies.voids + 1))

    def note_reprint(self, clerk: str, day: str) -> None:
        """A label was printed again."""
        tallies = self.tallies(clerk, day)
        self._set(clerk, replace(tallies, reprints=tallies.reprints + 1))

    def note_dropped_drawn(self, clerk: str, day: str) -> None:
        """A consignment was abandoned after a draw had fallen on it."""
        tallies = self.tallies(clerk, day)
        self._set(clerk, replace(tallies, dropped_drawn=tallies.dropped_drawn + 1))

    def _set(self, clerk: str, tallies: Tallies) -> None:
        self._tallies[clerk] = tallies
        self._keep()

    def _token(self, number: str) -> bytes:
        return hmac.digest(self._key, number.encode(), "sha256")

    def _keep(self) -> None:
        if self._volatile is None:
            return
        kept = {
            "day": self._day,
            "key": self._key.hex(),
            "drawn": self._drawn,
            "seen": {t.hex(): [each.hex() for each in ids] for t, ids in self._seen.items()},
            "clerks": {token.hex(): clerk for token, clerk in self._clerks.items()},
            "tallies": {clerk: astuple(tallies) for clerk, tallies in self._tallies.items()},
        }
        self._volatile.write(_FILE, json.dumps(kept).encode())

    def _load(self) -> None:
        raw = self._volatile.read(_FILE) if self._volatile is not None else None
        if raw is None:
            return
        try:
            kept = json.loads(raw)
            day, key, drawn = str(kept["day"]), bytes.fromhex(kept["key"]), float(kept["drawn"])
            seen = {bytes.fromhex(t): set(map(bytes.fromhex, i)) for t, i in kept["seen"].items()}
            clerks = {bytes.fromhex(token): str(who) for token, who in kept["clerks"].items()}
            tallies = {clerk: Tallies(*counts) for clerk, counts in kept["tallies"].items()}
        except (ValueError, KeyError, TypeError, AttributeError):
            log.warning("the day's counts were left by another version, and begin anew")
            return
        self._day, self._key, self._drawn = day, key, drawn
        self._seen, self._clerks, self._tallies = seen, clerks, tallies
