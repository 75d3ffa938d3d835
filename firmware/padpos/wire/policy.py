"""The policy (formats §8): the law as signed, dated data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from padpos.wire import cbor, fields, ids, signed
from padpos.wire.cbor import Cbor
from padpos.wire.errors import Malformed
from padpos.wire.fact_values import CUSTOMER_CLASSES, MARKS, STEPS
from padpos.wire.keys import PublicKey, Signer

PPM = 1_000_000


class Duty(StrEnum):
    """Whether a step is owed."""

    REQUIRED = "required"
    EXEMPT = "exempt"
    BY_DRAW = "by-draw"


@dataclass(frozen=True, slots=True)
class Requirement:
    """What one customer class owes at one step, and the article it rests on."""

    customer: str
    step: str
    duty: Duty
    article: str

    def to_cbor(self) -> Cbor:
        """[customer class, step, duty, article]."""
        return [self.customer, self.step, str(self.duty), self.article]

    @classmethod
    def from_cbor(cls, value: Cbor, where: str) -> Requirement:
        """Raises Malformed."""
        customer, step, duty, article = fields.fixed_array(value, (4,), where)
        return cls(
            fields.one_of(customer, CUSTOMER_CLASSES, where),
            fields.one_of(step, STEPS, where),
            Duty(fields.one_of(duty, set(Duty), where)),
            fields.text(article, where),
        )


@dataclass(frozen=True, slots=True)
class MarkText:
    """How a mark reads on the paper."""

    mark: str
    text: str

    def to_cbor(self) -> Cbor:
        """[mark, text]."""
        return [self.mark, self.text]

    @classmethod
    def from_cbor(cls, value: Cbor, where: str) -> MarkText:
        """Raises Malformed."""
        mark, text = fields.fixed_array(value, (2,), where)
        return cls(fields.one_of(mark, MARKS, where), fields.text(text, where, 40))


@dataclass(frozen=True, slots=True)
class Prohibited:
    """A group of goods that may not be sent."""

    code: str
    chinese: str
    english: str

    def to_cbor(self) -> Cbor:
        """[code, Chinese, English]."""
        return [self.code, self.chinese, self.english]

    @classmethod
    def from_cbor(cls, value: Cbor, where: str) -> Prohibited:
        """Raises Malformed."""
        code, chinese, english = fields.fixed_array(value, (3,), where)
        return cls(*(fields.text(part, where) for part in (code, chinese, english)))


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of the law of the counter. Times in ms since the Unix epoch."""

    version: int
    audience: tuple[str, ...] | str
    valid_from: int
    valid_until: int
    document_classes: tuple[str, ...]
    requirements: tuple[Requirement, ...]
    draw_rate: int
    commitments: dict[str, bytes]
    typed_per_day: int
    freeze_hours: int
    freeze_count: int
    prohibited: tuple[Prohibited, ...]
    marks: tuple[MarkText, ...]
    retention_days: int

    def requirement(self, customer: str, step: str) -> Requirement:
        """What `customer` owes at `step`; `verify` has made sure that the policy says it."""
        return next(r for r in self.requirements if (r.customer, r.step) == (customer, step))

    def mark_text(self, mark: str) -> str:
        """How a mark reads on the paper."""
        return next(text.text for text in self.marks if text.mark == mark)

    def is_for(self, terminal: str, carrier: str) -> bool:
        """Whether this policy is meant for a terminal of a carrier."""
        if isinstance(self.audience, str):
            return self.audience == carrier
        return terminal in self.audience

    def sign(self, signer: Signer) -> signed.Signed:
        """Sign with the policy key."""
        audience: Cbor = self.audience if isinstance(self.audience, str) else list(self.audience)
        payload = cbor.dumps(
            {
                1: self.version,
                2: audience,
                3: self.valid_from,
                4: self.valid_until,
                5: list(self.document_classes),
                6: [requirement.to_cbor() for requirement in self.requirements],
                7: self.draw_rate,
                8: {str(day): digest for day, digest in self.commitments.items()},
                9: self.typed_per_day,
                10: [self.freeze_hours, self.freeze_count],
                11: [group.to_cbor() for group in self.prohibited],
                12: [mark.to_cbor() for mark in self.marks],
                13: self.retention_days,
            }
        )
        return signed.sign(signed.What.POLICY, payload, signer)


def verify(raw: bytes, policy_key: PublicKey) -> tuple[Policy, bytes]:
    """Verify a policy under the pinned policy key: (policy, its hash). Raises a WireError."""
    verified = signed.verify(signed.What.POLICY, raw, policy_key)
    limit = signed.limit_of(signed.What.POLICY)
    m = fields.fixed_map(cbor.loads(verified.payload, limit), range(1, 14), "policy")
    freeze = fields.fixed_array(m[10], (2,), "freeze limits")
    policy = Policy(
        version=fields.uint(m[1], "version"),
        audience=_audience(m[2]),
        valid_from=fields.uint(m[3], "valid from"),
        valid_until=fields.uint(m[4], "valid until"),
        document_classes=tuple(fields.array_of(m[5], fields.text, "document classes", 32)),
        requirements=tuple(fields.array_of(m[6], Requirement.from_cbor, "requirements", 64)),
        draw_rate=fields.uint(m[7], "draw rate", PPM),
        commitments=_commitments(m[8]),
        typed_per_day=fields.uint(m[9], "typed-entry cap"),
        freeze_hours=fields.uint(freeze[0], "freeze hours"),
        freeze_count=fields.uint(freeze[1], "freeze count"),
        prohibited=tuple(fields.array_of(m[11], Prohibited.from_cbor, "prohibited goods", 64)),
        marks=tuple(fields.array_of(m[12], MarkText.from_cbor, "marks", 16)),
        retention_days=fields.uint(m[13], "retention"),
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
    stated = [(r.customer, r.step) for r in policy.requirements]
    wanted = {(customer, step) for customer in CUSTOMER_CLASSES for step in STEPS}
    if len(stated) != len(set(stated)) or set(stated) != wanted:
        raise Malformed("policy: each customer class and step must have one requirement")
    if any(r.duty is Duty.BY_DRAW and r.customer != "contract" for r in policy.requirements):
        raise Malformed("policy: only contract customers are drawn")
    if {text.mark for text in policy.marks} != MARKS or len(policy.marks) != len(MARKS):
        raise Malformed("policy: each mark must have one wording")
    if policy.commitments and (isinstance(policy.audience, str) or len(policy.audience) != 1):
        raise Malformed("policy: draw commitments are for one terminal alone")
