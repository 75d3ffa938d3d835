"""Scenario files (TOML): who comes to the counter, what goes wrong, and how it should end."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from padpos_services.demo import cards
from padpos_services.demo.cards import Card
from padpos_services.demo.errors import DemoError
from padpos_services.demo.layout import CLERKS
from padpos_services.demo.play import Around, Fault, Organisation, Person, Play, Scenario, Shown
from padpos_services.demo.tables import Table

CUSTOMERS = ("walk-in", "contract", "agent", "organisation", "letter", "self-service")
OUTCOMES = ("accepted", "refused", "abandoned", "voided", "not-begun")
STEPS = ("identify", "inspect", "recipient")
_ANY = ("identify", "inspect", "recipient", "print", "upload")
FAULTS = {  # each with the steps before which it can happen, the usual one first
    "card-lifted": ("identify",),
    "lens-covered": ("inspect",),
    "paper-out": ("print",),
    "no-paper": ("print",),
    "paper-always-out": ("print",),
    "printer-given-up": ("print",),
    "printer-silent": ("print",),
    "broker-down": _ANY,
    "kill-terminal": ("print", "identify", "inspect", "recipient"),
    "kill-uplink": ("upload", "identify", "inspect", "recipient", "print"),
}
_FAULT = re.compile(r"([a-z-]+)(?:@([a-z]+))?")
_FOLDER = Path(__file__).parent
DEFAULT = _FOLDER / "scenario.toml"
PACKAGED = {"day": _FOLDER / "day.toml"}
MOST_PARCELS = 1000


def find(name: str | None) -> Path:
    """A scenario by its packaged name, or a file of one's own; the default without either."""
    return PACKAGED.get(name, Path(name)) if name else DEFAULT


def load(path: Path, known: dict[str, Card]) -> Scenario:
    """Read a scenario. Raises DemoError with the file and the place of a mistake."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DemoError(f"{path}: {error}") from error
    reader = Table(table, str(path))
    rate = reader.take("draw_rate", int, 0)
    freeze_count = reader.within("freeze_count", 1, 1_000_000, None)
    closes_day = reader.take("closes_day", bool, False)
    listed = reader.take("consignment", list)
    reader.done()
    plays = tuple(_all(listed, known, path))
    if not plays:
        raise DemoError(f"{path}: no [[consignment]] in it")
    return Scenario(_rate(rate, str(path)), plays, freeze_count, closes_day)


def _all(listed: list[Any], known: dict[str, Card], path: Path) -> Iterator[Play]:
    """Each consignment so many times as it says; what changes around it does before the first."""
    for index, entry in enumerate(listed):
        where = f"{path}: consignment {index + 1}"
        table = Table(entry, where)
        times = table.within("times", 1, MOST_PARCELS, 1)
        first = _play(table, known, where)
        yield first
        for number in range(2, times + 1):
            title = f"{first.title} ({number}/{times})"
            yield replace(first, title=title, around=Around(None, None, None))


def _play(table: Table, known: dict[str, Card], where: str) -> Play:
    customer = table.choice("customer", CUSTOMERS)
    expected = table.choice("expected", OUTCOMES)
    leaves = table.choice("leaves_at", STEPS, "inspect" if expected == "abandoned" else None)
    faults = tuple(_fault(item, f"{where}: faults") for item in table.take("faults", list, []))
    if any(fault.kind == "kill-terminal" for fault in faults) and expected == "abandoned":
        leaves = None  # the terminal's end is the consignment's
    play = Play(
        title=table.take("title", str, where.rpartition(": ")[2]),
        customer=customer,
        contract=table.take("contract", str, None),
        shown=_shown(table, known, where),
        around=Around(
            _rate(table.take("draw_rate", int, None), where),
            table.choice("clerk", tuple(CLERKS), None),
            table.choice("network", ("down", "up"), None),
        ),
        sender=_person(
            table.take("sender", dict, {}), f"{where}: sender",
            Person("示例寄件人", "13900000001", "湖南省长沙市雨花区示范路7号"),
        ),
        recipient=_person(
            table.take("recipient", dict, {}), f"{where}: recipient",
            Person("示例收件人", "13800001234", "湖南省永州市零陵区样例街88号"),
        ),
        contents=table.take("contents", str, "书籍"),
        grams=table.take("grams", int, 850),
        photos=table.within("photos", 0, 8, 1 if customer == "walk-in" else 0),
        faults=faults,
        leaves_at=leaves,
        refuses=table.take("refuses", str, None),
        expected=expected,
        expected_reason=table.take("expected_reason", str, None),
        expected_drawn=table.take("expected_drawn", bool, None),
    )  # fmt: skip
    table.done()
    return play


def _shown(table: Table, known: dict[str, Card], where: str) -> Shown:
    organisation = table.take("organisation", dict, None)
    shown = Shown(
        _card(table.take("card", str, None), known, f"{where}: card"),
        _card(table.take("agent", str, None), known, f"{where}: agent"),
        _organisation(organisation, f"{where}: organisation") if organisation else None,
        table.take("typed", str, None),
        table.take("same_visit", bool, False),
    )
    if shown.typed and (shown.card is None or not shown.card.fields):
        raise DemoError(f"{where}: typed: a card whose fields its file tells (expect) is needed")
    return shown


def _card(name: str | None, known: dict[str, Card], where: str) -> Card | None:
    return cards.find(known, name, where) if name is not None else None


def _organisation(table: Any, where: str) -> Organisation:
    reader = Table(table, where)
    organisation = Organisation(reader.take("name", str), reader.take("code", str))
    reader.done()
    return organisation


def _person(table: Any, where: str, default: Person) -> Person:
    reader = Table(table, where)
    person = Person(
        reader.take("name", str, default.name),
        reader.take("phone", str, default.phone),
        reader.take("address", str, default.address),
    )
    reader.done()
    return person


def _fault(item: Any, where: str) -> Fault:
    match = _FAULT.fullmatch(item) if isinstance(item, str) else None
    if match is None or match[1] not in FAULTS:
        raise DemoError(f"{where}: not one of {', '.join(FAULTS)}, each perhaps with @step")
    steps = FAULTS[match[1]]
    at = match[2] or steps[0]
    if at not in steps:
        raise DemoError(f"{where}: {match[1]}@{at}: it can happen at {', '.join(steps)}")
    return Fault(match[1], at)


def _rate(rate: int | None, where: str) -> Any:
    if rate is not None and not 0 <= rate <= 1_000_000:
        raise DemoError(f"{where}: draw_rate is in parts per million, 0 to 1000000")
    return rate
