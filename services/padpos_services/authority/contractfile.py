"""Reads contract customers out of TOML, which people write, into the values that are signed."""

from __future__ import annotations

import tomllib
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from padpos.wire.documents import Contract
from padpos.wire.ids import CHINA
from padpos_services.authority.errors import NotPublished

_KEYS = {"id", "from", "until", "categories", "responsible"}


def read_contracts(path: Path) -> tuple[Contract, ...]:
    """Every [[contract]] of the file. Raises NotPublished, naming the place."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
        if set(table) != {"contract"}:
            raise ValueError("the file holds [[contract]] tables and nothing else")
        return tuple(_contract(row, number) for number, row in enumerate(table["contract"], 1))
    except (OSError, TypeError, ValueError) as error:
        raise NotPublished(f"{path}: {error}") from error


def _contract(row: Any, number: int) -> Contract:
    if not isinstance(row, dict) or not {"id", "from", "until"} <= set(row) <= _KEYS:
        raise ValueError(f"contract {number}: it has id, from, until, categories, responsible")
    categories, responsible = row.get("categories", []), row.get("responsible", "")
    texts = [row["id"], responsible, *categories]
    if not isinstance(categories, list) or not all(isinstance(text, str) for text in texts):
        raise TypeError(f"contract {number}: id, categories and responsible are texts")
    return Contract(
        row["id"],
        _midnight(row["from"], number),
        _midnight(row["until"], number),
        tuple(categories),
        responsible,
    )


def _midnight(day: Any, number: int) -> int:
    """The beginning of a day in UTC+8, in ms."""
    if not isinstance(day, date) or isinstance(day, datetime):
        raise TypeError(f"contract {number}: from and until are days (YYYY-MM-DD)")
    return int(datetime.combine(day, time(), CHINA).timestamp() * 1000)
