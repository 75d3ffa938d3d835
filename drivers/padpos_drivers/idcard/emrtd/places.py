"""Where the fields of a machine-readable zone stand, its lines written one after the other.

ICAO Doc 9303 part 4 (TD3), part 5 (TD1), part 6 (TD2). The mainland permits have places of their
own (GA/T 704): seen in two readers' published sources, not in the standard's text.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final


@dataclass(frozen=True, slots=True)
class Places:
    """Offsets of the fields; number, birth and expiry are each followed by a check digit.

    ``composite`` lists the spans that the check digit at ``composite_check`` runs over;
    ``overflow`` is where a document number of more than nine characters goes on. What a zone
    lacks is None, and its issuer is then China.
    """

    length: int
    number: int
    birth: int
    expiry: int
    sex: int | None
    name: tuple[int, int] | None
    issuer: int | None = None
    nationality: int | None = None
    overflow: tuple[int, int] | None = None
    composite: tuple[tuple[int, int], ...] = ()
    composite_check: int = 0


class Zone(Enum):
    """The kinds of machine-readable zone."""

    TD1 = Places(
        length=90,
        issuer=2,
        number=5,
        overflow=(15, 30),
        birth=30,
        sex=37,
        expiry=38,
        nationality=45,
        name=(60, 90),
        composite=((5, 37), (38, 45), (48, 59)),
        composite_check=59,
    )
    TD2 = Places(
        length=72,
        issuer=2,
        name=(5, 36),
        number=36,
        nationality=46,
        birth=49,
        sex=56,
        expiry=57,
        overflow=(64, 71),
        composite=((36, 46), (49, 56), (57, 71)),
        composite_check=71,
    )
    TD3 = Places(
        length=88,
        issuer=2,
        name=(5, 44),
        number=44,
        nationality=54,
        birth=57,
        sex=64,
        expiry=65,
        composite=((44, 54), (57, 64), (65, 87)),
        composite_check=87,
    )
    # CR 港澳居民来往内地通行证, CT 台湾居民来往大陆通行证: three lines, all keys in the first.
    RESIDENT_PERMIT = Places(length=90, number=2, expiry=15, sex=22, birth=23, name=(60, 90))
    # CS 往来港澳通行证, CD 往来台湾通行证: one line on the card, three in the chip.
    EXIT_PERMIT_LINE = Places(length=30, number=2, expiry=13, birth=21, sex=None, name=None)
    EXIT_PERMIT_CHIP = Places(length=90, number=2, expiry=13, birth=21, sex=60, name=(42, 60))


RESIDENT_PERMITS: Final = frozenset({"CR", "CT"})
EXIT_PERMITS: Final = frozenset({"CS", "CD"})


def zone_of(text: str) -> Zone | None:
    """Tell the kind of zone by its length, its code, and digits where ICAO has the issuer."""
    if len(text) in _BY_LENGTH:
        return _BY_LENGTH[len(text)]
    if len(text) != Zone.TD1.value.length:
        return None
    if any(character.isdigit() for character in text[2:5]):
        return _PERMIT_OF_CODE.get(text[:2])
    return Zone.TD1


_BY_LENGTH: Final = {72: Zone.TD2, 88: Zone.TD3, 30: Zone.EXIT_PERMIT_LINE}
_PERMIT_OF_CODE: Final = {
    **dict.fromkeys(RESIDENT_PERMITS, Zone.RESIDENT_PERMIT),
    **dict.fromkeys(EXIT_PERMITS, Zone.EXIT_PERMIT_CHIP),
}
