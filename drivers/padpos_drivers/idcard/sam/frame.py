"""Frames of GA/T 467 between a host and the security module (SAM_V, SAM_A). Pure.

Both ways: preamble AA AA AA 96 69, a big-endian length of all that follows it, and at the end the
XOR of everything between preamble and itself. A request holds command and parameter; an answer
holds SW1 SW2 (the card's) and SW3 (the module's), then data.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import xor
from typing import Final

from padpos_drivers.idcard.errors import ReaderGarbled

PREAMBLE: Final = bytes.fromhex("AAAAAA9669")
LONGEST: Final = 0x0A00  # text, photo and two fingerprints with their header come to 0x090A
_HEAD: Final = len(PREAMBLE) + 2
_LEAST: Final = 4  # SW1 SW2 SW3 and the check byte
_NOISE: Final = 4096  # bytes that are no frame, before the line is given up


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """One answer of the module. ``data`` may be of a card: the taker wipes it."""

    sw3: int
    data: bytearray

    def wipe(self) -> None:
        """Overwrite the data."""
        self.data[:] = bytes(len(self.data))


def request(command: int, parameter: int, data: bytes = b"") -> bytes:
    """Return the whole frame of one command."""
    body = bytes((command, parameter)) + data
    counted = (len(body) + 1).to_bytes(2, "big") + body
    return PREAMBLE + counted + bytes((_check(counted),))


def parse(frame: bytes | bytearray) -> Answer:
    """Take one whole answer apart. Raises :class:`ReaderGarbled`, naming what is wrong with it."""
    if frame[: len(PREAMBLE)] != PREAMBLE:
        raise ReaderGarbled("preamble")
    length = int.from_bytes(frame[5:_HEAD], "big")
    if not _LEAST <= length <= LONGEST or len(frame) != _HEAD + length:
        raise ReaderGarbled("frame length")
    if _check(frame[5:]):
        raise ReaderGarbled("frame checksum")
    return Answer(frame[_HEAD + 2], bytearray(frame[_HEAD + 3 : -1]))


class FrameBuffer:
    """Finds one answer in bytes as they come; what is not part of a frame is passed over."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._passed = 0

    def feed(self, part: bytes | bytearray) -> bytearray | None:
        """Take more bytes; returns the frame once it is whole.

        Raises :class:`ReaderGarbled` for a length no frame has, and for noise without end.
        """
        self._bytes += part
        self._skip_noise()
        if len(self._bytes) < _HEAD:
            return None
        length = int.from_bytes(self._bytes[5:_HEAD], "big")
        if not _LEAST <= length <= LONGEST:
            raise ReaderGarbled("frame length")
        if len(self._bytes) < _HEAD + length:
            return None
        frame = self._bytes[: _HEAD + length]
        self.wipe()
        return frame

    def wipe(self) -> None:
        """Overwrite and forget what has come so far."""
        self._bytes[:] = bytes(len(self._bytes))
        self._bytes.clear()

    def _skip_noise(self) -> None:
        start = self._bytes.find(PREAMBLE)
        if start < 0:
            keep = _possible_start(self._bytes)
            start = len(self._bytes) - keep
        self._passed += start
        del self._bytes[:start]
        if self._passed > _NOISE:
            raise ReaderGarbled("noise on the line")


def _possible_start(data: bytearray) -> int:
    """Return how many bytes at the end may be the beginning of a preamble."""
    lengths = range(len(PREAMBLE) - 1, 0, -1)
    return next((length for length in lengths if data.endswith(PREAMBLE[:length])), 0)


def _check(data: Iterable[int]) -> int:
    return reduce(xor, data, 0)
