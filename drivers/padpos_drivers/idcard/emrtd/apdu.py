"""Command and response APDUs of ISO/IEC 7816-4, short form: Chinese passports take no other."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from padpos_drivers.idcard.errors import CardLifted, CardUnreadable

Transmit = Callable[[bytes], bytes]

SUCCESS: Final = 0x9000
END_OF_FILE: Final = 0x6282  # less was there than was asked for; what was there came
NOT_FOUND: Final = 0x6A82
_MOST_RESPONSE: Final = 258


@dataclass(frozen=True, slots=True, repr=False)
class Command:
    """A command; ``le`` is how many bytes are wanted (256 for as many as there are), or None."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = b""
    le: int | None = None

    @property
    def header(self) -> bytes:
        """CLA, INS, P1, P2."""
        return bytes((self.cla, self.ins, self.p1, self.p2))

    def encode(self) -> bytes:
        """Return the bytes of the short form."""
        body = bytes((len(self.data),)) + self.data if self.data else b""
        end = b"" if self.le is None else bytes((self.le & 0xFF,))
        return self.header + body + end


@dataclass(frozen=True, slots=True, repr=False)
class Response:
    """The data of an answer, and its status word."""

    data: bytes
    status: int

    def expect(self, where: str, *allowed: int) -> bytes:
        """Return the data if the status is 9000 or one of ``allowed``; else CardUnreadable."""
        if self.status != SUCCESS and self.status not in allowed:
            raise CardUnreadable(f"{where} returned SW {self.status:04X}")
        return self.data


class Channel(Protocol):
    """Carries commands to the chip, in plain or protected."""

    def send(self, command: Command) -> Response:
        """Send one command. Raises :class:`IdCardError` where there is no believable answer."""


class PlainChannel:
    """Commands as they are, before access is established."""

    def __init__(self, transmit: Transmit) -> None:
        self._transmit = transmit

    def send(self, command: Command) -> Response:
        """Send one command."""
        return split(self._transmit(command.encode()))


def split(answer: bytes) -> Response:
    """Take an answer apart; an empty one means that the card went in the middle of it."""
    if not answer:
        raise CardLifted("exchange")
    if not 2 <= len(answer) <= _MOST_RESPONSE:
        raise CardUnreadable("length of an answer")
    return Response(answer[:-2], int.from_bytes(answer[-2:], "big"))
