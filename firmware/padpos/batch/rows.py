"""Rows checked one by one: a recipient who can be sealed and printed, or faults that name places.

A fault names row, column and what is wrong, never what stands there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from padpos.batch.columns import Column, columns_of, letters
from padpos.batch.table import EMPTY, Cell, Line, lines, refused
from padpos.counter import checks
from padpos.counter.errors import Invalid
from padpos.counter.reasons import words
from padpos.wire.errors import TooLarge
from padpos.wire.label_code import LabelPlain
from padpos.wire.personal import Party

_LONGEST_WAYBILL = "9" * 20
_MOST_GRAMS_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong: the row as a spreadsheet numbers it, the column's letters, a code."""

    row: int
    column: str
    code: str
    chinese: str
    english: str

    def as_text(self) -> str:
        """One line for people."""
        return f"{self.row} {self.column}: {self.chinese} {self.english} ({self.code})"


@dataclass(frozen=True, slots=True)
class Row:
    """One parcel of the file."""

    number: int
    recipient: Party = field(repr=False)
    contents: str = field(repr=False)
    grams: int
    category: str | None


class Faulty(Exception):
    """A row that can't be taken, with all that is wrong with it."""

    def __init__(self, number: int, faults: tuple[Fault, ...]) -> None:
        super().__init__(f"row {number}")
        self.number = number
        self.faults = faults


def faulty(number: int, code: str, column: str = "") -> Faulty:
    """A row with one thing wrong, by its code."""
    return Faulty(number, (Fault(number, column, code, *words(code)),))


def rows(data: bytes, agreed: tuple[str, ...]) -> Iterator[Row | Faulty]:
    """Each row of a file, good or faulty, in order; `agreed` are the agreement's categories.

    Raises Invalid where the file as a whole can't be taken.
    """
    every = lines(data)
    header = next(every, None)
    if header is None:
        raise refused("batch-empty")
    reader = _Reader(columns_of(header), agreed)
    number = 0
    for number, line in enumerate(every, 1):  # noqa: B007 - counted for what follows
        try:
            yield reader.read(line)
        except Faulty as faulty:
            yield faulty
    if not number:
        raise refused("batch-empty")


class _Reader:
    def __init__(self, places: dict[Column, int], agreed: tuple[str, ...]) -> None:
        self._places = places
        self._agreed = agreed

    def read(self, line: Line) -> Row:
        """The row's parcel. Raises Faulty with everything that is wrong."""
        faults: list[Fault] = []
        taken: dict[Column, str | int | None] = {}
        for column in Column:
            try:
                taken[column] = self._take(line, column)
            except Invalid as error:
                faults.append(self._fault(line, column, error))
        if not faults:
            row = _row(line.number, taken)
            try:
                LabelPlain(_LONGEST_WAYBILL, 1, *_texts(row.recipient)).padded()
            except TooLarge:
                faults.append(self._fault(line, Column.ADDRESS, refused("too-large")))
            else:
                return row
        raise Faulty(line.number, tuple(faults))

    def _take(self, line: Line, column: Column) -> str | int | None:
        cell = self._cell(line, column)
        if cell.wrong is not None:
            raise refused(cell.wrong)
        match column:
            case Column.PHONE:
                return checks.phone(cell.text)
            case Column.CONTENTS:
                return checks.contents(cell.text)
            case Column.GRAMS:
                return checks.grams(_whole(cell.text))
            case Column.CATEGORY:
                return checks.category(cell.text or None, self._agreed)
            case Column.NAME | Column.ADDRESS:
                return checks.text(cell.text, str(column))

    def _cell(self, line: Line, column: Column) -> Cell:
        place = self._places.get(column)
        return EMPTY if place is None or place >= len(line.cells) else line.cells[place]

    def _fault(self, line: Line, column: Column, error: Invalid) -> Fault:
        place = self._places.get(column)
        where = f"{letters(place)} {column}" if place is not None else str(column)
        return Fault(line.number, where, error.code, error.chinese, error.english)


def _row(number: int, taken: dict[Column, str | int | None]) -> Row:
    grams, category = taken[Column.GRAMS], taken[Column.CATEGORY]
    assert isinstance(grams, int)  # checks.grams answered
    party = Party(*(str(taken[c]) for c in (Column.NAME, Column.PHONE, Column.ADDRESS)))
    named = category if isinstance(category, str) else None
    return Row(number, party, str(taken[Column.CONTENTS]), grams, named)


def _texts(party: Party) -> tuple[str, str, str]:
    return party.name, party.phone, party.address


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_GRAMS_DIGITS):
        raise Invalid("grams", *words("cell-grams"))
    return int(text)
