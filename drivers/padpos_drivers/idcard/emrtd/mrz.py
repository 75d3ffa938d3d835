"""Machine-readable zones (ICAO Doc 9303 part 3 §4): places, check digits, what they state."""

import re
from dataclasses import dataclass
from typing import Final

from padpos_drivers.idcard.emrtd.errors import MrzInvalid
from padpos_drivers.idcard.emrtd.places import EXIT_PERMITS, Places, Zone, zone_of

_FORM: Final = re.compile(r"[A-Z0-9<]{30,90}")
_ISSUER_OF_PERMITS: Final = "CHN"
_WEIGHTS: Final = (7, 3, 1)
_NUMBER_LENGTH: Final = 9
_MOST_OVERFLOW: Final = 13  # the longest number with which the fields still fit


@dataclass(frozen=True, slots=True, repr=False)
class Mrz:
    """What a zone states, fillers removed; shows nothing as text.

    ``birth`` and ``expiry`` are YYMMDD; of a birth that is not wholly known, parts are ``<``.
    ``key`` is the MRZ information of Doc 9303-11 §4.3.2: number, birth, expiry, each with its
    check digit. ``surname`` and ``given`` are empty where the zone has no name.
    """

    zone: Zone
    code: str
    issuer: str
    number: str
    birth: str
    expiry: str
    sex: str
    nationality: str
    surname: str
    given: str
    key: bytes


def check_digit(text: str) -> str:
    """Return the check digit over ``A-Z 0-9 <`` (Doc 9303-3 §4.9)."""
    total = sum(_value(character) * _WEIGHTS[i % 3] for i, character in enumerate(text))
    return str(total % 10)


def parse(text: str) -> Mrz:
    """Take apart a whole zone, its lines joined, and check every digit that guards it.

    Raises :class:`MrzInvalid` naming what is wrong, never what stood there.
    """
    if not _FORM.fullmatch(text):
        raise MrzInvalid("characters")
    zone = zone_of(text)
    if zone is None:
        raise MrzInvalid("length")
    places = zone.value
    if zone is Zone.EXIT_PERMIT_LINE and text[:2] not in EXIT_PERMITS:
        raise MrzInvalid("kind of document")
    number, number_key = _number(text, places)
    birth, expiry = _date(text, places.birth, "birth"), _date(text, places.expiry, "expiry")
    _check_composite(text, places)
    surname, given = _names(text, places)
    return Mrz(
        zone=zone,
        code=text[:2].rstrip("<"),
        issuer=_letters(text, places.issuer, "issuer"),
        number=number,
        birth=birth[:6],
        expiry=expiry[:6],
        sex="<" if places.sex is None else text[places.sex],
        nationality=_letters(text, places.nationality, "nationality"),
        surname=surname,
        given=given,
        key=f"{number_key}{birth}{expiry}".encode("ascii"),
    )


def key_of_fields(number: str, birth: str, expiry: str) -> bytes:
    """Return the MRZ information from a typed number and two dates YYMMDD.

    Raises :class:`MrzInvalid`.
    """
    if not re.fullmatch(r"[A-Z0-9]{1,22}", number):
        raise MrzInvalid("number")
    for name, day in (("birth", birth), ("expiry", expiry)):
        if not re.fullmatch(r"[0-9]{6}", day):
            raise MrzInvalid(name)
    padded = number.ljust(_NUMBER_LENGTH, "<")
    return "".join(part + check_digit(part) for part in (padded, birth, expiry)).encode("ascii")


def _value(character: str) -> int:
    return 0 if character == "<" else int(character, 36)


def _number(text: str, places: Places) -> tuple[str, str]:
    """Return the document number, and the number as it stands in the key with its check digit."""
    start = places.number
    number, check = text[start : start + _NUMBER_LENGTH], text[start + _NUMBER_LENGTH]
    if check == "<" and places.overflow:
        rest = text[slice(*places.overflow)].partition("<")[0]
        number, check = number + rest[:-1], rest[-1:]
    if len(number) > _NUMBER_LENGTH + _MOST_OVERFLOW or check_digit(number) != check:
        raise MrzInvalid("number check digit")
    stated = number.rstrip("<")
    if not stated or "<<" in stated:
        raise MrzInvalid("number")
    return stated, number + check


def _date(text: str, start: int, name: str) -> str:
    """Return a date with its check digit."""
    day, check = text[start : start + 6], text[start + 6]
    if not re.fullmatch(r"[0-9<]{6}", day):
        raise MrzInvalid(f"{name} date")
    if check_digit(day) != check:
        raise MrzInvalid(f"{name} check digit")
    return day + check


def _check_composite(text: str, places: Places) -> None:
    if not places.composite:
        return
    covered = "".join(text[start:end] for start, end in places.composite)
    if check_digit(covered) != text[places.composite_check]:
        raise MrzInvalid("last check digit")


def _letters(text: str, start: int | None, name: str) -> str:
    if start is None:
        return _ISSUER_OF_PERMITS
    letters = text[start : start + 3].rstrip("<")
    if not letters.isalpha():
        raise MrzInvalid(name)
    return letters


def _names(text: str, places: Places) -> tuple[str, str]:
    """Return surname and given names; one ``<`` is a blank, two part them (Doc 9303-3 §4.6)."""
    if places.name is None:
        return "", ""
    surname, _, given = text[slice(*places.name)].partition("<<")
    return _blanks(surname), _blanks(given)


def _blanks(text: str) -> str:
    return " ".join(text.replace("<", " ").split())
