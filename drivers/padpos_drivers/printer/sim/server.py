"""The simulated printer's TCP port: one host at a time, as network printers do it."""

import asyncio
import contextlib
import select
import socket
import struct

from .machine import Machine

READ_SIZE = 4096
RECEIVE_BUFFER = 16 * 1024
QUESTION_RESERVE = 256
"""Bytes each new connection may deliver even while the buffer is full, so that a printer that is
out of paper can still be asked how it is."""
LOOK_AGAIN = 0.02


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 lets the system choose."""
    server = socket.create_server((host, port), backlog=4)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    server.setblocking(False)
    return server


class LineServer:
    """Accepts hosts one after the other and hands their bytes to the machine."""

    def __init__(self, machine: Machine, server: socket.socket) -> None:
        self._machine = machine
        self._server = server
        self._host: socket.socket | None = None
        self._reading: asyncio.Task[None] | None = None
        self._counted = 0

    @property
    def connected(self) -> bool:
        """Whether a host is connected now."""
        return self._host is not None

    async def run(self) -> None:
        """Serve until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            host, _ = await loop.sock_accept(self._server)
            host.setblocking(False)
            host.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._host = host
            self._counted = 0
            self._machine.new_line()
            self._machine.send = self._send
            self._reading = loop.create_task(self._read(host))
            try:
                await asyncio.wait([self._reading])
            finally:
                self._reading.cancel()
                self._machine.send = None
                self._host = None
                host.close()

    async def arm_drop(self, after_bytes: int | None) -> None:
        """From now on, reset every connection after that many more bytes; None stops this."""
        self._machine.faults.drop_after = after_bytes
        self._counted = 0
        if after_bytes == 0:
            await self.drop()

    async def drop(self) -> None:
        """Reset the connection, if there is one."""
        if self._host is None or self._reading is None:
            return
        _reset_on_close(self._host)
        self._reading.cancel()
        await asyncio.wait([self._reading])

    def _send(self, data: bytes) -> None:
        if self._host is not None:
            with contextlib.suppress(OSError):  # a host that is gone hears nothing
                self._host.send(data)

    async def _read(self, host: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        got = 0
        with contextlib.suppress(OSError):
            while not self._is_dropped(host):
                room = max(self._machine.room, QUESTION_RESERVE - got)
                if room <= 0:
                    if _is_gone(host):
                        return
                    await asyncio.sleep(LOOK_AGAIN)
                    continue
                data = await loop.sock_recv(host, min(room, self._until_drop(), READ_SIZE))
                if not data:
                    return
                got += len(data)
                self._counted += len(data)
                await self._machine.receive(data)

    def _until_drop(self) -> int:
        limit = self._machine.faults.drop_after
        return READ_SIZE if limit is None else limit - self._counted

    def _is_dropped(self, host: socket.socket) -> bool:
        if self._until_drop() > 0:
            return False
        _reset_on_close(host)
        return True


def _reset_on_close(host: socket.socket) -> None:
    host.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _is_gone(host: socket.socket) -> bool:
    poll = select.poll()
    poll.register(host, 0)
    return bool(poll.poll(0))
