"""`status` and `show`: what the store holds, in counts and heads; nothing is opened."""

from __future__ import annotations

import sqlite3
from typing import Any

from padpos.wire import cbor, entry, signed
from padpos_services.authority import store
from padpos_services.authority.errors import HomeUnusable
from padpos_services.authority.home import Home


def status(home: Home) -> dict[str, Any]:
    """Terminals, counts, open alarms."""
    database = store.connect(home.database)
    try:
        return {
            "terminals": [_terminal(database, row) for row in _all(database, "terminal")],
            "entries": _count(database, "entry"),
            "envelopes": _count(database, "envelope"),
            "attachments_named": _count(database, "attachment"),
            "attachments_stored": _count(database, "attachment WHERE stored"),
            "receipts": _count(database, "receipt"),
            "feed_position": _count(database, "feed"),
            "unsettled": {
                row["state"]: row["number"]
                for row in database.execute(
                    "SELECT state, count(*) AS number FROM unsettled GROUP BY state"
                )
            },
            "alarms_open": [
                {"terminal": r["terminal"], "kind": r["kind"], "seq": r["seq"], "at": r["opened"]}
                for r in _all(database, "alarm WHERE closed IS NULL")
            ],
            "counters": {
                f"{r['name']}/{r['terminal']}" if r["terminal"] else r["name"]: r["count"]
                for r in _all(database, "counter ORDER BY name, terminal")
            },
        }
    finally:
        database.close()


def show(home: Home, number: int) -> dict[str, Any]:
    """The head and facts of the entry with this row number; its sealed parts stay sealed."""
    database = store.connect(home.database)
    try:
        row = database.execute("SELECT * FROM entry WHERE id = ?", (number,)).fetchone()
        if row is None:
            raise HomeUnusable(f"no entry {number} is stored; `status` says how many there are")
        _, payload, _ = signed.parts(signed.What.ENTRY, row["raw"])
        read = entry.read_payload(payload)
    finally:
        database.close()
    return {
        "entry": number,
        "terminal": read.terminal,
        "chain": read.chain.hex(),
        "seq": read.seq,
        "hash": row["hash"].hex(),
        "kind": str(read.kind),
        "time": read.time,
        "received": row["received"],
        "facts": plain(read.facts.to_cbor()),
        "sealed_bytes": read.sealed.size if read.sealed else None,
        "carrier_bytes": read.carrier.size if read.carrier else None,
        "attachments": [[a.sha256.hex(), a.size, a.media_type] for a in read.attachments],
    }


def plain(value: cbor.Cbor) -> Any:
    """CBOR as JSON can carry it: bytes in hex, keys as text."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def _terminal(database: sqlite3.Connection, row: sqlite3.Row) -> dict[str, Any]:
    chains = database.execute("SELECT * FROM chain WHERE terminal = ?", (row["id"],)).fetchall()
    return {
        "terminal": row["id"],
        "enrolled": row["enrolled"],
        "receipts": row["receipt_number"],
        "chains": [
            {
                "chain": bytes(c["chain"]).hex(),
                "state": c["state"],
                "next_seq": c["next_seq"],
                "highest": c["highest"],
            }
            for c in chains
        ],
    }


def _all(database: sqlite3.Connection, what: str) -> list[sqlite3.Row]:
    return database.execute(f"SELECT * FROM {what}").fetchall()  # noqa: S608 - fixed texts above


def _count(database: sqlite3.Connection, what: str) -> int:
    found: int = database.execute(f"SELECT count(*) FROM {what}").fetchone()[0]  # noqa: S608
    return found
