"""What a person typed or a camera scanned, made ready for the strict parser.

Repairs only what can be meant in one way: letters read where only digits can stand. The check
digits then judge.
"""

from typing import Final

from padpos_drivers.idcard.emrtd import mrz
from padpos_drivers.idcard.emrtd.errors import MrzInvalid
from padpos_drivers.idcard.emrtd.places import Places, zone_of

_MOST_CHARACTERS: Final = 200
_FIELDS: Final = 3
_FILLERS: Final = str.maketrans({"«": "<<", "‹": "<", "＜": "<", "〈": "<"})
_DIGITS: Final = str.maketrans("OQDILZSBG", "000112586")


def key_of(text: str) -> bytes:
    """Return the MRZ information from a whole zone, or from number, birth and expiry.

    The three fields are parted by blanks or line ends, dates YYMMDD. Raises
    :class:`MrzInvalid`.
    """
    if len(text) > _MOST_CHARACTERS:
        raise MrzInvalid("length")
    words = text.upper().translate(_FILLERS).split()
    zone = "".join(words)
    kind = zone_of(zone)
    if kind is not None:
        return mrz.parse(_with_digits(zone, kind.value)).key
    if len(words) != _FIELDS:
        raise MrzInvalid("length")
    number, birth, expiry = words
    return mrz.key_of_fields(number, birth.translate(_DIGITS), expiry.translate(_DIGITS))


def _with_digits(zone: str, places: Places) -> str:
    """Turn letters into the digits they resemble, in dates and check digits."""
    characters = list(zone)
    for start, end in _digit_spans(places):
        characters[start:end] = zone[start:end].translate(_DIGITS)
    return "".join(characters)


def _digit_spans(places: Places) -> list[tuple[int, int]]:
    spans = [(places.birth, places.birth + 7), (places.expiry, places.expiry + 7)]
    spans.append((places.number + 9, places.number + 10))
    if places.composite:
        spans.append((places.composite_check, places.composite_check + 1))
    return spans
