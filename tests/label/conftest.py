"""A label of invented people, and the ways to change it."""

import base64
import dataclasses
import random
from collections.abc import Callable

import pytest

from padpos.counter.masks import mask_address, mask_name, mask_phone
from padpos.label import LabelContent, MaskedParty

RECIPIENT = ("测试乙", "13900001234", "广东省广州市天河区测试路8号5栋2单元1102室")
SENDER = ("测试甲", "13800005678", "湖南省长沙市芙蓉区测试路1号2栋303室")


def masked(person: tuple[str, str, str]) -> MaskedParty:
    name, phone, address = person
    return MaskedParty(mask_name(name), mask_phone(phone), mask_address(address))


def sealed_text(size: int = 261, seed: int = 1, version: int = 1) -> str:
    """A label code's text as formats §10 gives it, with noise for the sealed bytes."""
    data = bytes([version]) + random.Random(seed).randbytes(size - 1)
    return "HTTPS://L.EXAMPLE.CN/" + base64.b32encode(data).decode().rstrip("=")


@pytest.fixture
def content() -> Callable[..., LabelContent]:
    base = LabelContent(
        waybill="SF1234567890123",
        route_code="470-B003-012",
        recipient=masked(RECIPIENT),
        sender=masked(SENDER),
        contents="书籍 3 本、文具",
        grams=1250,
        weight_from_scale=True,
        marks=("已实名", "已验视"),
        outlet="测试路网点 0731-07",
        area="湖南省长沙市芙蓉区",
        label_code=sealed_text(),
        generation=1,
        training=False,
        printed_at="2026-11-23 20:41",
    )
    return lambda **changes: dataclasses.replace(base, **changes)


@pytest.fixture
def sealed() -> Callable[..., str]:
    return sealed_text


@pytest.fixture
def mask() -> Callable[[tuple[str, str, str]], MaskedParty]:
    return masked


@pytest.fixture
def secrets() -> tuple[str, ...]:
    return RECIPIENT + SENDER
