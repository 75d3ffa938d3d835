"""From data groups to an :class:`IdDocument`. Pure: the day it is comes from outside."""

from datetime import date
from typing import Final

from padpos_drivers.idcard.document import DocumentType, IdDocument, Sex
from padpos_drivers.idcard.emrtd.groups import Holder
from padpos_drivers.idcard.emrtd.mrz import Mrz
from padpos_drivers.idcard.emrtd.places import Zone
from padpos_drivers.idcard.errors import CardUnreadable
from padpos_drivers.idcard.number import parse_date

_PERMITS: Final = {
    "CR": DocumentType.HM_RESIDENT_PERMIT,
    "CT": DocumentType.TW_RESIDENT_PERMIT,
    "CS": DocumentType.HM_EXIT_PERMIT,
    "CD": DocumentType.TW_EXIT_PERMIT,
}
_SEXES: Final = {"M": Sex.MALE, "F": Sex.FEMALE, "X": Sex.NOT_STATED, "<": Sex.NOT_STATED}
_EXPIRY_AHEAD: Final = 50  # years; a date that seems further ahead is of the century before


def to_document(zone: Mrz, holder: Holder, today: date) -> IdDocument:
    """Return what DG1 and DG11 state together.

    Years of two digits get the century in which a birth is not after ``today``, and an expiry
    not 50 years after it; DG11's birth, where it has one, says the century and must agree.
    Raises :class:`CardUnreadable` naming the field.
    """
    return IdDocument(
        type=_type(zone),
        name=_name(zone),
        sex=_sex(zone),
        birth=_birth(zone, holder, today),
        number=zone.number,
        valid_from=None,
        valid_until=_latest(zone.expiry, date(today.year + _EXPIRY_AHEAD, 12, 31), "expiry"),
        issuer=zone.issuer,
        nationality=zone.nationality,
        chinese_name=holder.chinese_name,
    )


def _type(zone: Mrz) -> DocumentType:
    if zone.zone in {Zone.RESIDENT_PERMIT, Zone.EXIT_PERMIT_CHIP}:
        return _PERMITS[zone.code]
    passport = zone.code.startswith("P")
    return DocumentType.PASSPORT if passport else DocumentType.OTHER_TRAVEL_DOCUMENT


def _name(zone: Mrz) -> str:
    if not zone.surname:
        raise CardUnreadable("name in DG1")
    return f"{zone.surname}, {zone.given}" if zone.given else zone.surname


def _sex(zone: Mrz) -> Sex:
    if zone.sex not in _SEXES:
        raise CardUnreadable("sex in DG1")
    return _SEXES[zone.sex]


def _birth(zone: Mrz, holder: Holder, today: date) -> date:
    if holder.birth is None:
        return _latest(zone.birth, today, "birth")
    full = parse_date(holder.birth)
    if full is None or full > today or _disagree(zone.birth, holder.birth[2:]):
        raise CardUnreadable("birth in DG11")
    return full


def _disagree(partial: str, full: str) -> bool:
    """Tell whether two dates YYMMDD differ where the first is known."""
    return any(ours not in {"<", theirs} for ours, theirs in zip(partial, full, strict=True))


def _latest(yymmdd: str, bound: date, name: str) -> date:
    """Return the latest day with these digits that is not after ``bound``."""
    if "<" not in yymmdd:
        year = bound.year - (bound.year - int(yymmdd[:2])) % 100
        for candidate in (year, year - 100):
            day = parse_date(f"{candidate:04}{yymmdd[2:]}")
            if day is not None and day <= bound:
                return day
    raise CardUnreadable(f"{name} in DG1")
