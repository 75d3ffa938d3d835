"""Safe numbers: a number and an extension bound to a parcel, from a small pool of our own.

The pool is the embedded stand-in for a provider: bind, and the same again for the same parcel.
"""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass
from typing import Protocol

from padpos_services.safenumber.errors import Answer, Denied
from padpos_services.shared import database as shared_database

# Shaped like the relay numbers of the trade, and assigned to nobody.
NUMBERS = ("17000000001", "17000000002", "17000000003", "17000000004")
EXTENSIONS = 10_000
_TRIES = 200


@dataclass(frozen=True, slots=True)
class SafeNumber:
    """What a courier dials: a relay number, then the extension."""

    number: str
    extension: str


class Provider(Protocol):
    """Whoever binds relay numbers to parcels."""

    def bind(self, terminal: str, consignment: bytes) -> SafeNumber:
        """The parcel's safe number, bound now or before. Raises Denied where none is free."""


class LocalPool:
    """Binds from the pool above. Raises Denied when it is as good as empty."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def bind(self, terminal: str, consignment: bytes) -> SafeNumber:
        """The parcel's safe number, bound now or before. Raises Denied where none is free."""
        row = self._database.execute(
            "SELECT number, extension FROM binding WHERE terminal = ? AND consignment = ?",
            (terminal, consignment),
        ).fetchone()
        if row is not None:
            return SafeNumber(row["number"], row["extension"])
        for _ in range(_TRIES):
            # Chosen at random, so that one parcel's extension tells nothing about another's.
            chosen = SafeNumber(secrets.choice(NUMBERS), f"{secrets.randbelow(EXTENSIONS):04}")
            done = self._database.execute(
                "INSERT OR IGNORE INTO binding VALUES(?, ?, ?, ?, ?)",
                (chosen.number, chosen.extension, terminal, consignment, shared_database.now_ms()),
            )
            if done.rowcount:
                return chosen
        raise Denied(Answer.NO_NUMBER)
