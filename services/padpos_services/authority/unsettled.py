"""Entries that are not stored and why: refused, asked for, come unsealed, or lost here."""

from __future__ import annotations

import sqlite3
from enum import StrEnum

from padpos_services.authority.alarms import AlarmKind, close_one
from padpos_services.shared import database as shared_database

ASKED_MS = 7 * 24 * 3600 * 1000  # so long an entry an operator asked for is asked for


class State(StrEnum):
    """What is known of an entry that is not stored."""

    REFUSED = "refused"  # the terminal keeps it until an operator asks for it
    ASKED = "asked"
    UNSEALED = "unsealed"  # it came without its Envelopes
    LOST = "lost"  # the terminal holds our receipt for it, and let it go


def note(database: sqlite3.Connection, terminal: str, chain: bytes, seq: int, state: State) -> bool:
    """Note an entry's state, inside the caller's transaction: whether it is another than before.

    What was lost here stays so until it comes, or an operator asks for it.
    """
    changed = database.execute(
        "INSERT INTO unsettled VALUES(?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
        " state = excluded.state, since = excluded.since"
        " WHERE excluded.state = 'asked' OR state NOT IN ('lost', excluded.state)",
        (terminal, chain, seq, str(state), shared_database.now_ms()),
    ).rowcount
    return changed > 0


def settle(database: sqlite3.Connection, terminal: str, chain: bytes, seq: int) -> None:
    """It is stored: nothing is open about it any more, inside the caller's transaction."""
    gone = database.execute(
        "DELETE FROM unsettled WHERE terminal = ? AND chain = ? AND seq = ?",
        (terminal, chain, seq),
    ).rowcount
    if gone:
        for kind in (AlarmKind.ENVELOPE_MISSING, AlarmKind.STORE_LOST):
            close_one(database, kind, terminal, chain, seq)


def ask_refused(database: sqlite3.Connection, terminal: str) -> int:
    """An operator asks for every refused entry, inside the caller's transaction: how many."""
    return database.execute(
        "UPDATE unsettled SET state = 'asked', since = ? WHERE terminal = ? AND state = 'refused'",
        (shared_database.now_ms(), terminal),
    ).rowcount


def called_for(database: sqlite3.Connection, terminal: str, chain: bytes, most: int) -> list[int]:
    """Seqs to ask for whether or not a gap shows them, at most so many."""
    rows = database.execute(
        "SELECT seq FROM unsettled WHERE terminal = ? AND chain = ?"
        " AND (state = 'unsealed' OR state = 'asked' AND since > ?) ORDER BY seq LIMIT ?",
        (terminal, chain, shared_database.now_ms() - ASKED_MS, most),
    )
    return [row["seq"] for row in rows]


def not_called_for(database: sqlite3.Connection, terminal: str, chain: bytes) -> set[int]:
    """Seqs not to ask for although they are missing."""
    rows = database.execute(
        "SELECT seq FROM unsettled WHERE terminal = ? AND chain = ?"
        " AND state IN ('refused', 'lost')",
        (terminal, chain),
    )
    return {row["seq"] for row in rows}
