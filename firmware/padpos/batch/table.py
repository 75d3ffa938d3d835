"""Rows of texts out of a file's bytes, CSV or XLSX; what is no plain table is refused by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from padpos.counter.errors import Invalid
from padpos.counter.reasons import words

MOST_BYTES = 16 << 20
MOST_ROWS = 100_000
MOST_COLUMNS = 64
MOST_TEXT = 1000
"""Characters of a cell; no column takes so many."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell's text, trimmed, or the code of what is wrong with it (then there is no text)."""

    text: str = field(default="", repr=False)
    wrong: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A row with something in it, numbered as a spreadsheet numbers it, from 1."""

    number: int
    cells: tuple[Cell, ...] = field(repr=False)


EMPTY = Cell()


def refused(code: str) -> Invalid:
    """The refusal of a whole file, in the words of its code."""
    return Invalid(code, *words(code))


def text_cell(text: str) -> Cell:
    """A cell of text: one that a spreadsheet would compute is no text."""
    text = text.strip()
    if len(text) > MOST_TEXT:
        return Cell(wrong="cell-too-long")
    if text[:1] in ("=", "@") or (text[:1] in ("+", "-") and text[1:] and not _is_number(text[1:])):
        return Cell(wrong="cell-formula")
    return Cell(text)


def _is_number(text: str) -> bool:
    # A telephone number may begin with +, and a formula may too: +86 … against +SUM(…).
    digits = text.replace(" ", "").replace("-", "")
    return digits.isascii() and digits.isdigit()


def lines(data: bytes) -> Iterator[Line]:
    """The file's rows, blank ones left out. Raises Invalid; rows before it were then good."""
    from padpos.batch import csv_file, xlsx_file  # noqa: PLC0415 - both import this module

    if len(data) > MOST_BYTES:
        raise refused("batch-too-large")
    reader = xlsx_file.lines if data.startswith(xlsx_file.MAGIC) else csv_file.lines
    seen = 0
    for line in reader(data):
        if not any(cell != EMPTY for cell in line.cells):
            continue
        seen += 1
        if seen > MOST_ROWS + 1:  # the header is one
            raise refused("batch-too-many")
        yield line
