"""Small values that facts are made of: closed sets, exemptions, marks, the draw's outcome."""

from __future__ import annotations

from dataclasses import dataclass

from padpos.wire import fields, ids
from padpos.wire.cbor import Cbor

CUSTOMER_CLASSES = frozenset({"walk-in", "contract"})
READINGS = frozenset({"chip", "chip-signed", "typed", "none"})
LABEL_STATUSES = frozenset({"intended", "printed", "unknown", "blocked"})
MARKS = frozenset({"identified", "inspected", "contract-uninspected"})
STEPS = frozenset({"identify", "inspect"})


def text(value: Cbor, where: str) -> str:
    """A text of at most 200 characters."""
    return fields.text(value, where, 200)


def consignment_id(value: Cbor, where: str) -> bytes:
    """16 bytes."""
    return fields.octets(value, where, 16)


def digest(value: Cbor, where: str) -> bytes:
    """A SHA-256."""
    return fields.octets(value, where, 32)


def digests(value: Cbor, where: str) -> tuple[bytes, ...]:
    """At most 64 of them."""
    return tuple(fields.array_of(value, digest, where, 64))


@dataclass(frozen=True, slots=True)
class Exemption:
    """A step the policy did not ask for, and the article that exemption rests on."""

    step: str
    article: str

    def to_cbor(self) -> Cbor:
        """[step, article]."""
        return [self.step, self.article]

    @classmethod
    def from_cbor(cls, value: Cbor, where: str) -> Exemption:
        """Raises Malformed."""
        step, article = fields.fixed_array(value, (2,), where)
        return cls(fields.one_of(step, STEPS, where), text(article, where))


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark earned, and the hashes of the sealed files it was earned by."""

    mark: str
    evidence: tuple[bytes, ...]

    def to_cbor(self) -> Cbor:
        """[mark, [hash, …]]."""
        return [self.mark, list(self.evidence)]

    @classmethod
    def from_cbor(cls, value: Cbor, where: str) -> Mark:
        """Raises Malformed."""
        mark, evidence = fields.fixed_array(value, (2,), where)
        return cls(fields.one_of(mark, MARKS, where), digests(evidence, where))


@dataclass(frozen=True, slots=True)
class Drawn:
    """The outcome of a contract parcel's draw: which parcel of which day, and whether it fell."""

    day: str
    n: int
    drawn: bool

    def to_cbor(self) -> Cbor:
        """[day, n, drawn]."""
        return [self.day, self.n, self.drawn]

    @classmethod
    def from_cbor(cls, value: Cbor, where: str) -> Drawn:
        """Raises Malformed."""
        day, n, drawn = fields.fixed_array(value, (3,), where)
        return cls(ids.day(day, where), fields.counted(n, where), fields.boolean(drawn, where))
