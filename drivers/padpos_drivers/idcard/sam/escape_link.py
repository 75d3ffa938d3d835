"""The module inside a CCID reader, reached by escape commands (SCardControl)."""

import contextlib
from collections.abc import Iterator
from typing import Protocol

from padpos_drivers.idcard import pcsc
from padpos_drivers.idcard.errors import ReaderGarbled
from padpos_drivers.idcard.sam.frame import FrameBuffer


class Control(Protocol):
    """What carries one escape command to the reader and brings its answer."""

    def control(self, data: bytes) -> bytearray:
        """Send; blocks until the answer is there. Raises IdCardError."""


class EscapeLink:
    """One frame in an escape command, one frame in its answer."""

    def __init__(self, reader: Control) -> None:
        self._reader = reader

    def exchange(self, frame: bytes, _seconds: float, _length: int) -> bytearray:
        """Send a frame; the driver's own time limits hold, and the watchdog's beyond them."""
        raw = self._reader.control(frame)
        found = FrameBuffer()
        try:
            answer = found.feed(raw)
        finally:
            found.wipe()
            raw[:] = bytes(len(raw))
        if answer is None:
            raise ReaderGarbled("escape answer")
        return answer


class EscapePort:
    """A CCID reader by name, connected to without a card."""

    def __init__(self, reader_name: str) -> None:
        self._reader_name = reader_name

    @contextlib.contextmanager
    def open(self) -> Iterator[EscapeLink]:
        """Connect to the reader itself. Raises IdCardError."""
        with pcsc.established() as context:
            name = pcsc.choose(context.readers(), self._reader_name)
            with context.direct(name) as module:
                yield EscapeLink(module)
