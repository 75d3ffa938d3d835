"""How often a document was used here today: a count under a key that dies with the day."""

from __future__ import annotations

import hmac
import secrets


class Tally:
    """Counts by HMAC; the key lives in this process's memory and is drawn anew each day."""

    def __init__(self) -> None:
        self._day = ""
        self._key = b""
        self._seen: dict[bytes, set[bytes]] = {}

    def count(self, number: str, day: str, consignment: bytes) -> int:
        """How many consignments of `day` this document number has been read for here."""
        if day != self._day:
            self._day, self._key = day, secrets.token_bytes(32)
            self._seen.clear()
        token = hmac.digest(self._key, number.encode(), "sha256")
        seen = self._seen.setdefault(token, set())
        seen.add(consignment)
        return len(seen)
