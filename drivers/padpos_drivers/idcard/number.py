"""The 18-character identity number of GB 11643: six region digits, birth, order, check.

The check character is ISO 7064 MOD 11-2. Permanent-residence cards of 2023 use the same form with
a first digit 9.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from padpos_drivers.idcard.document import Sex
from padpos_drivers.idcard.errors import NumberInvalid

_FORM: Final = re.compile(r"[0-9]{17}[0-9X]")
_CHECK_CHARACTERS: Final = "10X98765432"


@dataclass(frozen=True, slots=True, repr=False)
class NumberParts:
    """What a valid number states about its holder."""

    region: str
    birth: date
    sex: Sex


def check_character(first_17: str) -> str:
    """Return the MOD 11-2 check character of 17 decimal digits."""
    total = 0
    for digit in first_17:
        total = (total + int(digit)) * 2 % 11
    return _CHECK_CHARACTERS[total]


def parse_number(number: str) -> NumberParts:
    """Check a number and take it apart.

    Raises :class:`NumberInvalid` for a wrong form, a wrong check character or a birth date that
    no calendar has. The message names the part, never its value.
    """
    if not _FORM.fullmatch(number):
        raise NumberInvalid("number form")
    if check_character(number[:17]) != number[17]:
        raise NumberInvalid("number check digit")
    birth = parse_date(number[6:14])
    if birth is None:
        raise NumberInvalid("birth date in the number")
    sex = Sex.MALE if int(number[16]) % 2 else Sex.FEMALE
    return NumberParts(number[:6], birth, sex)


def parse_date(text: str) -> date | None:
    """Return the day that eight ASCII digits YYYYMMDD name, or None if they name none."""
    if not re.fullmatch(r"[0-9]{8}", text):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None
