"""The simulated printer behind its socket: input buffer, sensors, head, and its faults."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .health import Health
from .interpreter import Interpreter
from .paper import PaperReport, Piece, Roll, save
from .realtime import RealTimeKind, RealTimeScanner

BUFFER_BYTES = 64 * 1024
DOTS_PER_MM = 8
ROWS_PER_BREATH = 64
LONGEST_LEAD = 0.005


@dataclass(slots=True)
class Faults:
    """What the printer was told to do wrong; stays until it is told otherwise."""

    silent: bool = False
    silent_from_raster: bool = False
    wrong_ids: bool = False
    drop_after: int | None = None


class Machine:
    """The printer; a server feeds `receive`, and sets `send` to what takes its answers."""

    def __init__(self, out: Path, width: int, head_speed: float, feed_units: int) -> None:
        self.out = out
        self.health = Health()
        self.faults = Faults()
        self.papers: list[PaperReport] = []
        self.received = 0
        self.send: Callable[[bytes], None] | None = None
        self._rows_per_second = head_speed * DOTS_PER_MM
        self._feed_units = feed_units
        self._buffer = bytearray()
        self._changed = asyncio.Condition()
        self._scanner = RealTimeScanner()
        self._roll = Roll(width)
        self._interpreter = Interpreter(self, self, width, feed_units)
        self._task: asyncio.Task[None] | None = None
        self._status_mask = 0
        self._offline_level = 0
        self._last_push = b""
        self._due = 0.0
        self._burnt = 0

    # --- life -----------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to work on what is received; needs a running event loop."""
        width = self._roll.width
        self._interpreter = Interpreter(self, self, width, self._feed_units)
        self._task = asyncio.get_running_loop().create_task(self._interpreter.run())
        # An error of the simulator itself has to be seen, not waited for.
        self._task.add_done_callback(lambda task: task.cancelled() or task.result())

    async def stop(self) -> None:
        """Stop working, in the middle of whatever it is."""
        if self._task is None:
            return
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._task = None

    async def restart(self, keep: bytes = b"") -> None:
        """Forget everything that is not on paper yet, and go on with `keep`."""
        await self.stop()
        self._buffer[:] = keep
        self.start()
        await self.notify()

    async def power_cycle(self) -> None:
        """Off and on: buffer and settings are lost, the paper under way is torn off by hand."""
        await self.stop()
        self._status_mask = self._offline_level = 0
        self._keep(self._roll.tear())
        await self.restart()

    async def notify(self) -> None:
        """Wake up whoever waits for bytes, room or a change of health."""
        async with self._changed:
            self._changed.notify_all()

    # --- receiver -------------------------------------------------------------------------------

    @property
    def room(self) -> int:
        """Bytes that the input buffer still takes."""
        return max(0, BUFFER_BYTES - len(self._buffer))

    @property
    def buffered(self) -> int:
        """Bytes received and not worked on."""
        return len(self._buffer)

    @property
    def rows_under_way(self) -> int:
        """Rows on the paper since the last cut."""
        return self._roll.rows

    @property
    def counters(self) -> dict[str, int]:
        """Commands nobody knows, and characters printed as text, since the last restart."""
        return {"unknown": self._interpreter.unknown, "text": self._interpreter.text}

    def new_line(self) -> None:
        """A new connection: the receiver starts looking afresh."""
        self._scanner = RealTimeScanner()

    async def receive(self, data: bytes) -> None:
        """Take bytes from the line; real-time commands are obeyed at once."""
        self.received += len(data)
        done = 0
        for command in self._scanner.feed(data):
            self._buffer += data[done : command.end]
            done = max(done, command.end)
            if command.kind is RealTimeKind.STATUS:
                self.reply(self.health.real_time(command.parameter))
            elif command.kind is RealTimeKind.CLEAR:
                await self.restart()
                self.reply(b"\x37\x25\0")
            elif command.kind is RealTimeKind.RECOVER and command.parameter == 2:
                await self.restart()
        self._buffer += data[done:]
        await self.notify()

    # --- sensors --------------------------------------------------------------------------------

    async def health_changed(self) -> None:
        """Push what the host asked to be told, and let the head go on or stop."""
        self._push_status()
        await self.notify()

    async def load_paper(self) -> None:
        """A new, endless roll."""
        self._keep(self._roll.change())
        self.health.rows_left = None
        await self.health_changed()

    def _push_status(self) -> None:
        packet = self.health.auto_status()
        if packet == self._last_push:
            return
        self._last_push = packet
        if self._status_mask:
            self.reply(packet)
        if self._offline_level and not self.health.online:
            self.reply(self.health.offline_notice(self._offline_level))

    # --- what the interpreter needs (Source and Mechanism) --------------------------------------

    async def take(self, count: int) -> bytes:
        """See interpreter.Source."""
        if len(self._buffer) < count:
            async with self._changed:
                await self._changed.wait_for(lambda: len(self._buffer) >= count)
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        self._roll.consumed += taken
        return taken

    async def ready(self) -> None:
        """See interpreter.Mechanism."""
        if not self.health.online:
            async with self._changed:
                await self._changed.wait_for(lambda: self.health.online)

    async def burn(self, row: bytes) -> None:
        """See interpreter.Mechanism."""
        await self.ready()
        self._roll.append(row)
        if self.health.rows_left is not None:
            self.health.rows_left -= 1
            if self.health.paper_out:
                self._push_status()
        await self._pace()

    async def cut(self) -> None:
        """See interpreter.Mechanism."""
        await self.ready()
        self._keep(self._roll.cut())

    def raster_begins(self) -> None:
        """See interpreter.Mechanism."""
        if self.faults.silent_from_raster:
            self.faults.silent = True

    def reply(self, data: bytes) -> None:
        """See interpreter.Mechanism."""
        if self.send and not self.faults.silent:
            self.send(data)

    def push_status_on_change(self, mask: int) -> None:
        """See interpreter.Mechanism; switching it on tells the status at once."""
        self._status_mask = mask
        if mask:
            self._last_push = self.health.auto_status()
            self.reply(self._last_push)

    def tell_offline(self, level: int) -> None:
        """See interpreter.Mechanism."""
        self._offline_level = level

    def sensor_byte(self) -> int:
        """See interpreter.Mechanism."""
        return self.health.sensor_byte()

    def process_id(self, process_id: bytes) -> None:
        """See interpreter.Mechanism; a lying printer names another job."""
        if self.faults.wrong_ids:
            process_id = b"1234" if process_id != b"1234" else b"4321"
        self.reply(b"\x37\x22" + process_id + b"\0")

    async def _pace(self) -> None:
        self._burnt += 1
        if not self._rows_per_second:
            if self._burnt % ROWS_PER_BREATH == 0:
                await asyncio.sleep(0)
            return
        now = time.monotonic()
        self._due = max(self._due, now) + 1 / self._rows_per_second
        if self._due - now > LONGEST_LEAD:
            await asyncio.sleep(self._due - now)

    def _keep(self, piece: Piece | None) -> None:
        if piece is not None:
            self.papers.append(save(piece, self._roll.width, self.out))
