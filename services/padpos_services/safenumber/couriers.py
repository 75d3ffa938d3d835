"""Couriers and their tokens: shown once, kept as a scrypt hash (RFC 7914)."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import sqlite3
import time

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from padpos_services.safenumber.errors import Answer, Denied, SafeNumberError
from padpos_services.shared import database as shared_database

_ID = re.compile(r"[a-z0-9-]{2,32}")
_TOKEN = re.compile(r"([a-z0-9-]{2,32})\.([0-9a-f]{64})")
NOBODY = "-"


def add(database: sqlite3.Connection, courier: str) -> str:
    """Enrol a courier by a pseudonymous id; his token. Raises SafeNumberError."""
    if not _ID.fullmatch(courier):
        raise SafeNumberError("a courier's id is 2 to 32 of a-z 0-9 -, and not his name")
    secret, salt = secrets.token_hex(32), secrets.token_bytes(16)
    with shared_database.transaction(database):
        if database.execute("SELECT 1 FROM courier WHERE id = ?", (courier,)).fetchone():
            raise SafeNumberError(f"courier {courier} has a token already")
        database.execute(
            "INSERT INTO courier VALUES(?, ?, ?)", (courier, salt, _hash(secret, salt))
        )
    return f"{courier}.{secret}"


class Doorkeeper:
    """Knows couriers by their tokens, and how often each may ask."""

    def __init__(self, database: sqlite3.Connection, per_minute: int) -> None:
        self._database = database
        self._known: dict[bytes, str] = {}
        self._asked = Buckets(per_minute)
        self._guessed = Buckets(10)  # scrypt is dear: guesses are few a minute

    def admit(self, header: str) -> str:
        """The courier behind an Authorization header, one request spent. Raises Denied."""
        courier = self._courier(header)
        if not self._asked.spend(courier):
            raise Denied(Answer.TOO_MANY)
        return courier

    def named(self, header: str) -> str:
        """The courier if he is known already, for the log of a denied request."""
        return self._known.get(_digest(header), NOBODY)

    def _courier(self, header: str) -> str:
        # A token seen good once is known again by its digest, kept in memory only.
        if known := self._known.get(_digest(header)):
            return known
        match = _TOKEN.fullmatch(header.removeprefix("Bearer "))
        if match is None or not header.startswith("Bearer "):
            raise Denied(Answer.UNAUTHENTICATED)
        courier, secret = match.groups()
        row = self._database.execute(
            "SELECT salt, token FROM courier WHERE id = ?", (courier,)
        ).fetchone()
        if not self._guessed.spend(courier if row else NOBODY):
            raise Denied(Answer.TOO_MANY)
        if row is None or not hmac.compare_digest(_hash(secret, row["salt"]), row["token"]):
            raise Denied(Answer.UNAUTHENTICATED)
        self._known[_digest(header)] = courier
        return courier


class Buckets:
    """A bucket of requests for each name, refilled evenly over a minute."""

    def __init__(self, per_minute: int) -> None:
        self._size = float(per_minute)
        self._levels: dict[str, tuple[float, float]] = {}

    def spend(self, name: str) -> bool:
        """Take one; False where none is left."""
        now = time.monotonic()
        level, at = self._levels.get(name, (self._size, now))
        level = min(self._size, level + (now - at) * self._size / 60)
        allowed = level >= 1
        self._levels[name] = (level - 1 if allowed else level, now)
        return allowed


def _hash(secret: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=2**14, r=8, p=1).derive(secret.encode())


def _digest(header: str) -> bytes:
    return hashlib.sha256(header.encode()).digest()
