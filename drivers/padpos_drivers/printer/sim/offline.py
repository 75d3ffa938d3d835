"""Burn a stream of bytes without sockets, clocks or faults."""

import asyncio

from .interpreter import DOTS_PER_INCH, Interpreter
from .paper import Piece, Roll


class _Memory:
    def __init__(self, data: bytes, roll: Roll) -> None:
        self._data = data
        self._at = 0
        self._roll = roll

    async def take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        if len(taken) < count:
            raise EOFError
        self._at += count
        self._roll.consumed += taken
        return taken


class _Mechanism:
    """Always online, and as fast as it can."""

    def __init__(self, roll: Roll, row_limit: int) -> None:
        self._roll = roll
        self._left = row_limit
        self.replies = bytearray()
        self.settings: list[int] = []

    async def ready(self) -> None:
        return

    async def burn(self, row: bytes) -> None:
        self._left -= 1
        if self._left < 0:
            raise EOFError
        self._roll.append(row)

    async def cut(self) -> None:
        self._roll.cut()

    def raster_begins(self) -> None:
        return

    def reply(self, data: bytes) -> None:
        self.replies += data

    def push_status_on_change(self, mask: int) -> None:
        self.settings.append(mask)

    def tell_offline(self, level: int) -> None:
        self.settings.append(level)

    def sensor_byte(self) -> int:
        return 0

    def process_id(self, process_id: bytes) -> None:
        self.replies += b"\x37\x22" + process_id + b"\0"


def burn(
    data: bytes,
    width: int = 832,
    *,
    row_limit: int = 100_000,
    feed_units: int = DOTS_PER_INCH,
) -> list[Piece]:
    """The pieces of paper that `data` makes on a head of `width` dots.

    What is still under the head at the end is torn off as a last, incomplete piece. Stops after
    `row_limit` rows. `feed_units` are the steps per inch of ESC J before GS P.
    """
    roll = Roll(width)
    interpreter = Interpreter(_Memory(data, roll), _Mechanism(roll, row_limit), width, feed_units)
    try:
        asyncio.run(interpreter.run())
    except EOFError:
        roll.tear()
    return roll.pieces
