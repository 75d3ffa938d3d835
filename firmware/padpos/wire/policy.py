"""The policy (formats §8): the law as signed, dated data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from padpos.wire import cbor, fields, ids, signed
from padpos.wire.cbor import Cbor
from padpos.wire.errors import Malformed
from padpos.wire.fact_values import MARKS, STEPS_OF
from padpos.wire.keys import PublicKey, Signer
from padpos.wire.rules import (
    Choice,
    DocumentClass,
    Duty,
    Limit,
    MarkText,
    NumberRule,
    Prohibited,
    Requirement,
    Subject,
    Switch,
)

__all__ = [
    "PPM", "Choice", "DocumentClass", "Duty", "Limit", "MarkText", "NumberRule", "Policy",
    "Prohibited", "Requirement", "Subject", "Switch", "verify",
]  # fmt: skip

PPM = 1_000_000
MOST_AGE = 150
MOST_VISIT_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of the law of the counter. Times in ms since the Unix epoch.

    `guardian_under`: whoever is younger, in years, needs a guardian's document; 0 for nobody.
    `adult_at`: the least age of guardians, agents and those who answer for an organisation.
    `visit_seconds`: how long one reading of a card serves the parcels of its visit.
    """

    version: int
    audience: tuple[str, ...] | str
    valid_from: int
    valid_until: int
    document_classes: tuple[DocumentClass, ...]
    requirements: tuple[Requirement, ...]
    draw_rate: int
    commitments: dict[str, bytes]
    typed_per_day: int
    freeze_hours: int
    freeze_count: int
    prohibited: tuple[Prohibited, ...]
    marks: tuple[MarkText, ...]
    retention_days: int
    limits: tuple[Limit, ...]
    switches: tuple[Switch, ...]
    guardian_under: int
    adult_at: int
    visit_seconds: int

    def requirement(self, customer: str, step: str) -> Requirement:
        """What `customer` owes at `step`; `verify` has made sure that the policy says it."""
        return next(r for r in self.requirements if (r.customer, r.step) == (customer, step))

    def document_class(self, code: str) -> DocumentClass | None:
        """The document class of that code, or None where it is not accepted."""
        return next((c for c in self.document_classes if c.code == code), None)

    def mark_text(self, mark: str, area: str = "") -> str:
        """How a mark reads on the paper in an area: the wording of the closest region."""
        worded = [m for m in self.marks if m.mark == mark and area.startswith(m.region)]
        return max(worded, key=lambda m: len(m.region)).text

    def limit(self, subject: Subject) -> Limit:
        """The limit of a subject; `verify` has made sure that the policy states one."""
        return next(limit for limit in self.limits if limit.subject is subject)

    def allows(self, choice: Choice) -> bool:
        """Whether that is switched on."""
        return any(switch.on for switch in self.switches if switch.choice is choice)

    def is_for(self, terminal: str, carrier: str) -> bool:
        """Whether this policy is meant for a terminal of a carrier."""
        if isinstance(self.audience, str):
            return self.audience == carrier
        return terminal in self.audience

    def sign(self, signer: Signer) -> signed.Signed:
        """Sign with the policy key."""
        return signed.sign(signed.What.POLICY, cbor.dumps(self._to_cbor()), signer)

    def _to_cbor(self) -> Cbor:
        audience: Cbor = self.audience if isinstance(self.audience, str) else list(self.audience)
        return {
            1: self.version,
            2: audience,
            3: self.valid_from,
            4: self.valid_until,
            5: [document.to_cbor() for document in self.document_classes],
            6: [requirement.to_cbor() for requirement in self.requirements],
            7: self.draw_rate,
            8: {str(day): digest for day, digest in self.commitments.items()},
            9: self.typed_per_day,
            10: [self.freeze_hours, self.freeze_count],
            11: [group.to_cbor() for group in self.prohibited],
            12: [mark.to_cbor() for mark in self.marks],
            13: self.retention_days,
            14: [limit.to_cbor() for limit in self.limits],
            15: [switch.to_cbor() for switch in self.switches],
            16: [self.guardian_under, self.adult_at],
            17: self.visit_seconds,
        }


