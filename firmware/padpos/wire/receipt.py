"""Receipts (formats §7): the authority's signed word that it holds an entry or an attachment."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from padpos.wire import cbor, fields, ids, signed
from padpos.wire.cbor import Cbor
from padpos.wire.errors import Malformed
from padpos.wire.keys import PublicKey, Signer

VERSION = 1
MOST_ITEMS = 500


class Status(IntEnum):
    """What became of an object at the authority; STORED and HELD are final."""

    STORED = 0
    HELD = 1
    REFUSED = 2


@dataclass(frozen=True, slots=True)
class EntryItem:
    """The word on one entry; `reason` only where it was refused."""

    seq: int
    hash: bytes
    status: Status
    reason: str | None = None

    def to_cbor(self) -> Cbor:
        """[seq, hash, status] or, refused, with the reason as last element."""
        bare: list[Cbor] = [self.seq, self.hash, int(self.status)]
        return bare if self.reason is None else [*bare, self.reason]

    @classmethod
    def from_cbor(cls, value: Cbor, where: str) -> EntryItem:
        """Raises Malformed."""
        seq, digest, *rest = fields.fixed_array(value, (3, 4), where)
        status, reason = _status(rest, where)
        return cls(fields.uint(seq, where), fields.octets(digest, where, 32), status, reason)


@dataclass(frozen=True, slots=True)
class AttachmentItem:
    """The word on one attachment."""

    hash: bytes
    status: Status
    reason: str | None = None

    def to_cbor(self) -> Cbor:
        """[hash, status] or, refused, with the reason as last element."""
        bare: list[Cbor] = [self.hash, int(self.status)]
        return bare if self.reason is None else [*bare, self.reason]

    @classmethod
    def from_cbor(cls, value: Cbor, where: str) -> AttachmentItem:
        """Raises Malformed."""
        digest, *rest = fields.fixed_array(value, (2, 3), where)
        status, reason = _status(rest, where)
        return cls(fields.octets(digest, where, 32), status, reason)


@dataclass(frozen=True, slots=True)
class Receipt:
    """One receipt for one chain of one terminal."""

    terminal: str
    time: int
    entries: tuple[EntryItem, ...]
    attachments: tuple[AttachmentItem, ...]
    chain: bytes
    number: int

    def sign(self, signer: Signer) -> signed.Signed:
        """Sign with the receipt key, which opens nothing."""
        payload = cbor.dumps(
            {
                1: VERSION,
                2: self.terminal,
                3: self.time,
                4: [item.to_cbor() for item in self.entries],
                5: [item.to_cbor() for item in self.attachments],
                6: self.chain,
                7: self.number,
            }
        )
        return signed.sign(signed.What.RECEIPT, payload, signer)


def verify(raw: bytes, keys: tuple[PublicKey, ...]) -> tuple[Receipt, bytes]:
    """Verify a receipt under one of the key set's receipt keys: (receipt, its hash)."""
    by_id = {key.id: key for key in keys}
    verified = signed.verify_by_hint(signed.What.RECEIPT, raw, by_id.get)
    m = fields.fixed_map(cbor.loads(verified.payload, 64 << 10), range(1, 8), "receipt")
    if m[1] != VERSION or isinstance(m[1], bool):
        raise Malformed("receipt: a version this reader does not know")
    receipt = Receipt(
        terminal=ids.terminal_id(m[2]),
        time=fields.uint(m[3], "time"),
        entries=tuple(fields.array_of(m[4], EntryItem.from_cbor, "entries", MOST_ITEMS)),
        attachments=tuple(
            fields.array_of(m[5], AttachmentItem.from_cbor, "attachments", MOST_ITEMS)
        ),
        chain=fields.octets(m[6], "chain", 16),
        number=fields.uint(m[7], "number"),
    )
    return receipt, verified.hash


def _status(rest: list[Cbor], where: str) -> tuple[Status, str | None]:
    status = Status(fields.uint(rest[0], where, 2))
    if (status is Status.REFUSED) != (len(rest) == 2):
        raise Malformed(f"{where}: a reason stands with a refusal, and only there")
    return status, fields.text(rest[1], where, 200) if len(rest) == 2 else None
