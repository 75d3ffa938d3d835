"""What is counted of a day against fraud: documents as counts under a dying key, clerks' doings."""

from __future__ import annotations

import hmac
import secrets
from collections import Counter
from dataclasses import replace

from padpos.counter.limits import Tallies


class Daybook:
    """Counts of one day; the key lives in this process's memory and is drawn anew each day."""

    def __init__(self) -> None:
        self._day = ""
        self._key = b""
        self._seen: dict[bytes, set[bytes]] = {}
        self._clerks_own: set[bytes] = set()
        self._typed: Counter[str] = Counter()
        self._tallies: dict[str, Tallies] = {}

    def turn_to(self, day: str) -> None:
        """Forget everything with the day it was of."""
        if day != self._day:
            self._day, self._key = day, secrets.token_bytes(32)
            self._seen.clear()
            self._clerks_own.clear()
            self._typed.clear()
            self._tallies.clear()

    def count(self, number: str, day: str, consignment: bytes) -> int:
        """How many consignments of `day` this document number has been shown for here."""
        self.turn_to(day)
        seen = self._seen.setdefault(self._token(number), set())
        seen.add(consignment)
        return len(seen)

    def enrol_clerk(self, number: str, day: str) -> None:
        """A clerk laid the own document when signing in: it will be known as such today."""
        self.turn_to(day)
        self._clerks_own.add(self._token(number))

    def is_clerks(self, number: str, day: str) -> bool:
        """Whether that document is one a clerk laid when signing in today."""
        self.turn_to(day)
        return self._token(number) in self._clerks_own

    def tallies(self, clerk: str, day: str) -> Tallies:
        """What a clerk did today."""
        self.turn_to(day)
        return self._tallies.get(clerk, Tallies())

    def typed_here(self, day: str) -> int:
        """How many documents were typed here today."""
        self.turn_to(day)
        return self._typed.total()

    def note_typed(self, clerk: str, day: str) -> None:
        """A document was typed."""
        tallies = self.tallies(clerk, day)
        self._typed[clerk] += 1
        self._tallies[clerk] = replace(tallies, typed=tallies.typed + 1)

    def note_void(self, clerk: str, day: str) -> None:
        """A waybill number was voided."""
        tallies = self.tallies(clerk, day)
        self._tallies[clerk] = replace(tallies, voids=tallies.voids + 1)

    def note_reprint(self, clerk: str, day: str) -> None:
        """A label was printed again."""
        tallies = self.tallies(clerk, day)
        self._tallies[clerk] = replace(tallies, reprints=tallies.reprints + 1)

    def note_dropped_drawn(self, clerk: str, day: str) -> None:
        """A consignment was abandoned after a draw had fallen on it."""
        tallies = self.tallies(clerk, day)
        self._tallies[clerk] = replace(tallies, dropped_drawn=tallies.dropped_drawn + 1)

    def _token(self, number: str) -> bytes:
        return hmac.digest(self._key, number.encode(), "sha256")
