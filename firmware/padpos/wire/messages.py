"""What travels over MQTT (formats §6): topics, entry messages, attachment parts, status."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from padpos.wire import cbor, fields, ids
from padpos.wire.envelope import ATTACHMENT_LIMIT, ENVELOPE_LIMIT
from padpos.wire.errors import Malformed

ROOT = "padpos/1"
_SIGN1, _ENCRYPT, _NULL = b"\xd2", b"\xd8\x60", b"\xf6"  # how tags 18 and 96 begin, and null
PART_SIZE = 131_072
PART_LIMIT = 132 << 10
STATUS_LIMIT = 4 << 10
ENTRY_MESSAGE_LIMIT = (64 << 10) + 2 * ENVELOPE_LIMIT + 16
UP_KINDS = frozenset({"entry", "part", "proof", "status"})
DOWN_KINDS = frozenset(
    {
        "receipt", "policy", "keys", "waybills", "leavers",
        "contracts", "routes", "update", "draw", "want",
    }
)  # fmt: skip


def up_topic(terminal: str, kind: str) -> str:
    """padpos/1/up/{terminal}/{kind}."""
    return f"{ROOT}/up/{terminal}/{kind}"


def down_topic(terminal: str, kind: str) -> str:
    """padpos/1/down/{terminal}/{kind}."""
    return f"{ROOT}/down/{terminal}/{kind}"


def parse_topic(topic: str) -> tuple[str, str, str]:
    """(direction, terminal, kind). Raises Malformed."""
    words = topic.split("/")
    if len(words) != 5 or "/".join(words[:2]) != ROOT:
        raise Malformed("topic: not one of padpos")
    direction, terminal, kind = words[2:]
    if kind not in {"up": UP_KINDS, "down": DOWN_KINDS}.get(direction, frozenset()):
        raise Malformed("topic: of no known kind")
    return direction, ids.terminal_id(terminal), kind


@dataclass(frozen=True, slots=True)
class EntryMessage:
    """A signed entry with the Envelopes that travel beside it, each as raw bytes."""

    entry: bytes
    sealed: bytes | None
    carrier: bytes | None

    def to_bytes(self) -> bytes:
        """CBOR [entry, Envelope or null, carrier Envelope or null], as tagged items."""
        # The items are encoded already, and deterministically: joining them is the encoding.
        return b"\x83" + self.entry + (self.sealed or b"\xf6") + (self.carrier or b"\xf6")

    @classmethod
    def from_bytes(cls, data: bytes) -> EntryMessage:
        """Raises Malformed or TooLarge."""
        items = cbor.elements(data, ENTRY_MESSAGE_LIMIT)
        if len(items) != 3:
            raise Malformed("entry message: not an array of three")
        entry, sealed, carrier = items
        if entry[:1] != _SIGN1 or any(e != _NULL and e[:2] != _ENCRYPT for e in (sealed, carrier)):
            raise Malformed("entry message: not an entry and its Envelopes")
        return cls(
            entry, None if sealed == b"\xf6" else sealed, None if carrier == b"\xf6" else carrier
        )


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a sealed attachment: at `offset` of the `size` bytes whose SHA-256 is `sha256`."""

    sha256: bytes
    size: int
    offset: int
    data: bytes

    def to_bytes(self) -> bytes:
        """CBOR [hash, size, offset, bytes]."""
        return cbor.dumps([self.sha256, self.size, self.offset, self.data])

    @classmethod
    def from_bytes(cls, data: bytes) -> Part:
        """Raises Malformed or TooLarge."""
        items = fields.fixed_array(cbor.loads(data, PART_LIMIT), (4,), "part")
        part = cls(
            fields.octets(items[0], "part hash", 32),
            fields.uint(items[1], "part size", ATTACHMENT_LIMIT),
            fields.uint(items[2], "part offset", ATTACHMENT_LIMIT),
            fields.octets(items[3], "part bytes"),
        )
        expected = min(PART_SIZE, part.size - part.offset)
        if part.offset % PART_SIZE or expected <= 0 or len(part.data) != expected:
            raise Malformed("part: not a piece at its place")
        return part


def parts_of(attachment: bytes) -> Iterator[Part]:
    """The pieces of a sealed attachment, in order."""
    digest = hashlib.sha256(attachment).digest()
    for offset in range(0, len(attachment), PART_SIZE):
        piece = attachment[offset : offset + PART_SIZE]
        yield Part(digest, len(attachment), offset, piece)


@dataclass(frozen=True, slots=True)
class TerminalStatus:
    """A terminal's retained word about itself; unsigned, so it proves nothing."""

    version: str
    queued: int
    oldest_ms: int
    health: str

    def to_bytes(self) -> bytes:
        """{1: true, 2: version, 3: queue depth, 4: age of the oldest (ms), 5: health}."""
        return cbor.dumps(
            {1: True, 2: self.version, 3: self.queued, 4: self.oldest_ms, 5: self.health}
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> TerminalStatus | None:
        """None where the terminal is offline. Raises Malformed or TooLarge."""
        value = cbor.loads(data, STATUS_LIMIT)
        if data == OFFLINE:  # bytes, because 0 equals False
            return None
        m = fields.fixed_map(value, range(1, 6), "status")
        if m[1] is not True:
            raise Malformed("status: neither online nor offline")
        return cls(
            fields.text(m[2], "version"),
            fields.uint(m[3], "queued"),
            fields.uint(m[4], "oldest"),
            fields.text(m[5], "health"),
        )


OFFLINE = cbor.dumps({1: False})
