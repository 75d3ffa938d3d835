"""Check characters of the numbers a sender shows: GB 11643 (persons), GB 32100 (organisations)."""

from __future__ import annotations

import re
from datetime import date

_PERSON = re.compile(r"[0-9]{17}[0-9X]")
_ORGANISATION = re.compile(r"[0-9ABCDEFGHJKLMNPQRTUWXY]{2}[0-9]{6}[0-9ABCDEFGHJKLMNPQRTUWXY]{10}")
_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # 31 signs, without I, O, S, V and Z
_FEMALE, _MALE = frozenset({"2", "女"}), frozenset({"1", "男"})


def is_person(number: str) -> bool:
    """Whether 18 characters hold the check of GB 11643 (ISO 7064 MOD 11-2) and a birth date."""
    if not _PERSON.fullmatch(number):
        return False
    total = sum(int(sign) * pow(2, 17 - place, 11) for place, sign in enumerate(number[:17]))
    return "10X98765432"[total % 11] == number[17] and to_day(birth_of(number)) is not None


def birth_of(number: str) -> str:
    """The birth date inside a number of GB 11643, YYYYMMDD."""
    return number[6:14]


def sex_fits(number: str, sex: str | None) -> bool:
    """Whether the order digit of a citizen's number agrees with the sex, where that is known."""
    odd = int(number[16]) % 2 == 1
    return not (sex in _FEMALE and odd) and not (sex in _MALE and not odd)


def is_organisation(code: str) -> bool:
    """Whether 18 characters are a unified social credit code: GB 32100-2015, weights 3^i mod 31."""
    if not _ORGANISATION.fullmatch(code):
        return False
    total = sum(_SIGNS.index(sign) * pow(3, place, 31) for place, sign in enumerate(code[:17]))
    return _SIGNS[-total % 31] == code[17]


def to_day(digits: str | None) -> date | None:
    """The day that YYYYMMDD names, or None if it names none."""
    if digits is None or not re.fullmatch(r"[0-9]{8}", digits):
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def age_on(birth: date, day: date) -> int:
    """Full years; who is born on 29 February comes of age on 1 March."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
