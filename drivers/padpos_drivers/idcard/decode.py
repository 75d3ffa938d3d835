"""From the bytes of a card to an :class:`IdDocument`. Pure: no I/O, no clock.

Field layouts: GA/T 490. The photo in a storage image is passed over, never copied.
"""

from collections.abc import Callable
from datetime import date
from typing import Final, TypedDict

from padpos_drivers.idcard.document import DocumentType, IdDocument, Sex
from padpos_drivers.idcard.errors import CardUnknown, CardUnreadable, NumberInvalid
from padpos_drivers.idcard.fields import Block, FieldReader, padded_text
from padpos_drivers.idcard.layouts import LAYOUTS, TEXT_LENGTH, TYPE_FLAG, TYPE_OF_FLAG
from padpos_drivers.idcard.number import parse_number

STORAGE_LENGTH: Final = 1284  # header 4, text 256, photo 1024
_HEADER: Final = bytes.fromhex("01000400")  # u16 text length, u16 photo length, big-endian

_LETTERS_3: Final = "[A-Z]{3}"
_ETHNICITY: Final = "[0-9]{2}"
_NUMBER_2017: Final = "[A-Z]{3}[0-9]{12}"


class _Common(TypedDict):
    type: DocumentType
    sex: Sex
    birth: date
    valid_from: date
    valid_until: date | None


def decode_storage(image: Block) -> IdDocument:
    """Decode what a storage-style reader returns: ``01 00 04 00``, text, photo; 1284 bytes.

    Raises :class:`CardUnreadable`, :class:`NumberInvalid` or :class:`CardUnknown`.
    """
    if len(image) != STORAGE_LENGTH:
        raise CardUnreadable("length")
    if image[:4] != _HEADER:
        raise CardUnreadable("header")
    return decode_text(image[4 : 4 + TEXT_LENGTH])


def decode_sam(data: Block) -> IdDocument:
    """Decode what a security module answers to a reading (GA/T 467): lengths, text, photo and more.

    The lengths, two or three of them, say what follows: one or two fingerprints of 512 bytes each
    may, and are passed over like the photo. Raises as :func:`decode_storage` does.
    """
    for count in (2, 3):
        lengths = [int.from_bytes(data[at : at + 2], "big") for at in range(0, 2 * count, 2)]
        if len(data) == 2 * count + sum(lengths) and lengths[0] == TEXT_LENGTH:
            return decode_text(data[2 * count : 2 * count + TEXT_LENGTH])
    raise CardUnreadable("lengths in the header")


def decode_text(block: Block) -> IdDocument:
    """Decode one 256-byte text block of any of the four layouts.

    Raises :class:`CardUnreadable` naming the first field that is wrong, :class:`NumberInvalid`
    for a number that fails its check or contradicts birth or sex, and :class:`CardUnknown` for
    a type flag that no layout has.
    """
    if len(block) != TEXT_LENGTH:
        raise CardUnreadable("length")
    kind = TYPE_OF_FLAG.get(padded_text(block, TYPE_FLAG, "type"))
    if kind is None:
        raise CardUnknown("type field")
    return _DECODERS[kind](FieldReader(block, LAYOUTS[kind]))


def _common(kind: DocumentType, fields: FieldReader) -> _Common:
    birth = fields.day("birth")
    start, end = fields.day("valid_from"), fields.end_day("valid_until")
    if birth > start or (end is not None and end < start):
        raise CardUnreadable("order of dates")
    return {
        "type": kind,
        "sex": fields.sex(),
        "birth": birth,
        "valid_from": start,
        "valid_until": end,
    }


def _citizen(fields: FieldReader) -> IdDocument:
    common = _common(DocumentType.CITIZEN, fields)
    return IdDocument(
        **common,
        name=fields.text("name"),
        number=_checked_number(fields, common, sex_too=True),
        ethnicity_code=fields.matching("ethnicity_code", _ETHNICITY),
        address=fields.text("address"),
        issuer=fields.text("issuer"),
    )


def _hmt_residence(fields: FieldReader) -> IdDocument:
    common = _common(DocumentType.HMT_RESIDENCE, fields)
    return IdDocument(
        **common,
        name=fields.text("name"),
        number=_checked_number(fields, common, sex_too=False),
        address=fields.text("address"),
        issuer=fields.text("issuer"),
        permit_number=fields.optional("permit_number"),
        times_issued=fields.optional("times_issued"),
    )


def _foreign_2017(fields: FieldReader) -> IdDocument:
    return IdDocument(
        **_common(DocumentType.FOREIGN_PERMANENT_2017, fields),
        name=fields.text("name"),
        number=fields.matching("number", _NUMBER_2017),
        chinese_name=fields.optional("chinese_name"),
        nationality=fields.matching("nationality", _LETTERS_3),
    )


def _foreign_2023(fields: FieldReader) -> IdDocument:
    common = _common(DocumentType.FOREIGN_PERMANENT_2023, fields)
    return IdDocument(
        **common,
        name=fields.name_in_two_parts(),
        number=_checked_number(fields, common, sex_too=False),
        chinese_name=fields.optional("chinese_name"),
        nationality=fields.matching("nationality", _LETTERS_3),
    )


def _checked_number(fields: FieldReader, common: _Common, *, sex_too: bool) -> str:
    """Return the number; only for citizens is the sex digit sure to agree with the sex field."""
    number = fields.text("number")
    parts = parse_number(number)
    if parts.birth != common["birth"]:
        raise NumberInvalid("number and birth field disagree")
    stated = common["sex"]
    if sex_too and stated in {Sex.MALE, Sex.FEMALE} and parts.sex is not stated:
        raise NumberInvalid("number and sex field disagree")
    return number


_DECODERS: Final[dict[DocumentType, Callable[[FieldReader], IdDocument]]] = {
    DocumentType.CITIZEN: _citizen,
    DocumentType.HMT_RESIDENCE: _hmt_residence,
    DocumentType.FOREIGN_PERMANENT_2017: _foreign_2017,
    DocumentType.FOREIGN_PERMANENT_2023: _foreign_2023,
}
