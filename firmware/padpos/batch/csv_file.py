"""Comma-separated values: UTF-8 with or without its mark, or GB18030."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from padpos.batch.table import MOST_COLUMNS, Cell, Line, refused, text_cell

_OTHER_FORMATS = (b"\xff\xfe", b"\xfe\xff", b"\xd0\xcf\x11\xe0", b"%PDF")
"""UTF-16, an old Excel or Word file, a PDF."""
_DELIMITERS = ",;\t"
_STRAY = frozenset(map(chr, (*range(9), 11, 12, *range(14, 32), 0xFFFD, *range(0xE000, 0xF900))))
"""Controls, what stands for a sign that was lost, and signs of somebody's private use."""


def lines(data: bytes) -> Iterator[Line]:
    """Every row of the text. Raises Invalid."""
    text = _text(data)
    head = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for number, cells in enumerate(reader, 1):
            if len(cells) > MOST_COLUMNS:
                raise refused("batch-columns")
            yield Line(number, tuple(map(_cell, cells)))
    except csv.Error as error:
        raise refused("batch-quotes") from error


def _cell(text: str) -> Cell:
    return Cell(wrong="cell-control") if _STRAY & set(text) else text_cell(text)


def _text(data: bytes) -> str:
    if data.startswith(_OTHER_FORMATS):
        raise refused("batch-format")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        if _is_broken_utf8(data):
            raise refused("batch-encoding") from None
    try:
        return data.decode("gb18030")
    except UnicodeDecodeError:
        raise refused("batch-encoding") from None


def _is_broken_utf8(data: bytes) -> bool:
    # GB18030 takes almost any bytes: text that is UTF-8 but for a spot would come out as other
    # signs. Chinese is three bytes a sign in UTF-8, which GB18030's pairs hardly ever look like.
    text = data.decode("utf-8", "replace")
    whole = sum("\u2e80" <= sign <= "\uff60" for sign in text)
    return data.startswith(b"\xef\xbb\xbf") or whole > text.count("\ufffd")
