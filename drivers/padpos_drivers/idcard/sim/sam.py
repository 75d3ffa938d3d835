"""A security module and the card on it, as a host sees them (GA/T 467); no line, no clock.

The state machine is that of modules in the field: a card is found once, then selected, then read;
after that it is not found again until it was lifted.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

_MARK: Final = b"\xaa\xaa\xaa\x96\x69"
_NUMBER: Final = bytes.fromhex("050001005f1a34013930000001000000")  # 05.01-20191839-0000012345-...

OK: Final = "000090"
_FOUND: Final = "00009f"
_NOTHING_THERE: Final = "000091"
_BAD_SUM: Final = "000010"
_BAD_LENGTH: Final = "000011"
_NO_SUCH_COMMAND: Final = "000021"
_READ_FAILED: Final = "000041"
_NONE_FOUND: Final = "000080"
_NONE_SELECTED: Final = "000081"


@dataclass(frozen=True, slots=True, repr=False)
class SamCard:
    """What a card holds: text of 256 bytes, photo, fingerprints, perhaps a newer address."""

    text: bytes
    photo: bytes
    fingerprints: tuple[bytes, ...] = ()
    address: bytes | None = None


def card_of_image(image: bytes, fingerprints: int = 0) -> SamCard:
    """Make a card of a storage image (lengths, text, photo) and so many made-up fingerprints."""
    text_end = 4 + int.from_bytes(image[:2], "big")
    fingers = tuple(bytes((finger,)) * 512 for finger in range(1, fingerprints + 1))
    return SamCard(image[4:text_end], image[text_end:], fingers)


@dataclass(slots=True)
class SamTraits:
    """What a module of some maker lacks or does in its own way."""

    offers_text_only: bool = True  # 30 01
    offers_address: bool = True  # 30 03
    asleep: int = 0  # requests for its number that it does not answer after power-up
    lift_on_read: bool = False  # the card goes in the middle of the next reading
    number: bytes = field(default=_NUMBER)


class Module:
    """The module: one request frame in, one answer frame out, or None for no answer at all."""

    def __init__(self, traits: SamTraits | None = None) -> None:
        self.traits = traits or SamTraits()
        self.requests = 0
        self._card: SamCard | None = None
        self._step = "none"
        self._sleeping = self.traits.asleep

    @property
    def present(self) -> bool:
        """Whether a card lies there."""
        return self._card is not None

    def lay(self, card: SamCard) -> None:
        """Lay a card, in place of any other."""
        self._card, self._step = card, "laid"

    def lift(self) -> None:
        """Take the card away."""
        self._card, self._step = None, "none"

    def answer(self, request: bytes) -> bytes | None:
        """Carry out one whole frame."""
        self.requests += 1
        counted = request[len(_MARK) :]
        if _xor(counted):
            return answer_frame(_BAD_SUM)
        if int.from_bytes(counted[:2], "big") != len(counted) - 2:
            return answer_frame(_BAD_LENGTH)
        table = {
            "10ff": self._status,
            "11ff": self._status,
            "12ff": self._identity,
            "2001": self._find,
            "2002": self._select,
            "3001": self._read_text_only,
            "3010": self._read_all,
            "3003": self._newest_address,
        }
        do = table.get(counted[2:4].hex())
        return answer_frame(_NO_SUCH_COMMAND) if do is None else do()

    def _status(self) -> bytes:
        return answer_frame(OK)

    def _identity(self) -> bytes | None:
        if self._sleeping:
            self._sleeping -= 1
            return None
        return answer_frame(OK, self.traits.number)

    def _find(self) -> bytes:
        if self._card is None or self._step == "read":
            return answer_frame(_NONE_FOUND)
        self._step = "found"
        return answer_frame(_FOUND, bytes(4))

    def _select(self) -> bytes:
        if self._card is None or self._step != "found":
            return answer_frame(_NONE_SELECTED)
        self._step = "selected"
        return answer_frame(OK, bytes(8))

    def _read_text_only(self) -> bytes:
        if not self.traits.offers_text_only:
            return answer_frame(_NO_SUCH_COMMAND)
        return self._reading(lambda card: (card.text, card.photo))

    def _read_all(self) -> bytes:
        return self._reading(lambda card: (card.text, card.photo, b"".join(card.fingerprints)))

    def _reading(self, parts_of: Callable[[SamCard], tuple[bytes, ...]]) -> bytes:
        if self.traits.lift_on_read:
            self.traits.lift_on_read = False
            self.lift()
        if self._card is None or self._step not in {"selected", "read"}:
            return answer_frame(_READ_FAILED)
        self._step = "read"
        parts = parts_of(self._card)
        lengths = b"".join(len(part).to_bytes(2, "big") for part in parts)
        return answer_frame(OK, lengths + b"".join(parts))

    def _newest_address(self) -> bytes:
        if not self.traits.offers_address:
            return answer_frame(_NO_SUCH_COMMAND)
        if self._card is None or self._step not in {"selected", "read"}:
            return answer_frame(_READ_FAILED)
        if self._card.address is None:
            return answer_frame(_NOTHING_THERE)
        return answer_frame(OK, self._card.address.ljust(70, b"\0"))


def answer_frame(status: str, data: bytes = b"") -> bytes:
    """Return an answer frame: SW1 SW2 SW3 in hexadecimal, then data."""
    body = bytes.fromhex(status) + data
    counted = (len(body) + 1).to_bytes(2, "big") + body
    return _MARK + counted + bytes([_xor(counted)])


def split_requests(received: bytearray) -> list[bytes]:
    """Take the whole request frames out of what was received; noise before a mark is dropped."""
    frames = []
    while (start := received.find(_MARK)) >= 0:
        del received[:start]
        end = 7 + int.from_bytes(received[5:7], "big")
        if len(received) < 7 or len(received) < end:
            break
        frames.append(bytes(received[:end]))
        del received[:end]
    return frames


def _xor(data: bytes) -> int:
    total = 0
    for byte in data:
        total ^= byte
    return total
