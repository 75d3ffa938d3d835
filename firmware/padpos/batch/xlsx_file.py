"""Spreadsheets (XLSX, ISO/IEC 29500): the one sheet with something on it; values, no formulas."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from padpos.batch.table import EMPTY, MOST_COLUMNS, MOST_ROWS, Cell, Line, refused, text_cell
from padpos.counter.errors import Invalid

MAGIC = b"PK\x03\x04"
MOST_UNPACKED = 192 << 20
MOST_STRINGS = 64 << 20
"""Bytes: the shared texts are held at once, a sheet is read as it goes."""
MOST_MEMBERS = 1000
MOST_SHEETS = 20
_MOST_BLANK = 5000
_MOST_DIGITS = 10**15


def lines(data: bytes) -> Iterator[Line]:
    """Every row of the one sheet that is not empty. Raises Invalid."""
    _check_size(data)
    try:
        yield from _lines(data)
    except Invalid:
        raise
    except Exception as error:
        raise refused("batch-format") from error


def _check_size(data: bytes) -> None:
    try:
        members = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except Exception as error:
        raise refused("batch-format") from error
    strings = sum(each.file_size for each in members if "sharedstrings" in each.filename.lower())
    unpacked = sum(each.file_size for each in members)
    if len(members) > MOST_MEMBERS or unpacked > MOST_UNPACKED or strings > MOST_STRINGS:
        raise refused("batch-too-large")


def _lines(data: bytes) -> Iterator[Line]:
    import openpyxl  # noqa: PLC0415 - a Pi starts slowly, and few outlets have batches

    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
    try:
        shown = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        if len(shown) > MOST_SHEETS:
            raise refused("batch-sheets")
        sheets = [sheet for sheet in shown if _first(sheet) is not None]
        if len(sheets) > 1:
            raise refused("batch-sheets")
        for sheet in sheets:
            yield from _rows(sheet)
    finally:
        book.close()


def _first(sheet: Any) -> Line | None:
    return next(_rows(sheet), None)


def _rows(sheet: Any) -> Iterator[Line]:
    sheet.reset_dimensions()  # what the file says of its own size need not be true
    blank = 0
    rows = sheet.iter_rows(max_col=MOST_COLUMNS + 1)
    for number, row in enumerate(rows, 1):
        cells = tuple(map(_cell, row))
        if all(cell == EMPTY for cell in cells):
            blank += 1
            if blank > _MOST_BLANK + MOST_ROWS:
                raise refused("batch-too-many")
            continue
        if len(cells) > MOST_COLUMNS and cells[-1] != EMPTY:
            raise refused("batch-columns")
        yield Line(number, cells)


def _cell(cell: Any) -> Cell:
    value = cell.value
    if value is None:
        return EMPTY
    if cell.data_type == "f":
        return Cell(wrong="cell-formula")
    if isinstance(value, str) and cell.data_type != "e":
        return text_cell(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and cell.data_type == "n":
        return _number(value)
    return Cell(wrong="cell-kind")


def _number(value: float) -> Cell:
    # A telephone number kept as a number is whole; more digits than a double holds are lost.
    if value != int(value) or not 0 <= value < _MOST_DIGITS:
        return Cell(wrong="cell-number")
    return Cell(str(int(value)))
