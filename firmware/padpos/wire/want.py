"""Wants (formats §6): what the authority asks a terminal to send again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from padpos.wire import cbor, fields, ids, signed
from padpos.wire.cbor import Cbor
from padpos.wire.entry import CHAIN_SIZE, MOST_SEQ
from padpos.wire.envelope import ATTACHMENT_LIMIT
from padpos.wire.errors import Malformed
from padpos.wire.keys import PublicKey, Signer
from padpos.wire.messages import PART_SIZE

# So many of each, at their longest, fit in the 4 KiB of a want.
MOST_ENTRIES = 200
MOST_ATTACHMENTS = 16
MOST_OFFSETS = -(-ATTACHMENT_LIMIT // PART_SIZE)


@dataclass(frozen=True, slots=True)
class WantedAttachment:
    """An attachment by its SHA-256, and the offsets of the pieces asked for; none: all of it."""

    sha256: bytes
    offsets: tuple[int, ...] = ()

    def to_cbor(self) -> Cbor:
        """[hash, [offset, …]]."""
        return [self.sha256, list(self.offsets)]

    @classmethod
    def from_cbor(cls, value: Cbor, where: str) -> WantedAttachment:
        """Raises Malformed."""
        digest, offsets = fields.fixed_array(value, (2,), where)
        read = fields.array_of(offsets, _offset, where, MOST_OFFSETS)
        _require_rising(read, where)
        return cls(fields.octets(digest, where, 32), tuple(read))


@dataclass(frozen=True, slots=True)
class Want:
    """What one chain of a terminal is asked for: entries and attachments, each list rising."""

    terminal: str
    time: int
    chain: bytes
    entries: tuple[int, ...]
    attachments: tuple[WantedAttachment, ...] = ()

    def sign(self, signer: Signer) -> signed.Signed:
        """Sign with the receipt key. Within the limits above it is at most 4 KiB."""
        payload = cbor.dumps(
            {
                1: self.terminal,
                2: self.time,
                3: self.chain,
                4: list(self.entries),
                5: [attachment.to_cbor() for attachment in self.attachments],
            }
        )
        return signed.sign(signed.What.WANT, payload, signer)


def verify(raw: bytes, keys: tuple[PublicKey, ...]) -> Want:
    """Verify a want under one of the key set's receipt keys. Raises a WireError."""
    by_id = {key.id: key for key in keys}
    verified = signed.verify_by_hint(signed.What.WANT, raw, by_id.get)
    limit = signed.limit_of(signed.What.WANT)
    m = fields.fixed_map(cbor.loads(verified.payload, limit), range(1, 6), "want")
    want = Want(
        terminal=ids.terminal_id(m[1]),
        time=fields.uint(m[2], "time", MOST_SEQ),
        chain=fields.octets(m[3], "chain", CHAIN_SIZE),
        entries=tuple(fields.array_of(m[4], _seq, "entries", MOST_ENTRIES)),
        attachments=tuple(
            fields.array_of(m[5], WantedAttachment.from_cbor, "attachments", MOST_ATTACHMENTS)
        ),
    )
    _require_rising(want.entries, "entries")
    _require_rising([attachment.sha256 for attachment in want.attachments], "attachments")
    if not want.entries and not want.attachments:
        raise Malformed("want: asks for nothing")
    return want


def _seq(value: Cbor, where: str) -> int:
    return fields.uint(value, where, MOST_SEQ)


def _offset(value: Cbor, where: str) -> int:
    offset = fields.uint(value, where, ATTACHMENT_LIMIT - 1)
    if offset % PART_SIZE:
        raise Malformed(f"{where}: not the offset of a piece")
    return offset


def _require_rising(items: Sequence[int] | Sequence[bytes], where: str) -> None:
    if list(items) != sorted(set(items)):  # type: ignore[type-var]  # all of one sort
        raise Malformed(f"{where}: unsorted or doubled")
