"""Small values that facts are made of: closed sets, exemptions, marks, the draw's outcome."""

from __future__ import annotations

from dataclasses import dataclass

from padpos.wire import fields, ids
from padpos.wire.cbor import Cbor

STEPS_OF = {
    "walk-in": ("identify", "inspect"),
    "contract": ("identify", "inspect"),
    "agent": ("identify", "agent", "inspect"),  # identify: the principal's document
    "organisation": ("organisation", "identify", "inspect"),  # identify: who answers for it
    "letter": ("identify", "inspect"),
    "self-service": ("identify", "inspect"),
}
"""The steps of each customer class that a policy has a say in."""

CUSTOMER_CLASSES = frozenset(STEPS_OF)
READINGS = frozenset({"chip", "chip-signed", "typed", "none"})
LABEL_STATUSES = frozenset({"intended", "printed", "unknown", "blocked"})
MARKS = frozenset({"identified", "typed", "inspected", "contract-uninspected", "letter"})
STEPS = frozenset(step for steps in STEPS_OF.values() for step in steps)
HELPERS = frozenset({"agent", "guardian"})


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


@dataclass(frozen=True, slots=True)
class Helper:
    """Whose document stood beside the sender's: as what, of which class, how it was read."""

    role: str
    document_class: str
    reading: str

    def to_cbor(self) -> Cbor:
        """[role, document class, reading]."""
        return [self.role, self.document_class, self.reading]

    @classmethod
    def from_cbor(cls, value: Cbor, where: str) -> Helper:
        """Raises Malformed."""
        role, document_class, reading = fields.fixed_array(value, (3,), where)
        return cls(
            fields.one_of(role, HELPERS, where),
            text(document_class, where),
            fields.one_of(reading, READINGS, where),
        )


@dataclass(frozen=True, slots=True)
class Approval:
    """What a second clerk (a pseudonymous id) let pass."""

    what: str
    clerk: str

    def to_cbor(self) -> Cbor:
        """[what, clerk]."""
        return [self.what, self.clerk]

    @classmethod
    def from_cbor(cls, value: Cbor, where: str) -> Approval:
        """Raises Malformed."""
        what, clerk = fields.fixed_array(value, (2,), where)
        return cls(text(what, where), text(clerk, where))


@dataclass(frozen=True, slots=True)
class Look:
    """A clerk's look at sender, document and open parcel of a kiosk; `remote`: through a camera."""

    clerk: str
    remote: bool

    def to_cbor(self) -> Cbor:
        """[clerk, remote]."""
        return [self.clerk, self.remote]

    @classmethod
    def from_cbor(cls, value: Cbor, where: str) -> Look:
        """Raises Malformed."""
        clerk, remote = fields.fixed_array(value, (2,), where)
        return cls(text(clerk, where), fields.boolean(remote, where))
