"""Ledger entries (formats §5): signed, chained, naming the Envelopes beside them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from padpos.wire import cbor, fields, ids, signed
from padpos.wire.cbor import Cbor
from padpos.wire.envelope import ATTACHMENT_LIMIT, ENVELOPE_LIMIT
from padpos.wire.errors import Malformed
from padpos.wire.facts import Facts, Kind, read_facts
from padpos.wire.keys import PublicKey, Signer

VERSION = 1
NO_PREVIOUS = bytes(32)
CHAIN_SIZE = 16
MOST_SEQ = (1 << 63) - 1  # what a database holds as an integer; no ledger grows that long


@dataclass(frozen=True, slots=True)
class Sealed:
    """An Envelope by its SHA-256 and its size in bytes."""

    sha256: bytes
    size: int

    @classmethod
    def of(cls, envelope: bytes) -> Sealed:
        """The reference to these bytes."""
        return cls(hashlib.sha256(envelope).digest(), len(envelope))

    def matches(self, envelope: bytes) -> bool:
        """Whether these are the bytes referred to."""
        return Sealed.of(envelope) == self

    def to_cbor(self) -> Cbor:
        """[SHA-256, size]."""
        return [self.sha256, self.size]

    @classmethod
    def from_cbor(cls, value: Cbor, where: str) -> Sealed:
        """Raises Malformed."""
        digest, size = fields.fixed_array(value, (2,), where)
        return cls(fields.octets(digest, where, 32), fields.uint(size, where, ENVELOPE_LIMIT))


@dataclass(frozen=True, slots=True)
class Attachment:
    """A sealed attachment by its SHA-256, its size in bytes, and its media type."""

    sha256: bytes
    size: int
    media_type: str

    def to_cbor(self) -> Cbor:
        """[SHA-256, size, media type]."""
        return [self.sha256, self.size, self.media_type]

    @classmethod
    def from_cbor(cls, value: Cbor, where: str) -> Attachment:
        """Raises Malformed."""
        digest, size, media_type = fields.fixed_array(value, (3,), where)
        return cls(
            fields.octets(digest, where, 32),
            fields.uint(size, where, ATTACHMENT_LIMIT),
            fields.text(media_type, where, 100),
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of a terminal's ledger."""

    terminal: str
    seq: int
    prev: bytes
    time: int
    synchronised: bool
    kind: Kind
    facts: Facts
    sealed: Sealed | None
    attachments: tuple[Attachment, ...]
    chain: bytes
    carrier: Sealed | None

    def payload(self) -> bytes:
        """The entry's deterministic CBOR."""
        return cbor.dumps(
            {
                1: VERSION,
                2: self.terminal,
                3: self.seq,
                4: self.prev,
                5: self.time,
                6: int(self.synchronised),
                7: str(self.kind),
                8: self.facts.to_cbor(),
                9: self.sealed.to_cbor() if self.sealed else None,
                10: [attachment.to_cbor() for attachment in self.attachments],
                11: self.chain,
                12: self.carrier.to_cbor() if self.carrier else None,
            }
        )

    def sign(self, signer: Signer) -> signed.Signed:
        """Sign with the terminal's entry key."""
        return signed.sign(signed.What.ENTRY, self.payload(), signer)


def read_payload(payload: bytes) -> Entry:
    """An entry from its payload, checked for form; its signature is not looked at."""
    m = fields.fixed_map(
        cbor.loads(payload, signed.limit_of(signed.What.ENTRY)), range(1, 13), "entry"
    )
    if m[1] != VERSION or isinstance(m[1], bool):
        raise Malformed("entry: a version this reader does not know")
    kind = Kind(fields.one_of(m[7], set(Kind), "kind"))
    entry = Entry(
        terminal=ids.terminal_id(m[2]),
        seq=fields.uint(m[3], "seq", MOST_SEQ),
        prev=fields.octets(m[4], "prev", 32),
        time=fields.uint(m[5], "time", MOST_SEQ),
        synchronised=bool(fields.uint(m[6], "clock", 1)),
        kind=kind,
        facts=read_facts(kind, m[8]),
        sealed=fields.optional(m[9], Sealed.from_cbor, "sealed"),
        attachments=tuple(fields.array_of(m[10], Attachment.from_cbor, "attachments", 32)),
        chain=fields.octets(m[11], "chain", CHAIN_SIZE),
        carrier=fields.optional(m[12], Sealed.from_cbor, "carrier"),
    )
    _check_start(entry)
    return entry


def verify(raw: bytes, key: PublicKey) -> tuple[Entry, bytes]:
    """Verify a signed entry: (entry, its hash). Raises a WireError."""
    verified = signed.verify(signed.What.ENTRY, raw, key)
    return read_payload(verified.payload), verified.hash


def _check_start(entry: Entry) -> None:
    first = entry.seq == 0
    if (entry.kind is Kind.GENESIS) != first or (first and entry.prev != NO_PREVIOUS):
        raise Malformed("entry: genesis stands at seq 0, behind 32 zero bytes, and only there")
