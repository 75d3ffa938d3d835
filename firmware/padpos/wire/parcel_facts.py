"""Facts of a parcel that was accepted, and of one that ended otherwise (formats §5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from padpos.wire import fields, ids
from padpos.wire.cbor import Cbor
from padpos.wire.fact_values import (
    CUSTOMER_CLASSES,
    READINGS,
    Approval,
    Drawn,
    Exemption,
    Helper,
    Look,
    Mark,
    consignment_id,
    text,
)
from padpos.wire.kinds import Kind


@dataclass(frozen=True, slots=True)
class ConsignmentFacts:
    """An accepted parcel, as far as anyone may count it."""

    kind: ClassVar[Kind] = Kind.CONSIGNMENT
    consignment: bytes
    waybill: str
    outlet: str
    clerk: str
    customer: str
    contract: str | None
    document_class: str | None
    reading: str
    policy: int
    exemptions: tuple[Exemption, ...]
    marks: tuple[Mark, ...]
    verdicts: tuple[str, ...]
    grams: int
    from_scale: bool
    draw: Drawn | None
    times_today: int
    clerks_own: bool
    software: str
    durations: tuple[tuple[str, int], ...]
    helper: Helper | None = None
    agreed: bool = False
    approvals: tuple[Approval, ...] = ()
    look: Look | None = None
    parcel_of_visit: int = 1
    category: str | None = None
    typed_reason: str | None = None

    def to_cbor(self) -> dict[int | str, Cbor]:
        """Keys 1 to 26."""
        return {
            1: self.consignment,
            2: self.waybill,
            3: self.outlet,
            4: self.clerk,
            5: self.customer,
            6: self.contract,
            7: self.document_class,
            8: self.reading,
            9: self.policy,
            10: [exemption.to_cbor() for exemption in self.exemptions],
            11: [mark.to_cbor() for mark in self.marks],
            12: list(self.verdicts),
            13: self.grams,
            14: self.from_scale,
            15: self.draw.to_cbor() if self.draw else None,
            16: self.times_today,
            17: self.clerks_own,
            18: self.software,
            19: [[step, milliseconds] for step, milliseconds in self.durations],
            20: self.helper.to_cbor() if self.helper else None,
            21: self.agreed,
            22: [approval.to_cbor() for approval in self.approvals],
            23: self.look.to_cbor() if self.look else None,
            24: self.parcel_of_visit,
            25: self.category,
            26: self.typed_reason,
        }

    @classmethod
    def from_cbor(cls, value: Cbor) -> ConsignmentFacts:
        """Raises Malformed."""
        m = fields.fixed_map(value, range(1, 27), "consignment facts")
        return cls(
            consignment_id(m[1], "consignment id"),
            ids.waybill(m[2]),
            text(m[3], "outlet"),
            text(m[4], "clerk"),
            fields.one_of(m[5], CUSTOMER_CLASSES, "customer class"),
            fields.optional(m[6], text, "contract"),
            fields.optional(m[7], text, "document class"),
            fields.one_of(m[8], READINGS, "reading"),
            fields.uint(m[9], "policy version"),
            tuple(fields.array_of(m[10], Exemption.from_cbor, "exemptions", 8)),
            tuple(fields.array_of(m[11], Mark.from_cbor, "marks", 8)),
            tuple(fields.array_of(m[12], text, "verdicts", 64)),
            fields.uint(m[13], "grams"),
            fields.boolean(m[14], "weight from scale"),
            fields.optional(m[15], Drawn.from_cbor, "draw"),
            fields.uint(m[16], "times today"),
            fields.boolean(m[17], "clerk's own document"),
            text(m[18], "software"),
            tuple(fields.array_of(m[19], _duration, "durations", 32)),
            fields.optional(m[20], Helper.from_cbor, "helper"),
            fields.boolean(m[21], "person and document agree"),
            tuple(fields.array_of(m[22], Approval.from_cbor, "approvals", 16)),
            fields.optional(m[23], Look.from_cbor, "look"),
            fields.counted(m[24], "parcel of the visit"),
            fields.optional(m[25], text, "category"),
            fields.optional(m[26], text, "reason for typing"),
        )


def _duration(value: Cbor, where: str) -> tuple[str, int]:
    step, milliseconds = fields.fixed_array(value, (2,), where)
    return text(step, where), fields.uint(milliseconds, where)


@dataclass(frozen=True, slots=True)
class EndedFacts:
    """A consignment that ended without a parcel accepted: refused, abandoned or voided."""

    consignment: bytes
    reason: str
    step: str
    outlet: str
    clerk: str
    customer: str | None
    document_class: str | None
    policy: int
    goods: str | None = None

    def to_cbor(self) -> dict[int | str, Cbor]:
        """Keys 1 to 9; `goods` is the code of the policy's group of prohibited goods."""
        return {
            1: self.consignment,
            2: self.reason,
            3: self.step,
            4: self.outlet,
            5: self.clerk,
            6: self.customer,
            7: self.document_class,
            8: self.policy,
            9: self.goods,
        }

    @classmethod
    def from_cbor(cls, value: Cbor) -> EndedFacts:
        """Raises Malformed."""
        m = fields.fixed_map(value, range(1, 10), "facts")
        return cls(
            consignment_id(m[1], "consignment id"),
            text(m[2], "reason"),
            text(m[3], "step"),
            text(m[4], "outlet"),
            text(m[5], "clerk"),
            fields.optional(m[6], text, "customer class"),
            fields.optional(m[7], text, "document class"),
            fields.uint(m[8], "policy version"),
            fields.optional(m[9], text, "prohibited goods"),
        )
