"""Writing DER and BER-TLV, as far as chips and their issuers need it."""

from collections.abc import Iterable
from datetime import datetime


def tlv(tag: int, *parts: bytes) -> bytes:
    """Return one object."""
    value = b"".join(parts)
    if len(value) < 128:
        length = bytes([len(value)])
    else:
        digits = f"{len(value):x}"
        octets = bytes.fromhex(digits.zfill(len(digits) + len(digits) % 2))
        length = bytes([128 + len(octets)]) + octets
    return bytes.fromhex(f"{tag:04x}" if tag > 255 else f"{tag:02x}") + length + value


def sequence(*parts: bytes) -> bytes:
    """Return a SEQUENCE."""
    return tlv(0x30, *parts)


def set_of(parts: Iterable[bytes]) -> bytes:
    """Return a SET OF, sorted as DER wants it."""
    return tlv(0x31, *sorted(parts))


def integer(value: int) -> bytes:
    """Return an INTEGER that is not negative."""
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def octets(value: bytes) -> bytes:
    """Return an OCTET STRING."""
    return tlv(0x04, value)


def utc_time(moment: datetime) -> bytes:
    """Return a UTCTime."""
    return tlv(0x17, moment.strftime("%y%m%d%H%M%SZ").encode())


def oid(dotted: str) -> bytes:
    """Return an OBJECT IDENTIFIER."""
    first, second, *rest = (int(part) for part in dotted.split("."))
    return tlv(0x06, b"".join(_base_128(arc) for arc in (40 * first + second, *rest)))


def _base_128(arc: int) -> bytes:
    groups = [arc & 0x7F]
    while arc := arc >> 7:
        groups.insert(0, arc & 0x7F | 0x80)
    return bytes(groups)


def parse(data: bytes) -> dict[int, bytes]:
    """Return objects by tag; raises ValueError or IndexError where ``data`` is not made of them."""
    found: dict[int, bytes] = {}
    while data:
        size = 2 if data[0] & 31 == 31 else 1
        tag, data = int.from_bytes(data[:size], "big"), data[size:]
        length, data = data[0], data[1:]
        if length > 128:
            count = length - 128
            length, data = int.from_bytes(data[:count], "big"), data[count:]
        if length > len(data):
            raise ValueError("object cut short")
        found[tag], data = data[:length], data[length:]
    return found
