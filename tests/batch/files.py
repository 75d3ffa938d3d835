"""Batch files as customers make them."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

import openpyxl

CHINESE = ("收件人姓名", "手机号码", "详细地址", "内件品名", "重量（克）")
ENGLISH = ("Name", "Phone", "Address", "Contents", "Weight (g)")
ANNA = ("林秀英", "19900000011", "湖南省长沙市岳麓区样例路 8 号 3 栋 402 室", "文具", 500)
BORIS = ("欧阳慎行", "0731-8800 0022", "北京市海淀区试验街 17 号院 2 号楼", "书籍", 1250)


def csv(
    rows: Iterable[Sequence[object]], header: Sequence[str] = CHINESE, encoding: str = "utf-8"
) -> bytes:
    """A CSV file."""
    lines = [",".join(map(str, row)) for row in [header, *rows]]
    return "\r\n".join(lines).encode(encoding)


def xlsx(
    rows: Iterable[Sequence[Any]], header: Sequence[str] = CHINESE, **more: Iterable[Sequence[Any]]
) -> bytes:
    """A spreadsheet; `more` are further sheets by name."""
    book = openpyxl.Workbook()
    sheets = {"收件人": [header, *rows], **more}
    first = book.active
    assert first is not None
    book.remove(first)
    for name, lines in sheets.items():
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append(list(line))
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    """The file's bytes."""
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
