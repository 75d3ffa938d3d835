"""Card files: the form of the simulator's own and of the vectors; a card by name, or by its hex."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from padpos_services.demo.errors import DemoError


@dataclass(frozen=True, slots=True, repr=False)
class Card:
    """A card to lay on the reader: its name in the file, what it is, its storage image.

    `fields`: what stands on it, where its file tells (`expect`), for whoever has to type it.
    """

    name: str
    kind: str
    image: str
    fields: dict[str, str | None] = field(default_factory=dict)


def packaged() -> Path:
    """The card file that ships with the simulator; read as data, its code is not imported."""
    spec = importlib.util.find_spec("padpos_drivers")
    if spec is None or not spec.submodule_search_locations:
        raise DemoError("the package padpos_drivers is not installed")
    return Path(spec.submodule_search_locations[0]) / "idcard" / "sim" / "cards.json"


def load(*paths: Path) -> dict[str, Card]:
    """All cards by name; a later file's win. Raises DemoError naming file and card."""
    cards = {}
    for path in paths:
        for index, entry in enumerate(_entries(path)):
            card = _card(entry, f"{path}: card {index + 1}")
            cards[card.name] = card
    return cards


def find(cards: dict[str, Card], wanted: str, where: str) -> Card:
    """A card by its name, or the hex of a storage image. Raises DemoError."""
    if wanted in cards:
        return cards[wanted]
    try:
        image = bytes.fromhex(wanted)
    except ValueError:
        image = b""
    if not image:
        known = ", ".join(cards)
        raise DemoError(f"{where}: neither a card's name ({known}) nor hex of a storage image")
    return Card("hex", "unknown", image.hex())


def _entries(path: Path) -> list[Any]:
    try:
        table = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise DemoError(f"{path}: no card file: {error}") from error
    entries = table.get("cards") if isinstance(table, dict) else None
    if not isinstance(entries, list):
        raise DemoError(f"{path}: no list `cards` in it")
    return entries


def _card(entry: Any, where: str) -> Card:
    if not isinstance(entry, dict):
        raise DemoError(f"{where}: not a table")
    expected = entry.get("expect")
    expected = expected if isinstance(expected, dict) else {}
    name = entry.get("name") or expected.get("name")
    image = entry.get("storage_image")
    if not isinstance(name, str) or not isinstance(image, str):
        raise DemoError(f"{where}: needs a name (or expect.name) and a storage_image in hex")
    try:
        bytes.fromhex(image)
    except ValueError as error:
        raise DemoError(f"{where}: storage_image is not hex") from error
    return Card(name, str(entry.get("kind", "")), image, expected)
