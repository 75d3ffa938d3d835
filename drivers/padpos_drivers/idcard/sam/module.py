"""The security module as an object: its commands, over any link that carries frames."""

from dataclasses import dataclass
from typing import Final, Protocol

from padpos_drivers.idcard.errors import ReaderGarbled
from padpos_drivers.idcard.sam.frame import Answer, parse, request
from padpos_drivers.idcard.sam.status import NOT_OFFERED, Sw3, fault

_STATUS: Final = request(0x11, 0xFF)
_IDENTITY: Final = request(0x12, 0xFF)
_FIND: Final = request(0x20, 0x01)
_SELECT: Final = request(0x20, 0x02)
_READ: Final = request(0x30, 0x01)
_READ_WITH_FINGERPRINTS: Final = request(0x30, 0x10)
_NEWEST_ADDRESS: Final = request(0x30, 0x03)

# Most data bytes an answer has: one that fits is no late answer to an earlier reading.
_MOST: Final = {_STATUS: 0, _IDENTITY: 16, _FIND: 8, _SELECT: 16, _NEWEST_ADDRESS: 280}
_LEAST_OF_A_CARD: Final = 260

# Seconds the module may think, the time on the wire left out; the field's own are 0.1 to 3.
_QUICK: Final = 0.5
_LONGEST: Final = 3.0

_SHORT: Final = 64
_TEXT_AND_PHOTO: Final = 1295
_WITH_FINGERPRINTS: Final = 2321


class Link(Protocol):
    """What carries one frame to the module and its answer back."""

    def exchange(self, frame: bytes, seconds: float, length: int) -> bytearray:
        """Send a frame and return the whole answer frame; the caller wipes it.

        The module may think for ``seconds``; a serial link adds the time that ``length`` bytes
        take on the wire. Raises ``ReadTimeout``, ``ReaderGarbled``, ``ReaderLost`` and such.
        """


@dataclass(frozen=True, slots=True)
class Identity:
    """A module's own number, by which it is licensed (a device's, nobody's)."""

    number: str


class SecurityModule:
    """A SAM_V or SAM_A module behind a link. Every method raises IdCardError."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._fingerprints_too = False

    def check(self, seconds: float = _QUICK) -> None:
        """Ask for the module's status."""
        _done(self._ask(_STATUS, seconds), "status")

    def identity(self) -> Identity:
        """Return the module's number in the form that is printed on it."""
        data = _done(self._ask(_IDENTITY), "identity").data
        if len(data) != 16:
            raise ReaderGarbled("length of the module's number")
        first, second = (int.from_bytes(data[at : at + 2], "little") for at in (0, 2))
        third, *rest = (int.from_bytes(data[at : at + 4], "little") for at in (4, 8, 12))
        tail = "-".join(f"{part:010d}" for part in rest)
        return Identity(f"{first:02d}.{second:02d}-{third}-{tail}")

    def find(self) -> bool:
        """Look for a card: True for one that lies there anew; the same is not found twice."""
        sw3 = self._ask(_FIND).sw3
        if sw3 in {Sw3.CARD_FOUND, Sw3.DONE}:
            return True
        if sw3 == Sw3.NOT_FOUND:
            return False
        raise fault(sw3, "find")

    def select(self) -> bool:
        """Select the card that was found; False if it went meanwhile."""
        sw3 = self._ask(_SELECT).sw3
        if sw3 == Sw3.DONE:
            return True
        if sw3 == Sw3.NOT_SELECTED:
            return False
        raise fault(sw3, "select")

    def probe(self) -> bool | None:
        """Tell whether the selected card still lies there; None where the module cannot say.

        Asks for the newest address, which few cards have, and forgets it.
        """
        answer = self._ask(_NEWEST_ADDRESS)
        answer.wipe()
        if answer.sw3 in NOT_OFFERED:
            return None
        return answer.sw3 in {Sw3.DONE, Sw3.NO_SUCH_CONTENT}

    def read(self, seconds: float) -> bytearray:
        """Read the selected card: lengths, text, photo, perhaps fingerprints. The caller wipes it.

        Modules that only offer the reading with fingerprints are asked for that.
        """
        if not self._fingerprints_too:
            answer = self._ask(_READ, seconds, _TEXT_AND_PHOTO)
            if answer.sw3 not in NOT_OFFERED:
                return _done(answer, "read").data
            self._fingerprints_too = True
        return _done(self._ask(_READ_WITH_FINGERPRINTS, seconds, _WITH_FINGERPRINTS), "read").data

    def _ask(self, frame: bytes, seconds: float = _QUICK, length: int = _SHORT) -> Answer:
        raw = self._link.exchange(frame, max(0.0, min(seconds, _LONGEST)), length)
        try:
            answer = parse(raw)
        finally:
            raw[:] = bytes(len(raw))
        most = _MOST.get(frame)
        size = len(answer.data)
        if size > most if most is not None else 0 < size < _LEAST_OF_A_CARD:
            answer.wipe()
            raise ReaderGarbled("an answer to another question")
        return answer


def _done(answer: Answer, step: str) -> Answer:
    if answer.sw3 != Sw3.DONE:
        answer.wipe()
        raise fault(answer.sw3, step)
    return answer
