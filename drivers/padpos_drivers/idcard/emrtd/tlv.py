"""BER-TLV data objects of ISO/IEC 7816-4, as chips send them: one pass, bounded, no recursion.

Tags of one or two bytes, definite lengths of up to three bytes: Doc 9303 uses no others.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from padpos_drivers.idcard.errors import CardUnreadable

_MOST_OBJECTS: Final = 64
_LONG_TAG: Final = 0x1F
HEADER_LENGTH: Final = 4  # bytes of a file that tell how long it is: tag and up to 3 of length


@dataclass(frozen=True, slots=True, repr=False)
class DataObject:
    """One data object; its text form would show card content, so there is none."""

    tag: int
    value: bytes


def objects(data: bytes, where: str) -> Iterator[DataObject]:
    """Yield the data objects that ``data`` is made of, at most 64.

    Raises :class:`CardUnreadable` naming ``where`` for anything left over or cut short.
    """
    offset = 0
    for _ in range(_MOST_OBJECTS):
        if offset == len(data):
            return
        tag, offset = _tag(data, offset, where)
        length, offset = _length(data, offset, where)
        if length > len(data) - offset:
            raise CardUnreadable(f"length in {where}")
        yield DataObject(tag, data[offset : offset + length])
        offset += length
    if offset != len(data):
        raise CardUnreadable(f"too many objects in {where}")


def only(data: bytes, tag: int, where: str) -> bytes:
    """Return the value of the one object that ``data`` is, which must have this tag."""
    found = list(objects(data, where))
    if len(found) != 1 or found[0].tag != tag:
        raise CardUnreadable(f"tag in {where}")
    return found[0].value


def by_tag(data: bytes, where: str) -> dict[int, bytes]:
    """Return the objects in ``data`` by tag; a tag that stands twice is refused."""
    found: dict[int, bytes] = {}
    for item in objects(data, where):
        if item.tag in found:
            raise CardUnreadable(f"tag twice in {where}")
        found[item.tag] = item.value
    return found


def total_length(head: bytes, where: str) -> int:
    """Return the length of a whole object, header included, from its first four bytes."""
    _, offset = _tag(head, 0, where)
    length, offset = _length(head, offset, where)
    return offset + length


def encode(tag: int, value: bytes) -> bytes:
    """Return a data object with the shortest length field."""
    size = len(value)
    head = tag.to_bytes(2 if tag > 0xFF else 1, "big")
    if size < 0x80:
        return head + bytes((size,)) + value
    width = (size.bit_length() + 7) // 8
    return head + bytes((0x80 | width,)) + size.to_bytes(width, "big") + value


def _tag(data: bytes, offset: int, where: str) -> tuple[int, int]:
    width = 2 if data[offset : offset + 1] and data[offset] & _LONG_TAG == _LONG_TAG else 1
    if len(data) - offset < width:
        raise CardUnreadable(f"tag in {where}")
    if width == 2 and data[offset + 1] & 0x80:
        raise CardUnreadable(f"tag in {where}")
    return int.from_bytes(data[offset : offset + width], "big"), offset + width


def _length(data: bytes, offset: int, where: str) -> tuple[int, int]:
    first = data[offset] if offset < len(data) else 0x80
    if first < 0x80:
        return first, offset + 1
    width = first & 0x7F
    if not 1 <= width <= 3 or len(data) - offset - 1 < width:
        raise CardUnreadable(f"length in {where}")
    return int.from_bytes(data[offset + 1 : offset + 1 + width], "big"), offset + 1 + width
