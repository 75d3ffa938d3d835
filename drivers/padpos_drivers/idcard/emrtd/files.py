"""Selecting and reading a chip's files by short APDUs (Doc 9303-10 §3.6)."""

from enum import Enum
from typing import Final

from padpos_drivers.idcard.emrtd.apdu import END_OF_FILE, NOT_FOUND, SUCCESS, Channel, Command
from padpos_drivers.idcard.emrtd.tlv import HEADER_LENGTH, total_length
from padpos_drivers.idcard.errors import CardUnreadable

_SELECT_APPLICATION: Final = Command(0x00, 0xA4, 0x04, 0x0C, bytes.fromhex("A0000002471001"))
_MASTER_FILE: Final = bytes.fromhex("3F00")
# What still fits one short answer, encrypted and protected, with either block length.
_AT_ONCE: Final = 0xDF
_FARTHEST: Final = 0x7FFF  # READ BINARY has 15 bits for the offset
_ABSENT: Final = frozenset({NOT_FOUND, 0x6A81, 0x6A86, 0x6900, 0x6982, 0x6985, 0x6D00, 0x6E00})


class File(Enum):
    """The files read here: identifier, and the most bytes it may have."""

    CARD_ACCESS = (0x011C, 4096)
    COM = (0x011E, 256)
    DG1 = (0x0101, 256)
    DG11 = (0x010B, _FARTHEST)
    SOD = (0x011D, _FARTHEST)


def select_application(channel: Channel) -> None:
    """Select the travel document's application, which must be there."""
    channel.send(_SELECT_APPLICATION).expect("selecting the application")


def has_application(channel: Channel) -> bool:
    """Select the application if there is one: without it a card is no travel document."""
    return channel.send(_SELECT_APPLICATION).status == SUCCESS


def card_access(channel: Channel) -> bytes | None:
    """Return EF.CardAccess, which lies beside the application; None where there is none.

    Some chips know no way up to the master file but stand there anyway: its answer says nothing.
    """
    channel.send(Command(0x00, 0xA4, 0x00, 0x0C, _MASTER_FILE))
    return read(channel, File.CARD_ACCESS)


def read(channel: Channel, file: File) -> bytes | None:
    """Return a whole file, or None where there is none.

    Raises :class:`CardUnreadable` for one that claims to be longer than it may be, or ends early.
    """
    identifier, most = file.value
    where = f"EF.{file.name}"
    selected = channel.send(Command(0x00, 0xA4, 0x02, 0x0C, identifier.to_bytes(2, "big")))
    if selected.status in _ABSENT:
        return None
    selected.expect(f"selecting {where}")
    content = bytearray(_piece(channel, 0, HEADER_LENGTH, where))
    length = total_length(bytes(content), where)
    if not len(content) <= length <= most:
        raise CardUnreadable(f"length of {where}")
    while len(content) < length:
        content += _piece(channel, len(content), min(_AT_ONCE, length - len(content)), where)
    return bytes(content)


def _piece(channel: Channel, offset: int, length: int, where: str) -> bytes:
    """Read from 1 to ``length`` bytes at an offset below 32768."""
    command = Command(0x00, 0xB0, offset >> 8, offset & 0xFF, le=length)
    data = channel.send(command).expect(f"reading {where}", END_OF_FILE)
    if not 1 <= len(data) <= length:
        raise CardUnreadable(f"length of {where}")
    return data
