"""How often a document was used here today: a count under a key that dies with the day."""

from __future__ import annotations

import hmac
import secrets
from collections import Counter


class Tally:
    """Counts by HMAC; the key lives in this process's memory and is drawn anew each day."""

    def __init__(self) -> None:
        self._day = ""
        self._key = b""
        self._counts: Counter[bytes] = Counter()

    def count(self, number: str, day: str) -> int:
        """The how-manieth consignment of `day` this document number starts here."""
        if day != self._day:
            self._day, self._key = day, secrets.token_bytes(32)
            self._counts.clear()
        token = hmac.digest(self._key, number.encode(), "sha256")
        self._counts[token] += 1
        return self._counts[token]