def verify(raw: bytes, policy_key: PublicKey) -> tuple[Policy, bytes]:
    """Verify a policy under the pinned policy key: (policy, its hash). Raises a WireError."""
    verified = signed.verify(signed.What.POLICY, raw, policy_key)
    limit = signed.limit_of(signed.What.POLICY)
    m = fields.fixed_map(cbor.loads(verified.payload, limit), range(1, 18), "policy")
    freeze = fields.fixed_array(m[10], (2,), "freeze limits")
    ages = fields.fixed_array(m[16], (2,), "ages")
    policy = Policy(
        version=fields.uint(m[1], "version"),
        audience=_audience(m[2]),
        valid_from=fields.uint(m[3], "valid from"),
        valid_until=fields.uint(m[4], "valid until"),
        document_classes=tuple(
            fields.array_of(m[5], DocumentClass.from_cbor, "document classes", 32)
        ),
        requirements=tuple(fields.array_of(m[6], Requirement.from_cbor, "requirements", 64)),
        draw_rate=fields.uint(m[7], "draw rate", PPM),
        commitments=_commitments(m[8]),
        typed_per_day=fields.uint(m[9], "typed-entry cap"),
        freeze_hours=fields.uint(freeze[0], "freeze hours"),
        freeze_count=fields.uint(freeze[1], "freeze count"),
        prohibited=tuple(fields.array_of(m[11], Prohibited.from_cbor, "prohibited goods", 64)),
        marks=tuple(fields.array_of(m[12], MarkText.from_cbor, "marks", 64)),
        retention_days=fields.uint(m[13], "retention"),
        limits=tuple(fields.array_of(m[14], Limit.from_cbor, "limits", 16)),
        switches=tuple(fields.array_of(m[15], Switch.from_cbor, "switches", 16)),
        guardian_under=fields.uint(ages[0], "guardian age", MOST_AGE),
        adult_at=fields.uint(ages[1], "age of majority", MOST_AGE),
        visit_seconds=fields.uint(m[17], "visit seconds", MOST_VISIT_SECONDS),
    )
    _check(policy)
    return policy, verified.hash


def _audience(value: Cbor) -> tuple[str, ...] | str:
    if isinstance(value, str):
        return fields.text(value, "audience", 64)
    terminals = tuple(fields.array_of(value, ids.terminal_id, "audience", 10_000))
    if not terminals:
        raise Malformed("audience: nobody")
    return terminals


def _commitments(value: Cbor) -> dict[str, bytes]:
    if not isinstance(value, dict) or len(value) > 400:
        raise Malformed("draw commitments: not a map of at most 400 days")
    return {
        ids.day(day, "draw commitments"): fields.octets(digest, "draw commitments", 32)
        for day, digest in value.items()
    }


def _check(policy: Policy) -> None:
    if policy.valid_from >= policy.valid_until:
        raise Malformed("policy: ends before it begins")
    if policy.adult_at < policy.guardian_under:
        raise Malformed("policy: a guardian younger than whom he stands beside")
    _check_requirements(policy)
    plain = [text.mark for text in policy.marks if not text.region]
    if set(plain) != MARKS or not _once((m.mark, m.region) for m in policy.marks):
        raise Malformed("policy: each mark must have one wording, and one at most for each region")
    if policy.commitments and (isinstance(policy.audience, str) or len(policy.audience) != 1):
        raise Malformed("policy: draw commitments are for one terminal alone")
    for name, codes, wanted in (
        ("document class", [c.code for c in policy.document_classes], None),
        ("group of prohibited goods", [g.code for g in policy.prohibited], None),
        ("limit", [limit.subject for limit in policy.limits], set(Subject)),
        ("switch", [switch.choice for switch in policy.switches], set(Choice)),
    ):
        if not _once(codes) or (wanted is not None and set(codes) != wanted):
            raise Malformed(f"policy: each {name} must stand once")


def _check_requirements(policy: Policy) -> None:
    stated = [(r.customer, r.step) for r in policy.requirements]
    wanted = {(customer, step) for customer, steps in STEPS_OF.items() for step in steps}
    if not _once(stated) or set(stated) != wanted:
        raise Malformed("policy: each customer class and step must have one requirement")
    for r in policy.requirements:
        if r.duty is Duty.BY_DRAW and r.customer != "contract":
            raise Malformed("policy: only contract customers are drawn")
        if r.customer == "letter" and r.step == "inspect" and r.duty is not Duty.EXEMPT:
            raise Malformed("policy: what is written in a letter is not inspected")


def _once(items: Iterable[object]) -> bool:
    listed = list(items)
    return len(listed) == len(set(listed))
