"""What every ID-card reader offers, whatever hardware is behind it."""

from concurrent.futures import Future
from dataclasses import dataclass
from enum import Enum
from typing import Literal, Protocol

from padpos_drivers.idcard.document import IdDocument


class ReaderEvent(Enum):
    """What a reader reports by itself.

    A reader is taken to be there, and empty, until it says otherwise: ``READER_LOST`` comes once
    when it is found missing, ``READER_BACK`` only after that. A card lying on a lost reader
    counts as removed, and ``CARD_REMOVED`` is sent first.
    """

    CARD_PRESENT = "card-present"
    CARD_REMOVED = "card-removed"
    READER_LOST = "reader-lost"
    READER_BACK = "reader-back"


@dataclass(frozen=True, slots=True)
class CardReading:
    """One whole reading of one card.

    ``proof`` says what vouches for the document: "chip" means it was read through the security
    module. ``milliseconds`` runs from the start of connecting to the decoded document.
    """

    document: IdDocument
    proof: Literal["chip"]
    milliseconds: float


class IdReader(Protocol):
    """A reader of ID cards. Events arrive in the reader's own thread and must return at once."""

    def start(self) -> None:
        """Begin to watch the reader."""

    def stop(self) -> None:
        """End watching; readings not yet begun fail with ``ReaderStopped``."""

    def read(self, timeout: float) -> "Future[CardReading]":
        """Ask for one reading of the card that lies on the reader.

        The future ends within ``timeout`` seconds, with a reading or an
        :class:`~padpos_drivers.idcard.errors.IdCardError`, even if the hardware hangs.
        """
