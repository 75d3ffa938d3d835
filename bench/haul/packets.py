"""A publisher that costs next to nothing: MQTT 3.1.1 packets made ahead, one blocking socket.

A client library would take its share of the two processors from the brokers between which the
peer's messages travel; this one is to be as cheap as the ledger's link is beside our uplink.
"""

import socket

CONNACK, PUBACK = 0x20, 0x40
_QOS_1 = 0x32


class Publisher:
    """One connection. Packets are written as given; answers are counted, not kept."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(_packet(0x10, _text("MQTT") + b"\x04\x02\x00\x00" + _text("bench")))
        if self._socket.recv(4, socket.MSG_WAITALL)[:1] != bytes([CONNACK]):
            raise ConnectionError("the local broker refused the bench's publisher")

    def send(self, packet: bytes) -> None:
        """Write one packet."""
        self._socket.sendall(packet)

    def taken(self, number: int) -> None:
        """Wait for so many PUBACKs, of four bytes each."""
        left = 4 * number
        while left:
            got = len(self._socket.recv(left))
            if not got:
                raise ConnectionError("the local broker ended the connection")
            left -= got

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()


def publish(topic: str, number: int, payload: bytes) -> bytes:
    """A PUBLISH of QoS 1; packet identifiers are from 1 to 65,535."""
    return _packet(_QOS_1, _text(topic) + (number % 0xFFFF + 1).to_bytes(2) + payload)


def _packet(kind: int, body: bytes) -> bytes:
    left, length = len(body), bytearray()
    while True:
        left, digit = divmod(left, 128)
        length.append(digit | (0x80 if left else 0))
        if not left:
            return bytes([kind]) + bytes(length) + body


def _text(text: str) -> bytes:
    return len(text).to_bytes(2) + text.encode()
