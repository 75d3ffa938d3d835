"""The card's end of vpcd's wire protocol.

TCP; each message is a 16-bit big-endian length and a payload. A payload of one byte is a control:
00 power off, 01 power on, 02 reset, 04 get ATR, and only 04 is answered. All else is an APDU.
"""

import socket
import time
from collections.abc import Callable
from typing import Final

_GET_ATR: Final = b"\x04"
_RETRY_SECONDS: Final = 0.05

Answer = Callable[[bytes], bytes | None]


def dial(port: int, given_up: Callable[[], bool]) -> socket.socket | None:
    """Connect to vpcd on loopback, however long it takes to listen; None once given up."""
    while not given_up():
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=None)
        except OSError:
            time.sleep(_RETRY_SECONDS)
    return None


def serve(peer: socket.socket, atr: bytes, answer: Answer) -> None:
    """Answer messages until vpcd hangs up, or ``answer`` returns None (the card is gone)."""
    while (message := _receive(peer)) is not None:
        if len(message) > 1:
            reply = answer(message)
            if reply is None:
                return
        elif message == _GET_ATR:
            reply = atr
        else:
            continue
        peer.sendall(len(reply).to_bytes(2, "big") + reply)


def _receive(peer: socket.socket) -> bytes | None:
    header = _exactly(peer, 2)
    return None if header is None else _exactly(peer, int.from_bytes(header, "big"))


def _exactly(peer: socket.socket, length: int) -> bytes | None:
    data = bytearray()
    while len(data) < length:
        # vpcd sends length and body apart; Nagle then waits for our ACK, 40 ms unless it is quick.
        # The option does not last: the kernel drops it by itself.
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        part = peer.recv(length - len(data))
        if not part:
            return None
        data += part
    return bytes(data)
