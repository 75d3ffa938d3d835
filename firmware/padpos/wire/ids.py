"""Names and numbers with a form of their own: terminal ids, days, waybill numbers."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone

from padpos.wire.cbor import Cbor
from padpos.wire.errors import Malformed

_TERMINAL = re.compile(r"[a-z0-9-]{3,32}")
_WAYBILL = re.compile(r"[A-Z0-9]{8,20}")
_TRAINING = re.compile(r"PPT[0-9]{11}")
TRAINING_SERIES = "PPT"
TRAINING_TERMINAL = "training-"
CHINA = timezone(timedelta(hours=8))

_DAMM = (
    "0317598642", "7092154863", "4206871359", "1750983426", "6123045978",
    "3674209581", "5869720134", "8945362017", "9438617205", "2581436790",
)  # fmt: skip


def terminal_id(value: Cbor, where: str = "terminal") -> str:
    """3 to 32 of a-z, 0-9 and the hyphen. Raises Malformed."""
    if not isinstance(value, str) or not _TERMINAL.fullmatch(value):
        raise Malformed(f"{where}: not a terminal id (3 to 32 of a-z 0-9 -)")
    return value


def waybill(value: Cbor, where: str = "waybill") -> str:
    """A waybill number: 8 to 20 of A-Z and 0-9. Raises Malformed."""
    if not isinstance(value, str) or not _WAYBILL.fullmatch(value):
        raise Malformed(f"{where}: not a waybill number (8 to 20 of A-Z 0-9)")
    return value


def day(value: Cbor, where: str = "day") -> str:
    """A day as text, YYYY-MM-DD in UTC+8. Raises Malformed."""
    try:
        if isinstance(value, str) and date.fromisoformat(value).isoformat() == value:
            return value
    except ValueError:
        pass
    raise Malformed(f"{where}: not a day (YYYY-MM-DD)")


def day_of(milliseconds: int) -> str:
    """The day in UTC+8 of a time in milliseconds since the Unix epoch."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC).astimezone(CHINA)
    return moment.date().isoformat()


def span_of(value: str) -> tuple[int, int]:
    """(first ms, first ms of the next) of a day in UTC+8. Raises Malformed."""
    midnight = datetime.combine(date.fromisoformat(day(value)), datetime.min.time(), CHINA)
    start = int(midnight.timestamp()) * 1000
    return start, start + 24 * 3600 * 1000


def damm(digits: str) -> str:
    """The Damm check digit of a string of digits (572 → 4)."""
    interim = 0
    for digit in digits:
        interim = int(_DAMM[interim][int(digit)])
    return str(interim)


def is_training(number: str) -> bool:
    """Whether a waybill number is of the training series: PPT, 10 digits, their Damm digit."""
    return bool(_TRAINING.fullmatch(number)) and damm(number[3:-1]) == number[-1]


def training_number(index: int) -> str:
    """The number of the training series with these ten digits."""
    digits = f"{index:010}"
    return f"{TRAINING_SERIES}{digits}{damm(digits)}"


def is_training_terminal(terminal: str) -> bool:
    """Whether a terminal is one for training: its id, in every entry and certificate, says so."""
    return terminal.startswith(TRAINING_TERMINAL)


def may_carry(terminal: str, number: str) -> bool:
    """Whether a waybill number is of the terminal's own world: training, or everything else."""
    if is_training_terminal(terminal):
        return is_training(number)
    return not number.startswith(TRAINING_SERIES)
