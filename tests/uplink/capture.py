"""What goes over a loopback port, as anybody on the line would see it: AF_PACKET, packet(7)."""

from __future__ import annotations

import base64
import ctypes
import select
import socket
import struct
import threading
from collections.abc import Iterable, Iterator
from types import TracebackType

ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be", "gb18030")
EVERYTHING = 3  # ETH_P_ALL
SOL_PACKET, PACKET_STATISTICS, SO_RCVBUFFORCE, SO_ATTACH_FILTER = 263, 6, 33, 26
BUFFER = 64 << 20
LEAST = 6  # bytes: less would turn up by chance in what is sealed


class Capture:
    """Records both directions of every TCP connection to one port while it is entered.

    Raises PermissionError on entering where raw sockets are not permitted (CAP_NET_RAW).
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._pieces: dict[tuple[int, int], dict[int, bytes]] = {}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.dropped = 0

    def __enter__(self) -> Capture:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(EVERYTHING))
        self._socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
        _attach(self._socket, only_tcp(self._port))
        self._socket.bind(("lo", EVERYTHING))
        self._socket.settimeout(0.1)
        self._thread.start()
        return self

    def __exit__(
        self, _t: type[BaseException] | None, _e: BaseException | None, _b: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join(10)
        counted = self._socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8)
        self.dropped = struct.unpack("II", counted)[1]
        self._socket.close()

    @property
    def streams(self) -> list[bytes]:
        """What was sent each way of each connection, put together in its order."""
        return [b"".join(_in_order(pieces)) for pieces in self._pieces.values()]

    def _run(self) -> None:
        while not self._is_over():
            try:
                frame, (_, _, kind, *_) = self._socket.recvfrom(1 << 17)
            except TimeoutError:
                continue
            if kind != socket.PACKET_OUTGOING:  # on loopback each packet is seen both ways
                self._take(frame[14:])

    def _is_over(self) -> bool:
        return self._done.is_set() and not select.select([self._socket], [], [], 0.1)[0]

    def _take(self, packet: bytes) -> None:
        if packet[:1] != b"\x45" or packet[9] != socket.IPPROTO_TCP:  # IPv4 without options
            return
        tcp = packet[20 : int.from_bytes(packet[2:4]) or None]  # 0: larger than 16 bits tell
        ports = struct.unpack("!HH", tcp[:4])
        data = tcp[(tcp[12] >> 4) * 4 :]
        if self._port in ports and data:
            self._pieces.setdefault(ports, {})[int.from_bytes(tcp[4:8])] = data


def only_tcp(port: int) -> bytes:
    """A filter for the kernel (classic BPF): TCP over IPv4, without options, to or from a port."""
    load_half, load_byte, if_equal, end = 0x28, 0x30, 0x15, 0x06
    steps = (
        (load_half, 0, 0, 12), (if_equal, 0, 7, 0x0800),
        (load_byte, 0, 0, 23), (if_equal, 0, 5, socket.IPPROTO_TCP),
        (load_half, 0, 0, 34), (if_equal, 2, 0, port),
        (load_half, 0, 0, 36), (if_equal, 0, 1, port),
        (end, 0, 0, 1 << 18), (end, 0, 0, 0),
    )  # fmt: skip
    return b"".join(struct.pack("HBBI", *step) for step in steps)


def _attach(to: socket.socket, program: bytes) -> None:
    kept = ctypes.create_string_buffer(program, len(program))
    described = struct.pack("HL", len(program) // 8, ctypes.addressof(kept))
    to.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, described)


def _in_order(pieces: dict[int, bytes]) -> Iterator[bytes]:
    # A port is not used again here, and no stream is long enough for its numbers to wrap twice.
    first = min(pieces, key=lambda seq: (seq - next(iter(pieces)) + (1 << 31)) % (1 << 32))
    at = 0
    for seq in sorted(pieces, key=lambda seq: (seq - first) % (1 << 32)):
        here = (seq - first) % (1 << 32)
        yield pieces[seq][max(0, at - here) :]
        at = max(at, here + len(pieces[seq]))


def needles(texts: Iterable[str], raw: Iterable[bytes] = ()) -> dict[bytes, str]:
    """Every form in which a text (or bytes) could be read: bytes to look for, and what they are."""
    plain = {
        text.encode(encoding): f"{text} in {encoding}" for text in texts for encoding in ENCODINGS
    }
    plain |= dict.fromkeys(raw, "bytes of a photo")
    forms: dict[bytes, str] = {}
    for content, what in plain.items():
        forms[content] = what
        forms[content.hex().encode()] = f"{what}, hex"
        forms[content.hex().upper().encode()] = f"{what}, hex"
        for shift in range(3):
            forms[_base64(content, shift)] = f"{what}, base64"
    return {form: what for form, what in forms.items() if len(form) >= LEAST}


def found(haystacks: Iterable[bytes], forms: dict[bytes, str]) -> list[str]:
    """Which of the forms are there."""
    return sorted({what for hay in haystacks for form, what in forms.items() if form in hay})


def _base64(content: bytes, shift: int) -> bytes:
    # As it stands in a longer text, whatever precedes and follows: only whole groups of its own.
    coded = base64.b64encode(bytes(shift) + content)
    first = 0 if shift == 0 else 4
    return coded[first : len(coded) - (4 if (shift + len(content)) % 3 else 0)]
