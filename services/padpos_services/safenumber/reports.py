"""`status`: what the service holds, in counts."""

from __future__ import annotations

import sqlite3
from typing import Any

from padpos_services.safenumber import accesslog, keyring, labels, store
from padpos_services.safenumber.home import Home


def status(home: Home) -> dict[str, Any]:
    """Counts, the feed's position, and whether the access log is whole."""
    database = store.connect(home.database)
    try:
        return {
            "carrier": keyring.carrier_name(home),
            "position": labels.position(database),
            "parcels": _count(database, "parcel"),
            "parcels_voided": _count(database, "parcel WHERE voided"),
            "labels": _count(database, "label"),
            "couriers": _count(database, "courier"),
            "safe_numbers_bound": _count(database, "binding"),
            "lookups": dict(
                database.execute("SELECT outcome, count(*) FROM access GROUP BY outcome").fetchall()
            ),
            "access_log_whole": accesslog.is_whole(database),
            "counters": dict(database.execute("SELECT name, count FROM counter").fetchall()),
        }
    finally:
        database.close()


def _count(database: sqlite3.Connection, what: str) -> int:
    found: int = database.execute(f"SELECT count(*) FROM {what}").fetchone()[0]  # noqa: S608
    return found
