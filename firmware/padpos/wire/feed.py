"""The feed to the safe-number service (formats §6): what the authority verified, in order."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from padpos.wire import cbor, envelope, fields, ids, signed
from padpos.wire.cbor import Cbor
from padpos.wire.errors import Malformed
from padpos.wire.keys import PublicKey, Signer
from padpos.wire.signed import What

VERSION = 1
MOST_ITEMS = 200


class FeedKind(StrEnum):
    """What an item of the feed hands on."""

    LABEL = "label"
    VOID = "void"
    CARRIER = "carrier"


@dataclass(frozen=True, slots=True)
class FeedItem:
    """A verified label or void entry (its signed bytes), or a carrier Envelope."""

    position: int
    terminal: str
    kind: FeedKind
    consignment: bytes
    body: bytes

    def to_cbor(self) -> Cbor:
        """[position, terminal, kind, consignment id, body]."""
        return [self.position, self.terminal, str(self.kind), self.consignment, self.body]

    @classmethod
    def from_cbor(cls, value: Cbor, where: str) -> FeedItem:
        """Raises Malformed."""
        position, terminal, kind, consignment, body = fields.fixed_array(value, (5,), where)
        item = cls(
            fields.uint(position, where),
            ids.terminal_id(terminal, where),
            FeedKind(fields.one_of(kind, set(FeedKind), where)),
            fields.octets(consignment, where, 16),
            fields.octets(body, where),
        )
        if len(item.body) > envelope.ENVELOPE_LIMIT:
            raise Malformed(f"{where}: larger than an entry or Envelope may be")
        return item


@dataclass(frozen=True, slots=True)
class Feed:
    """A page of the feed: the items behind position `after`."""

    carrier: str
    after: int
    items: tuple[FeedItem, ...]

    def sign(self, signer: Signer) -> signed.Signed:
        """Sign with the authority's receipt key."""
        items: list[Cbor] = [item.to_cbor() for item in self.items]
        payload = cbor.dumps({1: VERSION, 2: self.carrier, 3: self.after, 4: items})
        return signed.sign(What.FEED, payload, signer)


def verify(raw: bytes, key: PublicKey) -> Feed:
    """Verify a page under the authority's pinned receipt key. Raises a WireError."""
    payload = signed.verify(What.FEED, raw, key).payload
    m = fields.fixed_map(cbor.loads(payload, signed.limit_of(What.FEED)), range(1, 5), "feed")
    if m[1] != VERSION or isinstance(m[1], bool):
        raise Malformed("feed: a version this reader does not know")
    feed = Feed(
        fields.text(m[2], "carrier", 64),
        fields.uint(m[3], "after"),
        tuple(fields.array_of(m[4], FeedItem.from_cbor, "items", MOST_ITEMS)),
    )
    positions = [item.position for item in feed.items]
    if positions != list(range(feed.after + 1, feed.after + 1 + len(positions))):
        raise Malformed("feed: positions that do not follow one another")
    return feed
