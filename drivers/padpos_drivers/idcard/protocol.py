"""The seam between the thread that owns a reader and what is said to one kind of card."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from padpos_drivers.idcard.document import IdDocument
from padpos_drivers.idcard.interface import Access, Evidence

Transmit = Callable[[bytes], bytes]
"""Sends one command APDU (2 to 261 bytes) and returns data and status word, at least two bytes.

Raises :class:`~padpos_drivers.idcard.errors.IdCardError`: ``CardLifted`` once the card went or was
reset, ``ReadTimeout`` once the time for the reading is over, ``ReaderLost`` when PC/SC failed. A
protocol lets these through: a reading is all or nothing.
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a protocol found on a card: the document, and what vouches for it and what does not."""

    document: IdDocument
    proof: Literal["chip", "chip-signed"]
    proven: tuple[Evidence, ...]
    unproven: tuple[Evidence, ...] = ()


class CardProtocol(Protocol):
    """How one kind of card is read. Called in the thread that owns the reader; keeps no state."""

    def matches(self, atr: bytes) -> bool:
        """Tell by its ATR whether a card is of this kind; the first protocol to say so has it."""

    def read(self, transmit: Transmit, access: Access | None) -> Finding:
        """Read and decode the whole card, in one transaction that the caller holds.

        ``access`` is what a person gave to open it, if anything. Raises
        :class:`~padpos_drivers.idcard.errors.IdCardError` and nothing else. Wipes what it
        buffered of the card (photo and fingerprints first of all).
        """
