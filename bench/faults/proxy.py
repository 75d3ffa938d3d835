"""A wire that is cut: TCP between uplink and broker, broken off after so many bytes."""

import asyncio
import contextlib
import math
import socket
import struct
import threading
from random import Random

LONGEST = 600_000  # bytes
CHUNK = 65536
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close with a reset


class Proxy:
    """Carries bytes both ways in its own thread; while cuts are left, it cuts each connection."""

    def __init__(self, port: int, to_port: int, chance: Random) -> None:
        self.done = 0
        self.left = 0
        self._port, self._to_port = port, to_port
        self._chance = chance
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._ready.wait(5)

    def cut(self, number: int) -> None:
        """Cut so many connections from now on; what runs now is cut, too."""
        self.left += number

    def close(self) -> None:
        """End."""
        self._loop.call_soon_threadsafe(self._end)
        self._thread.join(5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(
            asyncio.start_server(self._connection, "127.0.0.1", self._port)
        )
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(asyncio.sleep(0))  # what was cancelled ends
        self._loop.close()

    def _end(self) -> None:
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.call_soon(self._loop.stop)

    async def _connection(self, up: asyncio.StreamReader, to_up: asyncio.StreamWriter) -> None:
        try:
            down, to_down = await asyncio.open_connection("127.0.0.1", self._to_port)
        except OSError:
            to_up.close()
            return
        budget = _Budget(int(math.exp(self._chance.uniform(0, math.log(LONGEST)))))
        ways = [
            asyncio.ensure_future(self._carry(up, to_down, budget)),
            asyncio.ensure_future(self._carry(down, to_up, budget)),
        ]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        hard = budget.spent and self._chance.random() < 0.5
        for writer in (to_up, to_down):
            _end(writer, hard=hard)

    async def _carry(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, budget: "_Budget"
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(CHUNK):
                if self.left > 0 and not budget.spent:
                    data = data[: budget.take(len(data))]
                sink.write(data)
                await sink.drain()
                if budget.spent:
                    self.left -= 1
                    self.done += 1
                    return


class _Budget:
    """The bytes that a connection may still carry, in both directions together."""

    def __init__(self, bytes_: int) -> None:
        self._left = bytes_

    @property
    def spent(self) -> bool:
        return self._left <= 0

    def take(self, wanted: int) -> int:
        taken = min(wanted, self._left)
        self._left -= taken
        return taken


def _end(writer: asyncio.StreamWriter, *, hard: bool) -> None:
    connection = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        if hard:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.close()
