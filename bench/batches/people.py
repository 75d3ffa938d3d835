"""Recipients nobody ever was, as a customer's file names them."""

import io
from dataclasses import dataclass
from random import Random

import openpyxl

HEADER = ("收件人姓名", "手机号码", "详细地址", "内件品名", "重量（克）")
_SURNAMES = "林陈黄郑赵钱孙周吴冯褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
_GIVEN = "听澜 知微 砚秋 慎行 秀英 望舒 怀瑾 若水 子衿 采薇 云深 长庚"
_PLACES = "湖南省长沙市岳麓区 北京市海淀区 上海市浦东新区 广东省广州市天河区 四川省成都市锦江区"
_GOODS = "文具 书籍 茶叶 衣物 玩具 陶瓷"


@dataclass(frozen=True, slots=True)
class Parcel:
    """One row of the file."""

    name: str
    phone: str
    address: str
    goods: str
    grams: int


def parcels(chance: Random, number: int) -> list[Parcel]:
    """So many, no two to the same number."""
    return [
        Parcel(
            chance.choice(_SURNAMES) + chance.choice(_GIVEN.split()),
            f"199{n:08}",
            f"{chance.choice(_PLACES.split())}样例路{chance.randrange(1, 400)}号{n}室",
            chance.choice(_GOODS.split()),
            chance.randrange(50, 5000),
        )
        for n in range(number)
    ]


def as_file(chance: Random, listed: list[Parcel]) -> bytes:
    """CSV in one of its encodings, or a spreadsheet."""
    rows = [(p.name, p.phone, p.address, p.goods, p.grams) for p in listed]
    kind = chance.choice(("utf-8", "utf-8-sig", "gb18030", "xlsx"))
    if kind != "xlsx":
        return "\r\n".join(",".join(map(str, row)) for row in (HEADER, *rows)).encode(kind)
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (HEADER, *rows):
        sheet.append(list(row))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
