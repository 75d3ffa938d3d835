"""Real-time commands, found where a printer's receiver finds them: anywhere in the stream.

A serial-style firmware looks at bytes as they arrive, before it knows what they belong to; so it
also sees DLE EOT n in the middle of a raster, and answers. The bytes stay in the stream.
"""

from dataclasses import dataclass
from enum import Enum

_CLEAR = b"\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"


class RealTimeKind(Enum):
    """What a real-time command asks for."""

    STATUS = "DLE EOT"
    RECOVER = "DLE ENQ"
    CLEAR = "DLE DC4 8"
    OTHER = "DLE DC4"


@dataclass(frozen=True, slots=True)
class RealTime:
    """A real-time command; `end` is the offset in the fed bytes just behind it."""

    kind: RealTimeKind
    parameter: int
    end: int


class RealTimeScanner:
    """Finds real-time commands in a stream, however it is cut into packets."""

    def __init__(self) -> None:
        self._tail = b""

    def feed(self, data: bytes) -> list[RealTime]:
        """The commands that are complete now."""
        window = self._tail + data
        before = len(self._tail)
        found: list[RealTime] = []
        at = window.find(0x10)
        while at >= 0:
            length, kind = _measure(window[at : at + len(_CLEAR)])
            if length is None:
                break
            if kind is not None:
                found.append(RealTime(kind, window[at + 2], at + length - before))
            at = window.find(0x10, at + length)
        self._tail = window[at:] if at >= 0 else b""
        return found


_BY_SECOND = {
    0x04: RealTimeKind.STATUS,
    0x05: RealTimeKind.RECOVER,
    0x14: RealTimeKind.OTHER,
}


def _measure(start: bytes) -> tuple[int | None, RealTimeKind | None]:
    """Length and kind of what begins with DLE; (None, None) if more bytes are needed."""
    if len(start) >= 2 and start[1] not in _BY_SECOND:
        return 1, None
    if start == _CLEAR:
        return len(_CLEAR), RealTimeKind.CLEAR
    if len(start) < 3 or _CLEAR.startswith(start):
        return None, None
    return 3, _BY_SECOND[start[1]]
