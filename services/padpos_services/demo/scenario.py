"""Scenario files (TOML): who comes to the counter, what goes wrong, and how it should end."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from padpos_services.demo import cards
from padpos_services.demo.cards import Card
from padpos_services.demo.errors import DemoError

OUTCOMES = ("accepted", "refused", "abandoned", "voided")
STEPS = ("identify", "inspect", "recipient")
_ANY = ("identify", "inspect", "recipient", "print", "upload")
FAULTS = {  # each with the steps before which it can happen, the usual one first
    "card-lifted": ("identify",),
    "lens-covered": ("inspect",),
    "paper-out": ("print",),
    "no-paper": ("print",),
    "printer-silent": ("print",),
    "broker-down": _ANY,
    "kill-terminal": ("print", "identify", "inspect", "recipient"),
    "kill-uplink": ("upload", "identify", "inspect", "recipient", "print"),
}
_FAULT = re.compile(r"([a-z-]+)(?:@([a-z]+))?")
DEFAULT = Path(__file__).parent / "scenario.toml"


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong, and before which step."""

    kind: str
    at: str


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """Whom a clerk types: what is not given comes from the document."""

    name: str
    phone: str
    address: str


@dataclass(frozen=True, slots=True, repr=False)
class Play:
    """One consignment to be played."""

    title: str
    customer: str
    contract: str | None
    card: Card | None
    sender: Person
    recipient: Person
    contents: str
    grams: int
    photos: int
    faults: tuple[Fault, ...]
    draw_rate: int | None
    leaves_at: str | None
    refuses: str | None
    expected: str
    expected_reason: str | None
    expected_drawn: bool | None

    def fault(self, kind: str, at: str | None = None) -> bool:
        """Whether this goes wrong, at that step."""
        return any(f.kind == kind and at in (None, f.at) for f in self.faults)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A whole play."""

    draw_rate: int
    plays: tuple[Play, ...]


def load(path: Path, known: dict[str, Card]) -> Scenario:
    """Read a scenario. Raises DemoError with the file and the place of a mistake."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DemoError(f"{path}: {error}") from error
    reader = _Table(table, str(path))
    rate = reader.take("draw_rate", int, 0)
    listed = reader.take("consignment", list)
    reader.done()
    plays = tuple(
        _play(entry, known, f"{path}: consignment {index + 1}")
        for index, entry in enumerate(listed)
    )
    if not plays:
        raise DemoError(f"{path}: no [[consignment]] in it")
    return Scenario(_rate(rate, str(path)), plays)


class _Table:
    """Takes values out of a TOML table and refuses what is left over."""

    def __init__(self, table: Any, where: str) -> None:
        if not isinstance(table, dict):
            raise DemoError(f"{where}: not a table")
        self._table = dict(table)
        self._where = where

    def take(self, name: str, kind: type, default: Any = ...) -> Any:
        """A value of a type, or the default. Raises DemoError."""
        value = self._table.pop(name, default)
        if value is ...:
            raise DemoError(f"{self._where}: {name} is missing")
        wrong = not isinstance(value, kind) or (kind is int and isinstance(value, bool))
        if value is not default and wrong:
            raise DemoError(f"{self._where}: {name} is not a {kind.__name__}")
        return value

    def choice(self, name: str, choices: tuple[str, ...], default: Any = ...) -> Any:
        """A value out of a closed set. Raises DemoError."""
        value = self.take(name, str, default)
        if value is not default and value not in choices:
            raise DemoError(f"{self._where}: {name} is not one of {', '.join(choices)}")
        return value

    def done(self) -> None:
        """Raises DemoError where something was not taken."""
        if self._table:
            raise DemoError(f"{self._where}: {next(iter(self._table))}: no such setting")


def _play(entry: Any, known: dict[str, Card], where: str) -> Play:
    table = _Table(entry, where)
    customer = table.choice("customer", ("walk-in", "contract"))
    card = table.take("card", str, None)
    expected = table.choice("expected", OUTCOMES)
    leaves = table.choice("leaves_at", STEPS, "inspect" if expected == "abandoned" else None)
    faults = tuple(_fault(item, f"{where}: faults") for item in table.take("faults", list, []))
    if any(fault.kind == "kill-terminal" for fault in faults) and expected == "abandoned":
        leaves = None  # the terminal's end is the consignment's
    play = Play(
        title=table.take("title", str, where.rpartition(": ")[2]),
        customer=customer,
        contract=table.take("contract", str, None),
        card=cards.find(known, card, f"{where}: card") if card is not None else None,
        sender=_person(
            table.take("sender", dict, {}), f"{where}: sender",
            name="示例寄件人", phone="13900000001", address="湖南省长沙市雨花区示范路7号",
        ),
        recipient=_person(
            table.take("recipient", dict, {}), f"{where}: recipient",
            name="示例收件人", phone="13800001234", address="湖南省永州市零陵区样例街88号",
        ),
        contents=table.take("contents", str, "书籍"),
        grams=table.take("grams", int, 850),
        photos=table.take("photos", int, 1 if customer == "walk-in" else 0),
        faults=faults,
        draw_rate=_rate(table.take("draw_rate", int, None), where),
        leaves_at=leaves,
        refuses=table.take("refuses", str, None),
        expected=expected,
        expected_reason=table.take("expected_reason", str, None),
        expected_drawn=table.take("expected_drawn", bool, None),
    )  # fmt: skip
    table.done()
    if not 0 <= play.photos <= 8:
        raise DemoError(f"{where}: photos is not 0 to 8")
    return play


def _person(table: Any, where: str, **defaults: str) -> Person:
    reader = _Table(table, where)
    take: Callable[[str], str] = lambda name: reader.take(name, str, defaults.get(name, ""))  # noqa: E731
    person = Person(take("name"), take("phone"), take("address"))
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
