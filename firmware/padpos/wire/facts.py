"""Facts of an entry (formats §5): what may be counted without opening anything, kind by kind.

Each kind is one frozen dataclass whose fields stand in the order of its integer keys, and whose
annotations are checked on the way in and out; docs/formats.cddl says the same in CDDL.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from padpos.wire import fields, ids
from padpos.wire.cbor import Cbor
from padpos.wire.errors import Malformed
from padpos.wire.fact_values import LABEL_STATUSES, consignment_id, digest, text
from padpos.wire.kinds import Kind
from padpos.wire.parcel_facts import ConsignmentFacts, EndedFacts

__all__ = [
    "CheckpointFacts", "ClerkFacts", "ConsignmentFacts", "DrawFacts", "EndedFacts", "Facts",
    "GenesisFacts", "Kind", "LabelFacts", "OverrideFacts", "PolicyFacts", "read_facts",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class GenesisFacts:
    """The first entry of a chain."""

    kind: ClassVar[Kind] = Kind.GENESIS
    software: str
    inbox_key: bytes

    def to_cbor(self) -> dict[int | str, Cbor]:
        """Keys 2 and 3."""
        return {2: self.software, 3: self.inbox_key}

    @classmethod
    def from_cbor(cls, value: Cbor) -> GenesisFacts:
        """Raises Malformed."""
        m = fields.fixed_map(value, (2, 3), "genesis facts")
        return cls(text(m[2], "software"), fields.octets(m[3], "inbox key", 32))


@dataclass(frozen=True, slots=True)
class LabelFacts:
    """One step of one paper: intended before its first byte, then how it ended."""

    kind: ClassVar[Kind] = Kind.LABEL
    consignment: bytes
    waybill: str
    generation: int
    code_hash: bytes
    status: str
    said_by: str
    reason: str | None

    def to_cbor(self) -> dict[int | str, Cbor]:
        """Keys 1 to 7."""
        return {
            1: self.consignment,
            2: self.waybill,
            3: self.generation,
            4: self.code_hash,
            5: self.status,
            6: self.said_by,
            7: self.reason,
        }

    @classmethod
    def from_cbor(cls, value: Cbor) -> LabelFacts:
        """Raises Malformed."""
        m = fields.fixed_map(value, range(1, 8), "label facts")
        return cls(
            consignment_id(m[1], "consignment id"),
            ids.waybill(m[2]),
            fields.counted(m[3], "generation", 3),
            digest(m[4], "label code hash"),
            fields.one_of(m[5], LABEL_STATUSES, "label status"),
            fields.one_of(m[6], {"terminal", "printer", "clerk"}, "said by"),
            fields.optional(m[7], text, "reason"),
        )


@dataclass(frozen=True, slots=True)
class DrawFacts:
    """A contract parcel put to the draw, durable before anyone sees the result."""

    kind: ClassVar[Kind] = Kind.DRAW
    consignment: bytes
    day: str
    contract: str
    n: int
    policy: int

    def to_cbor(self) -> dict[int | str, Cbor]:
        """Keys 1 to 5."""
        return {1: self.consignment, 2: self.day, 3: self.contract, 4: self.n, 5: self.policy}

    @classmethod
    def from_cbor(cls, value: Cbor) -> DrawFacts:
        """Raises Malformed."""
        m = fields.fixed_map(value, range(1, 6), "draw facts")
        return cls(
            consignment_id(m[1], "consignment id"),
            ids.day(m[2]),
            text(m[3], "contract"),
            fields.counted(m[4], "n"),
            fields.uint(m[5], "policy version"),
        )


@dataclass(frozen=True, slots=True)
class OverrideFacts:
    """A second clerk let something pass that the policy keeps from one clerk alone."""

    kind: ClassVar[Kind] = Kind.OVERRIDE
    consignment: bytes
    what: tuple[str, ...]
    clerk: str
    approved_by: str
    policy: int

    def to_cbor(self) -> dict[int | str, Cbor]:
        """Keys 1 to 5."""
        return {
            1: self.consignment,
            2: list(self.what),
            3: self.clerk,
            4: self.approved_by,
            5: self.policy,
        }

    @classmethod
    def from_cbor(cls, value: Cbor) -> OverrideFacts:
        """Raises Malformed."""
        m = fields.fixed_map(value, range(1, 6), "override facts")
        return cls(
            consignment_id(m[1], "consignment id"),
            tuple(fields.array_of(m[2], text, "what was let pass", 16)),
            text(m[3], "clerk"),
            text(m[4], "approving clerk"),
            fields.uint(m[5], "policy version"),
        )


@dataclass(frozen=True, slots=True)
class PolicyFacts:
    """A policy this terminal accepted; it fixes the draw keys that policy commits to."""

    kind: ClassVar[Kind] = Kind.POLICY
    version: int
    policy_hash: bytes

    def to_cbor(self) -> dict[int | str, Cbor]:
        """Keys 2 and 3."""
        return {2: self.version, 3: self.policy_hash}

    @classmethod
    def from_cbor(cls, value: Cbor) -> PolicyFacts:
        """Raises Malformed."""
        m = fields.fixed_map(value, (2, 3), "policy facts")
        return cls(fields.uint(m[2], "policy version"), digest(m[3], "policy hash"))


@dataclass(frozen=True, slots=True)
class ClerkFacts:
    """A clerk signed in or out."""

    kind: ClassVar[Kind] = Kind.CLERK
    clerk: str
    signed_in: bool

    def to_cbor(self) -> dict[int | str, Cbor]:
        """Keys 2 and 3."""
        return {2: self.clerk, 3: self.signed_in}

    @classmethod
    def from_cbor(cls, value: Cbor) -> ClerkFacts:
        """Raises Malformed."""
        m = fields.fixed_map(value, (2, 3), "clerk facts")
        return cls(text(m[2], "clerk"), fields.boolean(m[3], "signed in"))


@dataclass(frozen=True, slots=True)
class CheckpointFacts:
    """What the terminal holds, said under its signature."""

    kind: ClassVar[Kind] = Kind.CHECKPOINT
    receipt_hash: bytes | None
    unreceipted: int
    health: str

    def to_cbor(self) -> dict[int | str, Cbor]:
        """Keys 2 to 4."""
        return {2: self.receipt_hash, 3: self.unreceipted, 4: self.health}

    @classmethod
    def from_cbor(cls, value: Cbor) -> CheckpointFacts:
        """Raises Malformed."""
        m = fields.fixed_map(value, (2, 3, 4), "checkpoint facts")
        return cls(
            fields.optional(m[2], digest, "receipt hash"),
            fields.uint(m[3], "unreceipted"),
            text(m[4], "health"),
        )


Facts = (
    GenesisFacts
    | ConsignmentFacts
    | EndedFacts
    | LabelFacts
    | DrawFacts
    | OverrideFacts
    | PolicyFacts
    | ClerkFacts
    | CheckpointFacts
)

_READERS: dict[Kind, Callable[[Cbor], Facts]] = {
    Kind.GENESIS: GenesisFacts.from_cbor,
    Kind.CONSIGNMENT: ConsignmentFacts.from_cbor,
    Kind.REFUSAL: EndedFacts.from_cbor,
    Kind.ABANDONED: EndedFacts.from_cbor,
    Kind.VOID: EndedFacts.from_cbor,
    Kind.LABEL: LabelFacts.from_cbor,
    Kind.DRAW: DrawFacts.from_cbor,
    Kind.OVERRIDE: OverrideFacts.from_cbor,
    Kind.POLICY: PolicyFacts.from_cbor,
    Kind.CLERK: ClerkFacts.from_cbor,
    Kind.CHECKPOINT: CheckpointFacts.from_cbor,
}


def read_facts(kind: Kind, value: Cbor) -> Facts:
    """The facts of an entry of this kind. Raises Malformed.

    tamper, clock and upkeep entries have no writer yet, so no reader takes them.
    """
    reader = _READERS.get(kind)
    if reader is None:
        raise Malformed(f"facts: no entry of kind {kind} is written by this version")
    return reader(value)
