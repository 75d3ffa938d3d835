"""What can go wrong at the safe-number service. Never personal data."""

from __future__ import annotations

from enum import Enum


class SafeNumberError(Exception):
    """Something the operator can act on; the message says what."""


class HomeUnusable(SafeNumberError):
    """The home directory lacks what the command needs, or holds what it would overwrite."""


class FeedUnusable(SafeNumberError):
    """A page of the feed that could not be had, or that is not to be believed."""


class Answer(Enum):
    """Why a courier gets nothing: code, HTTP status, and a sentence in his language."""

    UNAUTHENTICATED = (
        "unauthenticated", 401, "请先登录。", "Sign in first.",
    )  # fmt: skip
    TOO_MANY = (
        "too-many-requests", 429, "查询过于频繁，请稍候再试。", "Too many look-ups; wait a moment.",
    )  # fmt: skip
    MALFORMED = (
        "malformed", 400, "无法识别面单码或运单号，请重新扫描。",
        "This is no label code and waybill number; scan again.",
    )  # fmt: skip
    NOT_YET_RECORDED = (
        "not-yet-recorded", 404, "该面单尚未登记，请稍后再试。",
        "This label is not recorded yet; try again later.",
    )  # fmt: skip
    WAYBILL_MISMATCH = (
        "waybill-mismatch", 409, "面单码与运单条码不属于同一快件。",
        "Label code and waybill barcode belong to different parcels.",
    )  # fmt: skip
    VOIDED = ("voided", 410, "该快件已作废。", "This parcel was voided.")
    OUTDATED = (
        "outdated-generation", 409, "该面单已被补打的新面单取代。",
        "This label was replaced by a reprint; scan the newer one.",
    )  # fmt: skip
    CANNOT_OPEN = (
        "cannot-open", 400, "面单码无法解开，请联系网点。",
        "The label code does not open; ask the outlet.",
    )  # fmt: skip
    NO_NUMBER = (
        "no-safe-number", 503, "安全号已用完，请稍后再试。",
        "No safe number is free; try again later.",
    )  # fmt: skip

    def __init__(self, code: str, status: int, chinese: str, english: str) -> None:
        self.code = code
        self.status = status
        self.chinese = chinese
        self.english = english


class Denied(Exception):
    """A look-up that yields nothing but its reason."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.code)
        self.answer = answer
