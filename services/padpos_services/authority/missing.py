"""What the store lacks of a terminal's chain, as far as its own entries tell."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import islice

from padpos.wire.messages import PART_SIZE
from padpos.wire.want import MOST_ATTACHMENTS, MOST_ENTRIES, WantedAttachment
from padpos_services.authority import unsettled

Chain = tuple[str, bytes]  # terminal and chain


def chains(database: sqlite3.Connection) -> list[Chain]:
    """The open chains of which something may be missing."""
    rows = database.execute(
        "SELECT terminal, chain FROM ("
        "SELECT terminal, chain FROM chain WHERE next_seq <= highest AND state = 'open'"
        " UNION SELECT terminal, chain FROM attachment WHERE stored = 0 AND lost = 0"
        " UNION SELECT terminal, chain FROM unsettled WHERE state IN ('asked', 'unsealed')"
        ") AS lacking JOIN chain USING (terminal, chain) WHERE state = 'open'"
    )
    return [(row["terminal"], bytes(row["chain"])) for row in rows]


def entries(database: sqlite3.Connection, key: Chain) -> tuple[int, ...]:
    """Seqs to ask for, rising; as many as one want takes."""
    called = unsettled.called_for(database, *key, MOST_ENTRIES)
    left_out = unsettled.not_called_for(database, *key) | set(called)
    gaps = (seq for seq in _gaps(database, key) if seq not in left_out)
    return tuple(sorted([*called, *islice(gaps, MOST_ENTRIES - len(called))]))


def attachments(database: sqlite3.Connection, key: Chain) -> tuple[WantedAttachment, ...]:
    """Attachments that stored entries name and that are not whole here, the oldest first taken;
    as many as one want takes, their hashes rising."""
    rows = database.execute(
        "SELECT sha256, size FROM attachment WHERE terminal = ? AND chain = ?"
        " AND stored = 0 AND lost = 0 GROUP BY sha256 ORDER BY min(seq) LIMIT ?",
        (*key, MOST_ATTACHMENTS),
    ).fetchall()
    wanted = [_pieces(database, key[0], bytes(row["sha256"]), row["size"]) for row in rows]
    return tuple(sorted(wanted, key=lambda attachment: attachment.sha256))


def _gaps(database: sqlite3.Connection, key: Chain) -> Iterator[int]:
    row = database.execute(
        "SELECT next_seq FROM chain WHERE terminal = ? AND chain = ? AND state = 'open'", key
    ).fetchone()
    if row is None:
        return
    expected: int = row["next_seq"]
    held = database.execute(
        "SELECT seq FROM entry WHERE terminal = ? AND chain = ? AND seq > ? ORDER BY seq",
        (*key, expected),
    )
    for (seq,) in held:
        yield from range(expected, seq)
        expected = seq + 1


def _pieces(
    database: sqlite3.Connection, terminal: str, sha256: bytes, size: int
) -> WantedAttachment:
    query = "SELECT offset FROM piece WHERE terminal = ? AND sha256 = ?"
    held = {row["offset"] for row in database.execute(query, (terminal, sha256))}
    if not held:
        return WantedAttachment(sha256)
    offsets = (offset for offset in range(0, size, PART_SIZE) if offset not in held)
    return WantedAttachment(sha256, tuple(offsets))
