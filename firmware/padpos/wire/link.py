"""The link between counter and uplink: requests over a Unix socket, sealed bytes only.

A frame is a four-byte big-endian length and that many bytes of deterministic CBOR. A request is
`[operation, argument, …]`; the answer is one item. The uplink asks, the counter answers, in order.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from padpos.wire import cbor, fields
from padpos.wire.cbor import Cbor
from padpos.wire.errors import Malformed, TooLarge

HEADER = 4
LIMIT = 512 << 10
MOST_AGAIN = 1000  # of each sort that is told at once


class Operation(IntEnum):
    """What the uplink may ask."""

    OUTBOX = 1
    ENTRY = 2
    PART = 3
    DOWN = 4
    WAIT = 5
    AGAIN = 6
    PROOF = 7


@dataclass(frozen=True, slots=True)
class OutboxView:
    """What waits: entries to send, attachments to send, and figures for the status message.

    `photos_behind` is the last entry whose attachments are told here, or the mark asked with.
    """

    entries: tuple[int, ...]
    attachments: tuple[tuple[bytes, int], ...]
    queued: int
    oldest_ms: int
    terminal: str
    version: str
    health: str
    photos_behind: int

    def to_cbor(self) -> Cbor:
        """An array in the order of the fields."""
        return [
            list(self.entries),
            [[sha256, size] for sha256, size in self.attachments],
            self.queued,
            self.oldest_ms,
            self.terminal,
            self.version,
            self.health,
            self.photos_behind,
        ]

    @classmethod
    def from_cbor(cls, value: Cbor) -> OutboxView:
        """Raises Malformed."""
        items = fields.fixed_array(value, (8,), "outbox")
        return cls(
            tuple(fields.array_of(items[0], fields.uint, "entries", 1000)),
            tuple(fields.array_of(items[1], _attachment, "attachments", 1000)),
            fields.uint(items[2], "queued"),
            fields.uint(items[3], "oldest"),
            fields.text(items[4], "terminal"),
            fields.text(items[5], "version"),
            fields.text(items[6], "health"),
            fields.integer(items[7], "mark"),
        )


@dataclass(frozen=True, slots=True)
class Again:
    """What the authority asked for: entries, pieces of attachments (hash, offset), and the hashes
    of receipts that answer for what is gone."""

    entries: tuple[int, ...] = ()
    pieces: tuple[tuple[bytes, int], ...] = ()
    receipts: tuple[bytes, ...] = ()

    def to_cbor(self) -> Cbor:
        """An array in the order of the fields."""
        pieces: list[Cbor] = [[sha256, offset] for sha256, offset in self.pieces]
        return [list(self.entries), pieces, list(self.receipts)]

    @classmethod
    def from_cbor(cls, value: Cbor) -> Again:
        """Raises Malformed."""
        entries, pieces, receipts = fields.fixed_array(value, (3,), "again")
        return cls(
            tuple(fields.array_of(entries, fields.uint, "entries", MOST_AGAIN)),
            tuple(fields.array_of(pieces, _attachment, "pieces", MOST_AGAIN)),
            tuple(fields.array_of(receipts, _hash, "receipts", MOST_AGAIN)),
        )


def frame(value: Cbor) -> bytes:
    """A value as it goes over the socket. Raises TooLarge."""
    body = cbor.dumps(value)
    if len(body) > LIMIT:
        raise TooLarge("link: a frame larger than the link takes")
    return len(body).to_bytes(HEADER) + body


def body_length(header: bytes) -> int:
    """Bytes that follow a header. Raises TooLarge."""
    length = int.from_bytes(header)
    if length > LIMIT:
        raise TooLarge("link: a frame larger than the link takes")
    return length


def read_request(body: bytes) -> tuple[Operation, list[Cbor]]:
    """The operation and its arguments. Raises Malformed."""
    items = cbor.loads(body, LIMIT)
    if not isinstance(items, list) or not items or items[0] not in list(Operation):
        raise Malformed("link: no such operation")
    return Operation(fields.uint(items[0], "operation")), items[1:]


def _hash(value: Cbor, where: str) -> bytes:
    return fields.octets(value, where, 32)


def _attachment(value: Cbor, where: str) -> tuple[bytes, int]:
    sha256, size = fields.fixed_array(value, (2,), where)
    return fields.octets(sha256, where, 32), fields.uint(size, where)
