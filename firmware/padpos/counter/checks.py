"""What a person typed: taken as it is, or refused with the place named and nothing repeated."""

from __future__ import annotations

import re

from padpos.counter.errors import Invalid
from padpos.counter.events import SenderGiven
from padpos.wire.personal import Document, Party

MOST_PHOTOS = 8
MOST_GRAMS = 50_000
_PHONE = re.compile(r"\+?[0-9][0-9 -]{4,18}[0-9]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# A label code holds 256 bytes, up to three for a character (formats §10).
_MOST = {"name": 60, "address": 60, "contents": 60}


def customer(customer_class: str, contract: str | None) -> None:
    """Walk-in without a contract, or contract with one. Raises Invalid."""
    if customer_class not in ("walk-in", "contract"):
        raise Invalid("customer", "客户类别不对。", "No such customer class.")
    if (customer_class == "contract") != bool(contract):
        raise Invalid("contract", "协议编号与客户类别不符。", "A contract goes with its class.")


def party(given: Party) -> Party:
    """A name, phone and address that can be sealed and printed. Raises Invalid."""
    name = _text(given.name, "name", "姓名")
    return Party(name, phone(given.phone), _text(given.address, "address", "地址"))


def sender(given: SenderGiven, document: Document | None) -> Party:
    """Who sends: an identified sender's name is the document's, whatever was typed."""
    name = document.name if document else given.name or ""
    address = given.address or (document.address if document else None) or ""
    return party(Party(name, given.phone, address))


def phone(value: str) -> str:
    """A phone number, its blanks and hyphens dropped. Raises Invalid."""
    value = value.strip()
    if not _PHONE.fullmatch(value):
        raise Invalid("phone", "电话号码不对。", "That is not a phone number.")
    return value.replace(" ", "").replace("-", "")


def contents(value: str) -> str:
    """What is inside, in words. Raises Invalid."""
    return _text(value, "contents", "内件品名")


def grams(value: int) -> int:
    """1 g to 50 kg. Raises Invalid."""
    if not 1 <= value <= MOST_GRAMS:
        raise Invalid("grams", "重量须在 1 克到 50 千克之间。", "The weight is 1 g to 50 kg.")
    return value


def _text(value: str, code: str, chinese: str) -> str:
    value = value.strip()
    if not value or len(value) > _MOST[code] or _CONTROL.search(value):
        most = _MOST[code]
        raise Invalid(
            code, f"{chinese}须为 1 到 {most} 个字符。", f"The {code} takes 1 to {most} characters."
        )
    return value
