"""MQTT 5 packets as far as a liar needs them (OASIS MQTT 5.0, §2, §3): read, taken apart, made."""

import asyncio
from dataclasses import dataclass
from enum import IntEnum


class Type(IntEnum):
    """Control packet types, §2.1.2."""

    CONNECT = 1
    PUBLISH = 3
    PUBACK = 4
    SUBSCRIBE = 8
    SUBACK = 9
    PINGREQ = 12
    DISCONNECT = 14


PINGRESP = b"\xd0\x00"
PUBACK_REFUSALS = (0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99)  # §3.4.2.1
DISCONNECTS = (0x80, 0x81, 0x82, 0x87, 0x89, 0x8B, 0x8E, 0x93, 0x95, 0x96, 0x97, 0x98)  # §3.14.2.1


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet as it came: all its bytes, and where its variable header begins."""

    raw: bytes
    body_at: int

    @property
    def type(self) -> int:
        """A `Type`, or one that a liar does not care about."""
        return self.raw[0] >> 4


@dataclass(frozen=True, slots=True)
class Publish:
    """A PUBLISH taken apart; `payload_at` counts from the packet's first byte."""

    topic: str
    mid: int | None
    payload: bytes
    payload_at: int

    @property
    def kind(self) -> str:
        """The last word of the topic."""
        return self.topic.rpartition("/")[2]


async def read(reader: asyncio.StreamReader) -> Packet:
    """The next packet. Raises EOFError."""
    head = await reader.readexactly(1)
    length, shift = 0, 0
    while True:
        byte = await reader.readexactly(1)
        head += byte
        length |= (byte[0] & 0x7F) << shift
        shift += 7
        if byte[0] < 0x80:
            return Packet(head + await reader.readexactly(length), len(head))


def published(packet: Packet) -> Publish:
    """Take a PUBLISH apart."""
    raw, at = packet.raw, packet.body_at
    after = at + 2 + int.from_bytes(raw[at : at + 2])
    topic = raw[at + 2 : after].decode()
    mid = None
    if raw[0] & 0x06:
        mid = int.from_bytes(raw[after : after + 2])
        after += 2
    properties, used = _variable(raw, after)
    payload_at = after + used + properties
    return Publish(topic, mid, raw[payload_at:], payload_at)


def publish(topic: str, payload: bytes) -> bytes:
    """A PUBLISH at QoS 0, which asks for no answer."""
    name = topic.encode()
    return _packet(Type.PUBLISH << 4, len(name).to_bytes(2) + name + b"\0" + payload)


def puback(mid: int, reason: int = 0) -> bytes:
    """An answer to a PUBLISH."""
    return _packet(Type.PUBACK << 4, mid.to_bytes(2) + bytes([reason]))


def disconnect(reason: int) -> bytes:
    """The broker's last word."""
    return _packet(Type.DISCONNECT << 4, bytes([reason]))


def _packet(first: int, body: bytes) -> bytes:
    length, left = b"", len(body)
    while True:
        left, digit = divmod(left, 128)
        length += bytes([digit | (0x80 if left else 0)])
        if not left:
            return bytes([first]) + length + body


def _variable(raw: bytes, at: int) -> tuple[int, int]:
    value = used = 0
    while True:
        value |= (raw[at + used] & 0x7F) << (7 * used)
        used += 1
        if raw[at + used - 1] < 0x80:
            return value, used
