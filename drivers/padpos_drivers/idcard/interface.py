"""What every ID-card reader offers, whatever hardware is behind it."""

from concurrent.futures import Future
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Final, Literal, Protocol

from padpos_drivers.idcard.document import IdDocument

_CAN_LENGTH: Final = 6


class ReaderEvent(Enum):
    """What a reader reports by itself.

    A reader is taken to be there, and empty, until it says otherwise. ``READER_LOST`` comes once
    when it is found missing and ``READER_HUNG`` once when a call into it does not return;
    ``READER_BACK`` only after one of them. ``CARD_REMOVED`` is only sent for a removal that was
    seen, or when the reader is back and empty: a card that lies there when the reader is back is
    ``CARD_PRESENT`` again, and may be the one from before.
    """

    CARD_PRESENT = "card-present"
    CARD_REMOVED = "card-removed"
    READER_LOST = "reader-lost"
    READER_BACK = "reader-back"
    READER_HUNG = "reader-hung"


class Evidence(StrEnum):
    """What can vouch for a document."""

    SECURITY_MODULE = "security-module"  # GA/T 467: module and card authenticated each other
    BASIC_ACCESS = "basic-access"  # ICAO 9303-11: the printed lines open the chip (BAC)
    PACE = "pace"  # ICAO 9303-11: the same, or the printed number, by PACE
    DATA_HASHES = "data-hashes"  # ICAO 9303-11: what was read is what the SOD lists
    SIGNER_SIGNATURE = "signer-signature"  # ICAO 9303-11: the SOD is signed by its signer
    SIGNER_VALIDITY = "signer-validity"  # ICAO 9303-12: the signer was valid then, and is now
    ISSUER_SIGNATURE = "issuer-signature"  # ICAO 9303-12: a known CSCA vouches for the signer
    ISSUING_STATE = "issuing-state"  # ICAO 9303-12: that CSCA is of the state the document names


@dataclass(frozen=True, slots=True, repr=False)
class Access:
    """What a person gives to open a travel document; empty text for what is not given.

    ``mrz`` is the machine-readable zone as typed or scanned, lines apart or not; ``can`` the
    six-digit card access number. Shows nothing of them as text.
    """

    mrz: str = ""
    can: str = ""

    @classmethod
    def given(cls, text: str) -> "Access":
        """Take what came through one field: six characters are the number, all else the lines."""
        text = text.strip()
        return cls(can=text) if len(text) == _CAN_LENGTH else cls(mrz=text)


@dataclass(frozen=True, slots=True)
class CardReading:
    """One whole reading of one card.

    ``proof`` is "chip" for a document read through the security module or from a chip whose
    issuer's signature was not proven, "chip-signed" where the signature chain holds; ``proven``
    and ``unproven`` say it piece by piece. ``milliseconds`` runs from the start of connecting to
    the decoded document.
    """

    document: IdDocument
    proof: Literal["chip", "chip-signed"]
    milliseconds: float
    proven: tuple[Evidence, ...] = ()
    unproven: tuple[Evidence, ...] = ()


class IdReader(Protocol):
    """A reader of ID cards. Events arrive in the reader's own threads and must return at once."""

    def start(self) -> None:
        """Begin to watch the reader."""

    def stop(self) -> None:
        """End watching; readings not yet begun fail with ``ReaderStopped``."""

    def read(self, timeout: float, access: Access | None = None) -> "Future[CardReading]":
        """Ask for one reading of the card that lies on the reader.

        The future ends within ``timeout`` seconds, with a reading or an
        :class:`~padpos_drivers.idcard.errors.IdCardError`, even if the hardware hangs.
        ``access`` opens a travel document; ID cards need none.
        """
