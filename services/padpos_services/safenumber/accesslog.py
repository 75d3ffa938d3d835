"""The access log: every look-up, each line chained to the last by hash. No personal data."""

from __future__ import annotations

import hashlib
import sqlite3

from padpos.wire import cbor
from padpos_services.shared import database as shared_database

BEGINNING = bytes(32)
_HASHED = ("n", "time", "courier", "subject", "outcome")


def append(database: sqlite3.Connection, courier: str, subject: str, outcome: str) -> None:
    """Log a look-up inside the caller's transaction.

    `subject` is `consignment:` or `code:` and a hash in hex, or `-`; `outcome` is `resolved` or
    the error's code.
    """
    last = database.execute("SELECT n, hash FROM access ORDER BY n DESC LIMIT 1").fetchone()
    n, prev = (last["n"] + 1, bytes(last["hash"])) if last else (1, BEGINNING)
    time = shared_database.now_ms()
    digest = _hash([n, time, courier, subject, outcome, prev])
    database.execute(
        "INSERT INTO access VALUES(?, ?, ?, ?, ?, ?, ?)",
        (n, time, courier, subject, outcome, prev, digest),
    )


def is_whole(database: sqlite3.Connection) -> bool:
    """Whether no line was changed, taken out or put in; the end is vouched for by nothing."""
    prev = BEGINNING
    for n, row in enumerate(database.execute("SELECT * FROM access ORDER BY n"), 1):
        made = _hash([row[name] for name in _HASHED] + [prev])
        if row["n"] != n or bytes(row["prev"]) != prev or bytes(row["hash"]) != made:
            return False
        prev = made
    return True


def _hash(line: list[cbor.Cbor]) -> bytes:
    return hashlib.sha256(cbor.dumps(line)).digest()
