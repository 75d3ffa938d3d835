"""What the module's own status byte SW3 means (GA/T 467, as published by makers of readers)."""

from enum import IntEnum
from types import MappingProxyType
from typing import Final

from padpos_drivers.idcard.errors import (
    CardAbsent,
    CardLifted,
    CardUnknown,
    CardUnreadable,
    IdCardError,
    ReaderBroken,
    ReaderError,
    ReaderGarbled,
)


class Sw3(IntEnum):
    """The status bytes that are told apart."""

    DONE = 0x90
    CARD_FOUND = 0x9F
    NO_SUCH_CONTENT = 0x91
    CHECKSUM = 0x10
    LENGTH = 0x11
    COMMAND = 0x21
    UNRECOGNISED = 0x24
    MODULE_NOT_TRUSTED = 0x31
    CARD_NOT_TRUSTED = 0x32
    INFORMATION = 0x33
    WRONG_CARD = 0x40
    READ_FAILED = 0x41
    NO_RANDOM = 0x47
    SELF_TEST = 0x60
    NOT_AUTHORISED = 0x66
    NOT_FOUND = 0x80
    NOT_SELECTED = 0x81


NOT_OFFERED: Final = frozenset({Sw3.COMMAND, Sw3.UNRECOGNISED})

_FAULTS: Final = MappingProxyType[int, type[IdCardError]](
    {
        Sw3.CHECKSUM: ReaderGarbled,
        Sw3.LENGTH: ReaderGarbled,
        Sw3.MODULE_NOT_TRUSTED: CardUnreadable,
        Sw3.CARD_NOT_TRUSTED: CardUnreadable,
        Sw3.INFORMATION: CardUnreadable,
        Sw3.WRONG_CARD: CardUnknown,
        Sw3.READ_FAILED: CardLifted,
        Sw3.NO_RANDOM: CardUnreadable,
        Sw3.SELF_TEST: ReaderBroken,
        Sw3.NOT_AUTHORISED: ReaderBroken,
        Sw3.NOT_FOUND: CardAbsent,
        Sw3.NOT_SELECTED: CardAbsent,
    }
)


def fault(sw3: int, step: str) -> IdCardError:
    """Return the error that a status byte other than success means."""
    return _FAULTS.get(sw3, ReaderError)(f"{step} returned status {sw3:02X}")
