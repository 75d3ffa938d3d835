"""Data groups of Doc 9303-10: what is taken from them, and no more. The photo is never read."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from padpos_drivers.idcard.emrtd import mrz
from padpos_drivers.idcard.emrtd.errors import MrzInvalid
from padpos_drivers.idcard.emrtd.tlv import objects, only
from padpos_drivers.idcard.errors import CardUnreadable

_COM, _DG1, _DG11 = 0x60, 0x61, 0x6B
_TAG_LIST, _MRZ, _NAME, _BIRTH = 0x5C, 0x5F1F, 0x5F0E, 0x5F2B
_HAN: Final = re.compile("[\u3400-\u9fff\ue000-\ufaff\U00020000-\U0003ffff\U000f0000-\U0010ffff]")


@dataclass(frozen=True, slots=True, repr=False)
class Holder:
    """What DG11 adds: the name in Chinese characters, and the birth as YYYYMMDD."""

    chinese_name: str | None = None
    birth: str | None = None


def has_dg11(com: bytes) -> bool:
    """Tell from EF.COM whether the chip says it has DG11."""
    for item in objects(only(com, _COM, "EF.COM"), "EF.COM"):
        if item.tag == _TAG_LIST:
            return _DG11 in item.value
    return False


def read_dg1(content: bytes) -> mrz.Mrz:
    """Return the zone in DG1, which must pass all its check digits."""
    text = only(only(content, _DG1, "DG1"), _MRZ, "DG1")
    fault = "DG1"
    try:
        return mrz.parse(text.decode("ascii", "replace"))
    except MrzInvalid as error:
        fault = f"{error.where} in DG1"
    raise CardUnreadable(fault)


def read_dg11(content: bytes) -> Holder:
    """Return what DG11 states of its holder; what it lacks is None."""
    name = birth = None
    for item in objects(only(content, _DG11, "DG11"), "DG11"):
        if item.tag == _NAME:
            name = _chinese(item.value)
        elif item.tag == _BIRTH:
            birth = _full_date(item.value)
    return Holder(name, birth)


def _chinese(raw: bytes) -> str | None:
    """Return a name if it has Chinese characters; ``<`` only parts surname and given name."""
    text = raw.decode("utf-8", "replace")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in text):
        raise CardUnreadable("name in DG11")
    if "\ufffd" in text:
        raise CardUnreadable("name in DG11")
    return "".join(text.replace("<", " ").split()) if _HAN.search(text) else None


def _full_date(raw: bytes) -> str | None:
    """Return YYYYMMDD from eight ASCII digits or four bytes of BCD; None for anything less."""
    text = raw.hex() if len(raw) == 4 else raw.decode("ascii", "replace")
    return text if re.fullmatch("[0-9]{8}", text) else None
