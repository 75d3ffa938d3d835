"""Reading a card that a PC/SC reader with a security module shows as a storage card.

The reader finds, selects and authenticates the card by itself and then offers the decrypted data
through READ BINARY pseudo-APDUs (PC/SC part 3): ``FF B0 page 00 00``, pages of 256 bytes.
"""

from functools import reduce
from operator import xor
from typing import Final

from padpos_drivers.idcard.decode import STORAGE_LENGTH, decode_storage
from padpos_drivers.idcard.errors import CardUnreadable
from padpos_drivers.idcard.interface import Access, Evidence
from padpos_drivers.idcard.protocol import Finding, Transmit

PAGE_LENGTH: Final = 256
_SUCCESS: Final = b"\x90\x00"
# PC/SC part 3, storage-card ATR: 8 historical bytes of identification, RID of the PC/SC workgroup,
# standard 07 (ISO 14443 B part 3), card name FF B0, reserved bytes, TCK.
_PART_3: Final = bytes.fromhex("3B8F8001804F0CA00000030607FFB0")
_PART_3_LENGTH: Final = 20


def is_storage_atr(atr: bytes) -> bool:
    """Tell whether an ATR is one that an ID card shows behind a reader with a security module.

    Two are known: the PC/SC part 3 ATR with card name FF B0, and a vendor's own that is
    recognised by 90 00 at bytes 13 and 14.
    """
    if atr.startswith(_PART_3):
        return len(atr) == _PART_3_LENGTH and reduce(xor, atr[1:]) == 0
    return atr[:1] in {b"\x3b", b"\x3f"} and atr[13:15] == _SUCCESS


class StorageProtocol:
    """The ID card as a reader with a security module shows it to PC/SC."""

    def matches(self, atr: bytes) -> bool:
        """Tell whether the ATR is that of an ID card shown as storage."""
        return is_storage_atr(atr)

    def read(self, transmit: Transmit, _access: Access | None) -> Finding:
        """Read all pages and decode them; photo and text are wiped behind it."""
        image = read_image(transmit)
        try:
            document = decode_storage(image)
        finally:
            wipe(image)
        return Finding(document, "chip", (Evidence.SECURITY_MODULE,))


def read_image(transmit: Transmit) -> bytearray:
    """Read all pages and return the whole storage image; the caller wipes it after use.

    Raises :class:`CardUnreadable` for a refused page or one of a wrong length. Nothing of an
    incomplete image is kept.
    """
    image = bytearray()
    try:
        for page in range(-(-STORAGE_LENGTH // PAGE_LENGTH)):
            image += _read_page(transmit, page)
    except BaseException:
        wipe(image)
        raise
    return image


def wipe(buffer: bytearray) -> None:
    """Overwrite a buffer that held card content."""
    buffer[:] = bytes(len(buffer))


def _read_page(transmit: Transmit, page: int) -> bytes:
    answer = transmit(bytes((0xFF, 0xB0, page, 0x00, 0x00)))
    status = answer[-2:]
    if status != _SUCCESS:
        raise CardUnreadable(f"page {page} returned SW {status.hex().upper()}")
    if len(answer) - 2 != min(PAGE_LENGTH, STORAGE_LENGTH - page * PAGE_LENGTH):
        raise CardUnreadable(f"length of page {page}")
    return answer[:-2]
