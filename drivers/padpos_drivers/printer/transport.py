"""The line to a printer: bytes out, bytes in, and an honest count of what was accepted.

No retries and no buffers of its own: a byte is either accepted by the operating system or still
with the caller. Accepted does not mean printed; only the printer's own word means that.
"""

import contextlib
import select
import socket
import struct
import time
from dataclasses import dataclass
from typing import Protocol

from .errors import ConnectionLost, PrinterUnreachable

READ_SIZE = 4096


@dataclass(frozen=True, slots=True)
class Exchange:
    """What one turn on the line moved: `accepted` bytes out, `received` bytes in."""

    accepted: int = 0
    received: bytes = b""


class Transport(Protocol):
    """An open line to one printer; USB and serial lines fit the same shape."""

    def exchange(self, outgoing: memoryview, timeout: float) -> Exchange:
        """Move what can be moved now, in both directions; wait at most `timeout` seconds for it.

        Returns as soon as anything moved. Raises ConnectionLost when the line is gone; bytes
        accepted by earlier turns stay accepted.
        """

    def close(self) -> None:
        """Let the printer have what was accepted, and hang up."""

    def abort(self) -> None:
        """Hang up at once, and take back what the operating system still holds."""


class TransportFactory(Protocol):
    """Opens a line; called once per job."""

    def __call__(self, timeout: float) -> Transport:
        """Connect within `timeout` seconds, or raise PrinterUnreachable."""


class TcpTransport:
    """A raw TCP line, usually port 9100.

    The send buffer is kept small, so that the count of accepted bytes follows the paper instead
    of running a whole label ahead of it.
    """

    SEND_BUFFER = 16 * 1024

    def __init__(self, host: str, port: int = 9100, timeout: float = 3.0) -> None:
        """Connect within `timeout` seconds, or raise PrinterUnreachable."""
        deadline = time.monotonic() + timeout
        try:
            self._socket = _connect(host, port, deadline, self.SEND_BUFFER)
        except OSError as error:
            raise PrinterUnreachable from error

    def exchange(self, outgoing: memoryview, timeout: float) -> Exchange:
        """See Transport.exchange."""
        poll = select.poll()
        poll.register(self._socket, select.POLLIN | (select.POLLOUT if outgoing else 0))
        try:
            events = sum(event for _, event in poll.poll(max(0, int(timeout * 1000 + 0.999))))
            # Read first: what the printer said before it hung up still counts.
            received = self._receive() if events & ~select.POLLOUT else b""
        except OSError as error:
            raise ConnectionLost from error
        return Exchange(self._send(outgoing) if events & select.POLLOUT else 0, received)

    def _send(self, outgoing: memoryview) -> int:
        # A line that fails here fails again in the next turn's read, which reports it; raising
        # now would lose what this turn received.
        with contextlib.suppress(OSError):
            return self._socket.send(outgoing)
        return 0

    def _receive(self) -> bytes:
        received = self._socket.recv(READ_SIZE)
        if not received:
            raise ConnectionLost
        return received

    def close(self) -> None:
        """See Transport.close."""
        self._socket.close()

    def abort(self) -> None:
        """See Transport.abort; the printer sees a reset."""
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()


def _connect(host: str, port: int, deadline: float, send_buffer: int) -> socket.socket:
    failure: OSError = TimeoutError()
    for family, kind, protocol, _, address in socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM
    ):
        line = socket.socket(family, kind, protocol)
        try:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line.settimeout(max(0.001, deadline - time.monotonic()))
            line.connect(address)
        except OSError as error:
            line.close()
            failure = error
            continue
        line.setblocking(False)
        return line
    raise failure


@dataclass(frozen=True, slots=True)
class TcpPrinterAddress:
    """Where a network printer is; calling it opens a line (a TransportFactory)."""

    host: str
    port: int = 9100

    def __call__(self, timeout: float) -> TcpTransport:
        """Connect within `timeout` seconds, or raise PrinterUnreachable."""
        return TcpTransport(self.host, self.port, timeout)
