"""What stands between a client and the broker: a server on a port of its own, in its own thread."""

import asyncio
import contextlib
import socket
import ssl
import struct
import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from random import Random

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close with a reset


@dataclass(frozen=True, slots=True)
class Ends:
    """Whose line it is, its ports, and the papers to be taken by either end for the other."""

    client: str
    port: int
    broker: int
    ca: Path
    server: tuple[Path, Path]
    certificate: tuple[Path, Path]


@dataclass(frozen=True, slots=True)
class Line:
    """One end's connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def end(self, *, hard: bool) -> None:
        """Close it; hard: with a reset."""
        if not hard:
            self.writer.close()
            return
        raw = self.writer.get_extra_info("socket")
        with contextlib.suppress(OSError, AttributeError):  # None where it has gone already
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.writer.transport.abort()


class Wire(ABC):
    """Carries honestly until it is told to do so many bad things."""

    tls = False

    def __init__(self, ends: Ends, chance: Random) -> None:
        self.ends = ends
        self.chance = chance
        self.done = 0
        self.left = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._ready.wait(5)

    def begin(self, number: int) -> None:
        """So many from now on; `left` says how many are to come, `done` counts all ever."""
        self.left = number

    def close(self) -> None:
        """End."""
        self._loop.call_soon_threadsafe(self._end)
        self._thread.join(5)

    @abstractmethod
    async def carry(self, client: Line, broker: Line) -> bool:
        """Carry both ways until one connection is to end; whether with a reset."""

    def count(self) -> None:
        """One more is done."""
        self.left -= 1
        self.done += 1

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        context = _server(self.ends) if self.tls else None
        self._loop.run_until_complete(
            asyncio.start_server(self._connection, "127.0.0.1", self.ends.port, ssl=context)
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
        client = Line(up, to_up)
        try:
            context = _client(self.ends) if self.tls else None
            broker = Line(
                *await asyncio.open_connection("127.0.0.1", self.ends.broker, ssl=context)
            )
        except OSError:  # no broker there now; a TLS error is one, too
            client.end(hard=False)
            return
        hard = False
        try:
            hard = await self.carry(client, broker)
        finally:
            for line in (client, broker):
                line.end(hard=hard)


async def first_of(*ways: asyncio.Task[None]) -> None:
    """Until one has ended; then the others are ended, too."""
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


def _server(ends: Ends) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(ends.ca))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(*ends.server)
    return context


def _client(ends: Ends) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(ends.ca))
    context.check_hostname = False
    context.load_cert_chain(*ends.certificate)
    return context
