"""Where each field lies in the 256-byte text block (GA/T 490), for each type of card.

All text is UTF-16LE; offsets and lengths are in bytes. The type flag is at the same place in all
layouts, and decides which of them applies.
"""

from types import MappingProxyType
from typing import Final, NamedTuple

from padpos_drivers.idcard.document import DocumentType

TEXT_LENGTH: Final = 256


class Span(NamedTuple):
    """One stretch of the text block, in bytes."""

    offset: int
    length: int


TYPE_FLAG: Final = Span(248, 2)

TYPE_OF_FLAG: Final = MappingProxyType(
    {
        "": DocumentType.CITIZEN,
        "J": DocumentType.HMT_RESIDENCE,
        "I": DocumentType.FOREIGN_PERMANENT_2017,
        "Y": DocumentType.FOREIGN_PERMANENT_2023,
    }
)

_CITIZEN: Final = {
    "name": Span(0, 30),
    "sex": Span(30, 2),
    "ethnicity_code": Span(32, 4),
    "birth": Span(36, 16),
    "address": Span(52, 70),
    "number": Span(122, 36),
    "issuer": Span(158, 30),
    "valid_from": Span(188, 16),
    "valid_until": Span(204, 16),
}
_HMT_RESIDENCE: Final = {
    "name": Span(0, 30),
    "sex": Span(30, 2),
    "birth": Span(36, 16),
    "address": Span(52, 70),
    "number": Span(122, 36),
    "issuer": Span(158, 30),
    "valid_from": Span(188, 16),
    "valid_until": Span(204, 16),
    "permit_number": Span(220, 18),
    "times_issued": Span(238, 4),
}
_FOREIGN_2017: Final = {
    "name": Span(0, 120),
    "sex": Span(120, 2),
    "number": Span(122, 30),
    "nationality": Span(152, 6),
    "chinese_name": Span(158, 30),
    "valid_from": Span(188, 16),
    "valid_until": Span(204, 16),
    "birth": Span(220, 16),
}
_FOREIGN_2023: Final = {
    "chinese_name": Span(0, 30),
    "sex": Span(30, 2),
    "birth": Span(36, 16),
    "name": Span(52, 70),
    "name_rest": Span(220, 22),  # English name, characters 36 to 46
    "number": Span(122, 36),
    "valid_from": Span(188, 16),
    "valid_until": Span(204, 16),
    "nationality": Span(242, 6),
}

LAYOUTS: Final = MappingProxyType(
    {
        DocumentType.CITIZEN: _CITIZEN,
        DocumentType.HMT_RESIDENCE: _HMT_RESIDENCE,
        DocumentType.FOREIGN_PERMANENT_2017: _FOREIGN_2017,
        DocumentType.FOREIGN_PERMANENT_2023: _FOREIGN_2023,
    }
)
