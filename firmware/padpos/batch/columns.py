"""The columns of a batch file, by what their headers say in Chinese or English."""

from __future__ import annotations

import unicodedata
from enum import StrEnum

from padpos.batch.table import Line, refused


class Column(StrEnum):
    """What a column holds; all but the last are needed."""

    NAME = "name"
    PHONE = "phone"
    ADDRESS = "address"
    CONTENTS = "contents"
    GRAMS = "grams"
    CATEGORY = "category"


# A weight's header says its unit: 重量 alone may be kilograms.
_HEADERS = {
    Column.NAME: "姓名 收件人 收件人姓名 收货人 收货人姓名 name recipient recipientname",
    Column.PHONE: "电话 手机 手机号 手机号码 联系电话 收件人电话 收件人手机 收件电话 收货人电话"
    " phone mobile tel telephone recipientphone phonenumber",
    Column.ADDRESS: "地址 收件地址 收件人地址 收货地址 详细地址 address recipientaddress",
    Column.CONTENTS: "内件 内件品名 品名 物品 物品名称 商品名称 contents goods",
    Column.GRAMS: "克 克重 重量(克) 重量(g) 重量克 grams weight(g) weightg weight(grams)",
    Column.CATEGORY: "品类 类别 物品类别 category",
}
_BY_HEADER = {header: column for column, all_ in _HEADERS.items() for header in all_.split()}
_NEEDED = frozenset(Column) - {Column.CATEGORY}


def columns_of(header: Line) -> dict[Column, int]:
    """Where each column stands, from 0; columns with other headers are left out. Raises Invalid."""
    found: dict[Column, int] = {}
    for place, cell in enumerate(header.cells):
        column = _BY_HEADER.get(_plain(cell.text))
        if column in found:
            raise refused("batch-header-twice")
        if column is not None:
            found[column] = place
    if not found.keys() >= _NEEDED:
        raise refused("batch-header")
    return found


def others(header: Line, found: dict[Column, int]) -> tuple[str, ...]:
    """The letters of the columns that are not read, as a spreadsheet names them."""
    taken = set(found.values())
    places = (n for n, cell in enumerate(header.cells) if n not in taken and cell.text)
    return tuple(letters(place) for place in places)


def letters(place: int) -> str:
    """A, B, … Z, AA, … of a place from 0."""
    place += 1
    made = ""
    while place:
        place, digit = divmod(place - 1, 26)
        made = chr(ord("A") + digit) + made
    return made


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(sign for sign in folded if not sign.isspace() and sign not in "*_:")
