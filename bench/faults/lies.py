"""What a broker that lies may do with a packet: each lie by its name."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

from bench.faults import forgery, packets
from bench.faults.packets import Packet, Publish, Type
from bench.faults.wire import Line
from padpos.wire.keys import Signer
from padpos.wire.messages import down_topic, up_topic

REMEMBERED = 50
LONGEST_DELAY = 4.0  # seconds: longer than the uplink waits before it sends again
SIGNED = 400  # bytes, about: a signed entry
DEAF_SECONDS = 3.0
ELSEWHERE = "faults-2"


class Lie(StrEnum):
    """A row of the score each."""

    DROP = "drop"
    DOUBLE = "double"
    REORDER = "reorder"
    LATE = "late"
    REFUSE = "refuse"
    HANG_UP = "hang-up"
    HALF_OPEN = "half-open"
    DEAF = "deaf"
    CORRUPT = "corrupt"
    GARBLE = "garble"
    FORGE = "forge"
    FOREIGN = "foreign"
    REPLAY = "replay"


RATES = {Lie.HANG_UP: 0.05, Lie.GARBLE: 0.05, Lie.HALF_OPEN: 0.1, Lie.DEAF: 0.1}
USUAL_RATE = 0.3
SLOW = 10  # so many times fewer of those that last until somebody notices
ALTERING = (Lie.CORRUPT, Lie.GARBLE)


class HungUp(Exception):
    """The broker has closed the connection."""


@dataclass(slots=True)
class Talk:
    """One client's connection, both ways, and what was said on its line before."""

    client: str
    chance: Random
    truth: Signer
    said: dict[bool, deque[Publish]]
    silent: bool = False
    pongs: bool = False


@dataclass(slots=True)
class Way:
    """One of a connection's two ways; `down` leads to the client."""

    talk: Talk
    onward: Line
    back: Line
    down: bool
    held: list[bytes] = field(default_factory=list)

    def send(self, raw: bytes) -> None:
        """Hand on, and what was held back behind it."""
        _write(self.onward, raw)
        self.release()

    def release(self) -> None:
        """Hand on what was held back."""
        while self.held:
            _write(self.onward, self.held.pop())

    def answer(self, raw: bytes) -> None:
        """Say something to whoever sent."""
        _write(self.back, raw)


def fits(lie: Lie, way: Way, packet: Packet, found: Publish | None) -> bool:
    """Whether this lie can be told of this packet."""
    if lie is Lie.GARBLE:
        # An authority with another subscription hears nothing, which is what a quiet hour is like.
        deaf = packet.type == Type.SUBSCRIBE and way.talk.client == "authority"
        return packet.type != Type.CONNECT and not deaf
    if found is None or found.mid is None:
        return False
    if lie in (Lie.FORGE, Lie.FOREIGN):
        return found.kind == "entry"
    return lie is not Lie.REPLAY or bool(way.talk.said[way.down])


def _drop(way: Way, _packet: Packet, found: Publish) -> None:
    way.answer(packets.puback(found.mid or 0))


def _double(way: Way, packet: Packet, _found: Publish) -> None:
    way.send(packet.raw)
    way.send(packet.raw)


def _reorder(way: Way, packet: Packet, _found: Publish) -> None:
    way.held.append(packet.raw)
    asyncio.get_running_loop().call_later(0.5, way.release)  # nothing may come behind it


def _late(way: Way, packet: Packet, _found: Publish) -> None:
    seconds = way.talk.chance.uniform(0.2, LONGEST_DELAY)
    asyncio.get_running_loop().call_later(seconds, way.send, packet.raw)


def _refuse(way: Way, packet: Packet, found: Publish) -> None:
    reason = way.talk.chance.choice(packets.PUBACK_REFUSALS)
    way.answer(packets.puback(found.mid or 0, reason))
    if way.talk.chance.random() < 0.3:
        way.send(packet.raw)


def _hang_up(way: Way, _packet: Packet, _found: Publish) -> None:
    client = way.onward if way.down else way.back
    _write(client, packets.disconnect(way.talk.chance.choice(packets.DISCONNECTS)))
    raise HungUp


def _half_open(way: Way, _packet: Packet, _found: Publish) -> None:
    way.talk.silent = True


def _deaf(way: Way, _packet: Packet, _found: Publish) -> None:
    way.talk.silent = way.talk.pongs = True
    if way.talk.client == "authority":  # it can't tell deafness from a quiet hour
        client = way.onward if way.down else way.back
        asyncio.get_running_loop().call_later(DEAF_SECONDS, client.writer.close)


def _corrupt(way: Way, packet: Packet, found: Publish) -> None:
    if found.payload:
        # Envelopes are long and the signed entry before them is short: half the damage is its.
        most = len(packet.raw)
        if way.talk.chance.random() < 0.5:
            most = min(most, found.payload_at + SIGNED)
        way.send(_flipped(packet.raw, way.talk.chance, found.payload_at, most))


def _garble(way: Way, packet: Packet, _found: Publish) -> None:
    way.send(_flipped(packet.raw, way.talk.chance, 0, len(packet.raw)))


def _forge(way: Way, _packet: Packet, found: Publish) -> None:
    way.answer(packets.puback(found.mid or 0))
    if way.down:
        way.send(packets.publish(found.topic, forgery.resigned(found.payload)))
    else:
        _say_received(way, found, way.talk.client, forgery.stranger(), None)


def _foreign(way: Way, _packet: Packet, found: Publish) -> None:
    way.answer(packets.puback(found.mid or 0))
    if way.down:
        way.send(packets.publish(up_topic(ELSEWHERE, "entry"), found.payload))
    else:  # the true key's word, about the same bytes of another terminal, or of another chain
        _say_received(way, found, ELSEWHERE, way.talk.truth, None)
        _say_received(way, found, way.talk.client, way.talk.truth, bytes(16))


def _replay(way: Way, packet: Packet, _found: Publish) -> None:
    before = list(way.talk.said[way.down])
    for old in way.talk.chance.sample(before, min(3, len(before))):
        way.send(packets.publish(old.topic, old.payload))
    way.send(packet.raw)


LIES: dict[Lie, Callable[[Way, Packet, Publish], None]] = {
    Lie.DROP: _drop, Lie.DOUBLE: _double, Lie.REORDER: _reorder, Lie.LATE: _late,
    Lie.REFUSE: _refuse, Lie.HANG_UP: _hang_up, Lie.HALF_OPEN: _half_open, Lie.DEAF: _deaf,
    Lie.CORRUPT: _corrupt, Lie.GARBLE: _garble, Lie.FORGE: _forge, Lie.FOREIGN: _foreign,
    Lie.REPLAY: _replay,
}  # fmt: skip


def _say_received(
    way: Way, found: Publish, terminal: str, signer: Signer, chain: bytes | None
) -> None:
    raw = forgery.receipt_for(terminal, [found.payload], (), signer, chain)
    way.answer(packets.publish(down_topic(way.talk.client, "receipt"), raw))


def _flipped(raw: bytes, chance: Random, first: int, behind: int) -> bytes:
    at = chance.randrange(first, behind)
    return raw[:at] + bytes([raw[at] ^ 1 << chance.randrange(8)]) + raw[at + 1 :]


def _write(line: Line, raw: bytes) -> None:
    if not line.writer.is_closing():
        line.writer.write(raw)
