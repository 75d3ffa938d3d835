"""What can go wrong between a card and an :class:`IdDocument`.

Every error has a stable ``code`` for screens and records and an English message for the person at
the counter. Neither ever holds card content: an error says *where* reading failed, never what
stood there.
"""

from typing import ClassVar


class IdCardError(Exception):
    """Root of every error of this package.

    ``where`` names the step or field that failed; it is empty when there is nothing to add.
    """

    code: ClassVar[str] = "id-card-error"
    advice: ClassVar[str] = "The ID card could not be read."

    def __init__(self, where: str = "") -> None:
        self.where = where
        super().__init__(f"{self.advice} ({where})" if where else self.advice)


class CardLifted(IdCardError):
    """The card left the reader, or was reset, before all of it was read; nothing was kept."""

    code = "card-lifted"
    advice = "The card was lifted too early. Lay it down again and leave it until the signal."


class CardAbsent(CardLifted):
    """No card lies on the reader."""

    code = "card-absent"
    advice = "There is no card on the reader. Lay the card down and leave it until the signal."


class CardUnreadable(IdCardError):
    """The card answered, but with something that is not a whole and consistent document."""

    code = "card-unreadable"
    advice = "The card could not be read. Lay it down again; if it fails twice, use another way."


class NumberInvalid(CardUnreadable):
    """The document number fails its check (GB 11643) or contradicts the printed fields."""

    code = "number-invalid"
    advice = "The number on this card is not valid. Do not accept the card; call the supervisor."


class CardUnknown(IdCardError):
    """The card is of no kind this terminal can read."""

    code = "card-unknown"
    advice = "This is not a card the terminal can read. Lay down an ID card."


class ReaderError(IdCardError):
    """Root of the faults of the reader, as opposed to those of the card."""

    code = "reader-error"
    advice = "The ID-card reader does not work."


class ReaderLost(ReaderError):
    """The reader or the PC/SC service is gone; the driver keeps looking for it."""

    code = "reader-lost"
    advice = "The ID-card reader is not connected. Check its cable; it is found again by itself."


class ReaderHung(ReaderError):
    """A call into the reader does not return; nothing can end it but the reader or its service."""

    code = "reader-hung"
    advice = "The ID-card reader hangs. Unplug it and plug it in again, or go on without it."


class ReaderGarbled(ReaderError):
    """The reader answered, but not with a frame of its protocol, or with a wrong checksum."""

    code = "reader-garbled"
    advice = (
        "The line to the ID-card reader is disturbed. Lay the card down again, or check the cable."
    )


class ReaderBroken(ReaderError):
    """The security module says that it takes no commands: self-test failed, or not authorised."""

    code = "reader-broken"
    advice = "The security module of the ID-card reader is out of order. Call the technician."


class EscapeOff(ReaderError):
    """The CCID driver passes no escape commands: bit 0 of ``ifdDriverOptions`` is not set."""

    code = "escape-off"
    advice = "The reader's driver lets nothing through to its security module. Call the technician."


class ReaderBusy(ReaderError):
    """Another program holds the card exclusively."""

    code = "reader-busy"
    advice = "Another program is using the ID-card reader. Close it and lay the card down again."


class ReaderForbidden(ReaderError):
    """The PC/SC service refuses this user (polkit: access_pcsc, access_card)."""

    code = "reader-forbidden"
    advice = "This program may not use the ID-card reader. Call the technician."


class ReaderStopped(ReaderError):
    """The driver is not running: not started yet, or already stopped."""

    code = "reader-stopped"
    advice = "The ID-card reader is switched off in this program."


class ReadTimeout(ReaderError):
    """The reader gave no answer in the time the caller allowed."""

    code = "read-timeout"
    advice = "The ID-card reader does not answer. Lay the card down again, or unplug the reader."
