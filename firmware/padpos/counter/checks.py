"""What a person typed: taken as it is, or refused with the place named and nothing repeated."""

from __future__ import annotations

import re
from dataclasses import replace

from padpos.counter.consignment import Identity
from padpos.counter.errors import Invalid
from padpos.counter.events import SenderGiven
from padpos.counter.numbers import is_organisation
from padpos.wire.fact_values import CUSTOMER_CLASSES
from padpos.wire.personal import Document, Organisation, Party

MOST_GRAMS = 50_000
_PHONE = re.compile(r"\+?[0-9][0-9 -]{4,18}[0-9]")
_NUMBER = re.compile(r"[0-9A-Z]{5,30}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# A label code holds 256 bytes, up to three for a character (formats §10).
_MOST = {"name": 60, "address": 60, "contents": 60}


def customer(customer_class: str, contract: str | None) -> None:
    """A known class; with a contract where it is that of contract customers. Raises Invalid."""
    if customer_class not in CUSTOMER_CLASSES:
        raise Invalid("customer", "客户类别不对。", "No such customer class.")
    if (customer_class == "contract") != bool(contract):
        raise Invalid("contract", "协议编号与客户类别不符。", "A contract goes with its class.")


def organisation(name: str, code: str) -> Organisation:
    """An organisation whose credit code passes GB 32100. Raises Invalid."""
    code = code.strip().upper()
    if not is_organisation(code):
        raise Invalid(
            "organisation-code",
            "统一社会信用代码校验不符。",
            "The unified social credit code fails its check.",
        )
    return Organisation(_text(name, "name", "名称"), code)


def document(given: Document) -> Document:
    """A typed document whose texts can be sealed. Raises Invalid."""
    number = given.number.strip().upper()
    if not _NUMBER.fullmatch(number):
        raise Invalid(
            "number", "证件号码须为 5 到 30 个字母或数字。", "The number takes 5 to 30 signs."
        )
    address = given.address and _text(given.address, "address", "地址")
    return replace(given, name=_text(given.name, "name", "姓名"), number=number, address=address)


def party(given: Party) -> Party:
    """A name, phone and address that can be sealed and printed. Raises Invalid."""
    name = _text(given.name, "name", "姓名")
    return Party(name, phone(given.phone), _text(given.address, "address", "地址"))


def sender(given: SenderGiven, identity: Identity) -> Party:
    """Who sends: whoever was identified bears that name, whatever was typed. Raises Invalid."""
    name = name_of(identity) or given.name or ""
    document = identity.document
    address = given.address or (document.address if document else None) or ""
    return party(Party(name, given.phone, address))


def name_of(identity: Identity) -> str | None:
    """The name that was proven: the organisation's, or else the document's."""
    if identity.organisation is not None:
        return identity.organisation.name
    return identity.document.name if identity.document else None


def phone(value: str) -> str:
    """A phone number, its blanks and hyphens dropped. Raises Invalid."""
    value = value.strip()
    if not _PHONE.fullmatch(value):
        raise Invalid("phone", "电话号码不对。", "That is not a phone number.")
    return value.replace(" ", "").replace("-", "")


def contents(value: str) -> str:
    """What is inside, in words. Raises Invalid."""
    return _text(value, "contents", "内件品名")


def category(value: str | None, agreed: tuple[str, ...]) -> str | None:
    """One of the categories of goods the agreement names, if it names any. Raises Invalid."""
    if not agreed:
        return None
    if value not in agreed:
        raise Invalid(
            "category", "请选择协议约定的品类。", "Choose one of the agreement's categories."
        )
    return value


def grams(value: int) -> int:
    """1 g to 50 kg. Raises Invalid."""
    if not 1 <= value <= MOST_GRAMS:
        raise Invalid("grams", "重量须在 1 克到 50 千克之间。", "The weight is 1 g to 50 kg.")
    return value


def text(value: str, code: str) -> str:
    """A name or an address alone. Raises Invalid."""
    return _text(value, code, {"name": "姓名", "address": "地址"}[code])


def _text(value: str, code: str, chinese: str) -> str:
    value = value.strip()
    if not value or len(value) > _MOST[code] or _CONTROL.search(value):
        most = _MOST[code]
        raise Invalid(
            code, f"{chinese}须为 1 到 {most} 个字符。", f"The {code} takes 1 to {most} characters."
        )
    return value
