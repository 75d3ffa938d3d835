"""A terminal's chains: which there are, what links to what, what is missing."""

from __future__ import annotations

import sqlite3

from padpos.wire.entry import Entry
from padpos_services.authority.alarms import AlarmKind, close_gaps, open_alarm
from padpos_services.authority.verdict import Checked, Reason, Refused


def require_place(database: sqlite3.Connection, checked: Checked) -> bool:
    """Whether this very entry is held already. Raises Refused where it has no place in its chain.

    Refusals that only a compromised or restored terminal can cause raise an alarm too.
    """
    entry = checked.entry
    chain = database.execute(
        "SELECT genesis, state FROM chain WHERE terminal = ? AND chain = ?",
        (entry.terminal, entry.chain),
    ).fetchone()
    if chain is None:
        raise Refused(Reason.UNKNOWN_CHAIN, checked.name)
    held = hash_at(database, entry, entry.seq)
    if held is not None:
        if held == checked.hash:
            return True
        _alarm(database, AlarmKind.EQUIVOCATION, checked)
        raise Refused(Reason.EQUIVOCATION, checked.name)
    if chain["state"] != "open":
        raise Refused(Reason.CLOSED_CHAIN, checked.name)
    if entry.seq == 0 and checked.hash != chain["genesis"]:
        _alarm(database, AlarmKind.GENESIS, checked)
        raise Refused(Reason.OTHER_GENESIS, checked.name)
    if not _links(database, checked, chain["genesis"]):
        _alarm(database, AlarmKind.FORK, checked)
        raise Refused(Reason.FORK, checked.name)
    return False


def hash_at(database: sqlite3.Connection, entry: Entry, seq: int) -> bytes | None:
    """The hash held for a seq of the entry's chain."""
    row = database.execute(
        "SELECT hash FROM entry WHERE terminal = ? AND chain = ? AND seq = ?",
        (entry.terminal, entry.chain, seq),
    ).fetchone()
    return None if row is None else bytes(row["hash"])


def advance(database: sqlite3.Connection, terminal: str, chain: bytes, highest: int) -> None:
    """After a batch: move the first missing seq, close filled gaps, raise an alarm on a new one."""
    key = (terminal, chain)
    row = database.execute(
        "SELECT next_seq, highest FROM chain WHERE terminal = ? AND chain = ?", key
    ).fetchone()
    following, highest = int(row["next_seq"]), max(highest, int(row["highest"]))
    # Each step is one look-up in the index: together as many as entries came, whatever is stored.
    while database.execute(
        "SELECT 1 FROM entry WHERE terminal = ? AND chain = ? AND seq = ?", (*key, following)
    ).fetchone():
        following += 1
    database.execute(
        "UPDATE chain SET next_seq = ?, highest = ? WHERE terminal = ? AND chain = ?",
        (following, highest, *key),
    )
    close_gaps(database, terminal, chain, following)
    if following <= highest:
        open_alarm(database, AlarmKind.GAP, terminal, chain=chain, seq=following)


def _links(database: sqlite3.Connection, checked: Checked, genesis: bytes) -> bool:
    entry = checked.entry
    before = hash_at(database, entry, entry.seq - 1)
    if entry.seq == 1 and before is None:
        before = genesis
    if before is not None and before != entry.prev:
        return False
    after = database.execute(
        "SELECT prev FROM entry WHERE terminal = ? AND chain = ? AND seq = ?",
        (entry.terminal, entry.chain, entry.seq + 1),
    ).fetchone()
    return after is None or bytes(after["prev"]) == checked.hash


def _alarm(database: sqlite3.Connection, kind: AlarmKind, checked: Checked) -> None:
    open_alarm(
        database,
        kind,
        checked.entry.terminal,
        chain=checked.entry.chain,
        seq=checked.entry.seq,
        detail=checked.hash.hex(),
    )
