"""The draw after its day: keys disclosed to whoever asks, and the store's own rows re-computed."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import Any

from padpos.wire import draw_audit, ids
from padpos.wire.certificates import read_entry_certificate
from padpos.wire.draw_audit import Row
from padpos.wire.errors import WireError
from padpos_services.authority import keyfiles, store
from padpos_services.authority.errors import NotPublished
from padpos_services.authority.home import Home
from padpos_services.shared import database as shared_database


def disclose(home: Home, terminal: str) -> dict[str, Any]:
    """All that re-computing takes: keys of days that are over, the signed policies.

    Raises NotPublished where the terminal is not enrolled. Today's key is not in it: whoever knew
    it could foresee the draw.
    """
    with closing(store.connect(home.database)) as database:
        chain = _chain(database, terminal)
        return {
            "terminal": terminal,
            "chain": chain.hex(),
            "keys": {day: key.hex() for day, key in _keys(home, terminal, chain).items()},
            "policies": [raw.hex() for raw in _policies(database, terminal)],
        }


def verify(home: Home, terminal: str) -> list[Row]:
    """Judge the stored entries of days that are over. Raises NotPublished if they don't chain."""
    policy_key = keyfiles.load_private(home.office / "private.json", "policy").public
    with closing(store.connect(home.database)) as database:
        chain = _chain(database, terminal)
        raws = [
            bytes(row["raw"])
            for row in database.execute(
                "SELECT raw FROM entry WHERE terminal = ? AND chain = ? ORDER BY seq",
                (terminal, chain),
            )
        ]
        policies = draw_audit.read_policies(_policies(database, terminal), policy_key)
        key = read_entry_certificate(_certificate(database, terminal)).key
    keys = _keys(home, terminal, chain)
    try:
        rows = draw_audit.audit(draw_audit.read_chain(raws, key), policies, keys)
    except WireError as error:
        raise NotPublished(f"{terminal}: {error.what}") from error
    return [row for row in rows if not row.day or row.day in keys]


def _keys(home: Home, terminal: str, chain: bytes) -> dict[str, bytes]:
    path = home.office / "day-keys.json"
    kept = json.loads(path.read_text()) if path.exists() else {}
    own: dict[str, str] = kept.get(terminal, {}).get(chain.hex(), {})
    today = ids.day_of(shared_database.now_ms())
    return {day: bytes.fromhex(key) for day, key in sorted(own.items()) if day < today}


def _chain(database: sqlite3.Connection, terminal: str) -> bytes:
    row = database.execute(
        "SELECT chain FROM chain WHERE terminal = ? AND state = 'open'", (terminal,)
    ).fetchone()
    if row is None:
        raise NotPublished(f"no terminal {terminal} is enrolled")
    return bytes(row["chain"])


def _policies(database: sqlite3.Connection, terminal: str) -> list[bytes]:
    rows = database.execute(
        "SELECT raw FROM document WHERE terminal = ? AND kind = 'policy' ORDER BY version",
        (terminal,),
    )
    return [bytes(row["raw"]) for row in rows]


def _certificate(database: sqlite3.Connection, terminal: str) -> bytes:
    row = database.execute(
        "SELECT der FROM certificate WHERE terminal = ? AND use = 'entry'", (terminal,)
    ).fetchone()
    return bytes(row["der"])
