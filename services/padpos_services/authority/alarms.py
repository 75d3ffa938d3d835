"""Alarms: named states that a person must look at; none stops honest traffic."""

from __future__ import annotations

import sqlite3
from enum import StrEnum

from padpos_services.shared import database as shared_database

MOST_ALIKE = 100  # open alarms of one kind and terminal


class AlarmKind(StrEnum):
    """What somebody must look at."""

    GAP = "gap"
    EQUIVOCATION = "equivocation"
    FORK = "fork"
    GENESIS = "genesis"
    ENVELOPE_MISSING = "envelope-missing"
    ATTACHMENT = "attachment-hash"
    STORE_LOST = "store-lost"


def open_alarm(
    database: sqlite3.Connection,
    kind: AlarmKind,
    terminal: str,
    *,
    chain: bytes | None = None,
    seq: int | None = None,
    detail: str = "",
) -> None:
    """Raise an alarm, unless the same one is open already, or so many of a kind that one more
    tells nothing."""
    [(alike,)] = database.execute(
        "SELECT count(*) FROM alarm WHERE terminal = ? AND kind = ? AND closed IS NULL",
        (terminal, str(kind)),
    )
    if alike >= MOST_ALIKE:
        return
    same = database.execute(
        "SELECT 1 FROM alarm WHERE terminal = ? AND kind = ? AND closed IS NULL"
        " AND chain IS ? AND seq IS ? AND detail = ?",
        (terminal, str(kind), chain, seq, detail),
    ).fetchone()
    if same is None:
        database.execute(
            "INSERT INTO alarm(terminal, chain, seq, kind, detail, opened)"
            " VALUES(?, ?, ?, ?, ?, ?)",
            (terminal, chain, seq, str(kind), detail, shared_database.now_ms()),
        )


def close_gaps(database: sqlite3.Connection, terminal: str, chain: bytes, below: int) -> None:
    """Close the gap alarms whose first missing entry lies below `below`: it has come."""
    database.execute(
        "UPDATE alarm SET closed = ? WHERE terminal = ? AND kind = ? AND chain = ?"
        " AND closed IS NULL AND seq < ?",
        (shared_database.now_ms(), terminal, str(AlarmKind.GAP), chain, below),
    )


def close_one(
    database: sqlite3.Connection, kind: AlarmKind, terminal: str, chain: bytes, seq: int
) -> None:
    """Close an alarm about one entry: it has come right."""
    database.execute(
        "UPDATE alarm SET closed = ? WHERE terminal = ? AND kind = ? AND chain = ? AND seq = ?"
        " AND closed IS NULL",
        (shared_database.now_ms(), terminal, str(kind), chain, seq),
    )
