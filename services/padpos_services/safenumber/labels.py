"""Label states as the feed tells them: which codes there are, which generation is the newest."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from padpos.wire import entry, signed
from padpos.wire.entry import Entry
from padpos.wire.errors import Malformed
from padpos.wire.facts import EndedFacts, Kind, LabelFacts
from padpos.wire.feed import Feed, FeedItem, FeedKind
from padpos_services.safenumber import store
from padpos_services.shared import database as shared_database


@dataclass(frozen=True, slots=True)
class Label:
    """A recorded label and the state of its parcel."""

    terminal: str
    consignment: bytes
    waybill: str
    generation: int
    newest: int
    voided: bool


def position(database: sqlite3.Connection) -> int:
    """The last position of the feed that is taken in."""
    found: int = database.execute("SELECT value FROM position").fetchone()[0]
    return found


def take(database: sqlite3.Connection, page: Feed) -> None:
    """Take in a verified page, whole or not at all. Raises Malformed."""
    with shared_database.transaction(database):
        for item in page.items:
            _take_item(database, item)
            store.count(database, f"feed-{item.kind}")
        if page.items:
            database.execute("UPDATE position SET value = ?", (page.items[-1].position,))


def find(database: sqlite3.Connection, code_hash: bytes) -> Label | None:
    """The label with this code, or None where the feed has not named it."""
    row = database.execute(
        "SELECT label.*, parcel.newest, parcel.voided FROM label"
        " JOIN parcel USING(terminal, consignment) WHERE code_hash = ?",
        (code_hash,),
    ).fetchone()
    if row is None:
        return None
    return Label(
        row["terminal"], bytes(row["consignment"]), row["waybill"],
        row["generation"], row["newest"], bool(row["voided"]),
    )  # fmt: skip


def _take_item(database: sqlite3.Connection, item: FeedItem) -> None:
    if item.kind is FeedKind.CARRIER:
        return  # counted only: moving and returning parcels reads it out of the feed when built
    read = _entry_of(item)
    key = (item.terminal, item.consignment)
    database.execute("INSERT OR IGNORE INTO parcel(terminal, consignment) VALUES(?, ?)", key)
    if isinstance(read.facts, LabelFacts):
        _take_label(database, key, read.facts)
    else:
        database.execute("UPDATE parcel SET voided = 1 WHERE terminal = ? AND consignment = ?", key)


def _take_label(database: sqlite3.Connection, key: tuple[str, bytes], facts: LabelFacts) -> None:
    # Entries may arrive in any order: the newest generation is the highest, and the word that a
    # label is intended never replaces the word how it ended.
    database.execute(
        "UPDATE parcel SET newest = max(newest, ?), waybill = coalesce(waybill, ?)"
        " WHERE terminal = ? AND consignment = ?",
        (facts.generation, facts.waybill, *key),
    )
    database.execute(
        "INSERT INTO label VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT(code_hash) DO UPDATE"
        " SET status = excluded.status WHERE excluded.status <> 'intended'"
        " AND terminal = excluded.terminal AND consignment = excluded.consignment",
        (facts.code_hash, *key, facts.waybill, facts.generation, facts.status),
    )


def _entry_of(item: FeedItem) -> Entry:
    """The entry in an item; that the authority verified it is what the feed's signature says."""
    _, payload, _ = signed.parts(signed.What.ENTRY, item.body)
    read = entry.read_payload(payload)
    named = read.facts.consignment if isinstance(read.facts, LabelFacts | EndedFacts) else None
    fits = (Kind(str(item.kind)), item.terminal, item.consignment)
    if (read.kind, read.terminal, named) != fits:
        raise Malformed("feed item: its entry is of another kind, terminal or consignment")
    return read
