"""What a card says, once read and checked."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final


class DocumentType(StrEnum):
    """Kinds of document: the four ID cards, and travel documents with a chip (ICAO 9303)."""

    CITIZEN = "citizen"  # 居民身份证
    HMT_RESIDENCE = "hmt-residence"  # 港澳台居民居住证, type flag J
    FOREIGN_PERMANENT_2017 = "foreign-permanent-2017"  # 外国人永久居留身份证, type flag I
    FOREIGN_PERMANENT_2023 = "foreign-permanent-2023"  # the same, five-star card, type flag Y
    PASSPORT = "passport"  # 护照, of any state
    HM_RESIDENT_PERMIT = "hm-resident-permit"  # 港澳居民来往内地通行证, code CR
    TW_RESIDENT_PERMIT = "tw-resident-permit"  # 台湾居民来往大陆通行证, code CT
    HM_EXIT_PERMIT = "hm-exit-permit"  # 往来港澳通行证, code CS
    TW_EXIT_PERMIT = "tw-exit-permit"  # 往来台湾通行证, code CD
    OTHER_TRAVEL_DOCUMENT = "other-travel-document"  # any other of ICAO's, national cards say


class Sex(StrEnum):
    """Sex codes of GB/T 2261.1."""

    UNKNOWN = "0"
    MALE = "1"
    FEMALE = "2"
    NOT_STATED = "9"


_COMMON: Final = ("name", "sex", "birth", "number", "valid_from", "valid_until")
_TRAVEL: Final = ("issuer", "nationality", "chinese_name")
_OF_TYPE: Final = {
    DocumentType.CITIZEN: ("ethnicity_code", "address", "issuer"),
    DocumentType.HMT_RESIDENCE: ("address", "issuer", "permit_number", "times_issued"),
    DocumentType.FOREIGN_PERMANENT_2017: ("chinese_name", "nationality"),
    DocumentType.FOREIGN_PERMANENT_2023: ("chinese_name", "nationality"),
    DocumentType.PASSPORT: _TRAVEL,
    DocumentType.HM_RESIDENT_PERMIT: _TRAVEL,
    DocumentType.TW_RESIDENT_PERMIT: _TRAVEL,
    DocumentType.HM_EXIT_PERMIT: _TRAVEL,
    DocumentType.TW_EXIT_PERMIT: _TRAVEL,
    DocumentType.OTHER_TRAVEL_DOCUMENT: _TRAVEL,
}


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class IdDocument:
    """One identity document as its chip states it (GA/T 490; ICAO Doc 9303 part 10).

    ``valid_until`` is None for 长期 (no end), ``valid_from`` where the chip does not say. Photo
    and fingerprints are never part of it. Its text form shows the type only, so that it can
    stand in a log line by accident.
    """

    type: DocumentType
    name: str
    sex: Sex
    birth: date
    number: str
    valid_from: date | None
    valid_until: date | None
    ethnicity_code: str | None = None  # GB/T 3304, citizens
    address: str | None = None  # citizens and residence permits
    issuer: str | None = None  # the police; of travel documents the state, as three letters
    permit_number: str | None = None  # residence permits: the travel permit it belongs to
    times_issued: str | None = None  # residence permits: two digits
    chinese_name: str | None = None  # where the name is in letters; None when there is none
    nationality: str | None = None  # foreigners and travel documents: three letters, GB/T 2659

    def as_dict(self) -> dict[str, str | None]:
        """Return the fields this type of document has, dates as YYYYMMDD, no end as None."""
        values: dict[str, str | None] = {"type": self.type.value}
        for key in _COMMON + _OF_TYPE[self.type]:
            values[key] = _plain(getattr(self, key))
        return values

    def __repr__(self) -> str:
        return f"<IdDocument {self.type.value}>"


def _plain(value: str | date | None) -> str | None:
    if value is None:
        return None
    return value.isoformat().replace("-", "") if isinstance(value, date) else str(value)
