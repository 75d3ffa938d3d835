"""Receipts: numbered and kept with the commit they speak of, signed and sent after it."""

from __future__ import annotations

import sqlite3
from collections.abc import Container, Iterator
from dataclasses import dataclass, field

from padpos.wire import cbor, fields
from padpos.wire.keys import Signer
from padpos.wire.receipt import AttachmentItem, EntryItem, Receipt, Status
from padpos_services.shared import database as shared_database

MOST_ITEMS = 400  # below the format's 500, so that 64 KiB suffice with every reason at its longest
_ITEMS_LIMIT = 64 << 10


@dataclass(slots=True)
class Draft:
    """What one batch has to say about one chain of one terminal."""

    entries: dict[tuple[int, bytes], EntryItem] = field(default_factory=dict)
    attachments: dict[bytes, AttachmentItem] = field(default_factory=dict)

    def entry(self, seq: int, digest: bytes, status: Status, reason: str | None = None) -> None:
        """A word on an entry; the first in a batch stands, a final one before a refusal."""
        known = self.entries.get((seq, digest))
        if known is None or (known.status is Status.REFUSED and status is not Status.REFUSED):
            self.entries[seq, digest] = EntryItem(seq, digest, status, reason)

    def attachment(self, digest: bytes, status: Status) -> None:
        """A word on an attachment; the first in a batch stands."""
        self.attachments.setdefault(digest, AttachmentItem(digest, status))


def record(database: sqlite3.Connection, terminal: str, chain: bytes, draft: Draft) -> None:
    """Number a draft's receipts and keep them, inside the caller's transaction."""
    entries, attachments = list(draft.entries.values()), list(draft.attachments.values())
    for at in range(0, max(len(entries), len(attachments)), MOST_ITEMS):
        some, others = entries[at : at + MOST_ITEMS], attachments[at : at + MOST_ITEMS]
        number = database.execute(
            "UPDATE terminal SET receipt_number = receipt_number + 1 WHERE id = ?"
            " RETURNING receipt_number",
            (terminal,),
        ).fetchone()[0]
        items = cbor.dumps([[i.to_cbor() for i in some], [i.to_cbor() for i in others]])
        database.execute(
            "INSERT INTO receipt(terminal, number, chain, time, entries, attachments, items)"
            " VALUES(?, ?, ?, ?, ?, ?, ?)",
            (terminal, number, chain, shared_database.now_ms(), len(some), len(others), items),
        )


def due(
    database: sqlite3.Connection, signer: Signer, under_way: Container[tuple[str, int]]
) -> Iterator[tuple[str, int, bytes]]:
    """Committed receipts that no broker has confirmed, but for those under way to it:
    (terminal, number, signed bytes)."""
    rows = database.execute(
        "SELECT terminal, number, chain, time, items FROM receipt WHERE issued = 0"
        " ORDER BY terminal, number"
    ).fetchall()
    for row in rows:
        if (row["terminal"], row["number"]) in under_way:
            continue
        said, whole = fields.fixed_array(cbor.loads(row["items"], _ITEMS_LIMIT), (2,), "items")
        receipt = Receipt(
            terminal=row["terminal"],
            time=row["time"],
            entries=tuple(fields.array_of(said, EntryItem.from_cbor, "entries", MOST_ITEMS)),
            attachments=tuple(
                fields.array_of(whole, AttachmentItem.from_cbor, "attachments", MOST_ITEMS)
            ),
            chain=bytes(row["chain"]),
            number=row["number"],
        )
        yield receipt.terminal, receipt.number, receipt.sign(signer).raw


def mark_issued(database: sqlite3.Connection, confirmed: list[tuple[str, int]]) -> None:
    """Note receipts the broker took, inside the caller's transaction."""
    database.executemany(
        "UPDATE receipt SET issued = 1 WHERE terminal = ? AND number = ?", confirmed
    )
