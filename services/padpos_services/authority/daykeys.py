"""Day keys of the draw (formats §9): one per terminal, chain and day, once made never another."""

from __future__ import annotations

import json
import secrets
from datetime import date, timedelta

from padpos.wire.draw import KEY_SIZE
from padpos.wire.ids import day_of
from padpos_services.authority.home import Home
from padpos_services.shared import database as shared_database
from padpos_services.shared.files import write_private


def day_keys(home: Home, terminal: str, chain: bytes, following: int) -> dict[str, bytes]:
    """The keys for today (UTC+8) and the following days; missing ones are made and kept."""
    path = home.office / "day-keys.json"
    kept: dict[str, dict[str, dict[str, str]]] = (
        json.loads(path.read_text()) if path.exists() else {}
    )
    own = kept.setdefault(terminal, {}).setdefault(chain.hex(), {})
    today = date.fromisoformat(day_of(shared_database.now_ms()))
    days = [(today + timedelta(days=n)).isoformat() for n in range(following + 1)]
    for day in days:
        own.setdefault(day, secrets.token_bytes(KEY_SIZE).hex())
    write_private(path, json.dumps(kept, indent=1).encode())
    return {day: bytes.fromhex(own[day]) for day in days}
