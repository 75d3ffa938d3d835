"""The rules a policy is made of (formats §8): each an array that says what it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from padpos.wire import fields
from padpos.wire.cbor import Cbor
from padpos.wire.errors import Malformed
from padpos.wire.fact_values import CUSTOMER_CLASSES, MARKS, STEPS, STEPS_OF


class Duty(StrEnum):
    """Whether a step is owed."""

    REQUIRED = "required"
    EXEMPT = "exempt"
    BY_DRAW = "by-draw"


class NumberRule(StrEnum):
    """How the number of a document class can be checked."""

    CITIZEN = "citizen"  # GB 11643, its birth date and sex digit against the document's fields
    GB11643 = "gb11643"  # the same without the sex digit
    FREE = "free"  # no public check


class Subject(StrEnum):
    """What is counted against fraud, a day."""

    DOCUMENT = "document"  # consignments of one document
    CLERKS_OWN = "clerks-own"  # 1 where the sender's document is an enrolled clerk's
    TYPED = "typed"  # documents the clerk took by keyboard
    VOIDS = "voids"  # waybills the clerk voided
    REPRINTS = "reprints"  # labels the clerk printed again
    DROPPED_DRAWN = "dropped-drawn"  # consignments the clerk abandoned after a draw fell on them


class Choice(StrEnum):
    """What a policy may switch on or off where the law is open or leaves it to the carrier."""

    REMOTE_LOOK = "remote-look"  # a clerk's look at a kiosk's parcel through its camera counts
    SELF_SERVICE = "self-service"  # consignments without a signed-in clerk in attendance
    TYPED_ENTRY = "typed-entry"  # a document by keyboard, with reason and second clerk


@dataclass(frozen=True, slots=True)
class DocumentClass:
    """A class of documents that is accepted; `typed`: also without a chip that can be read."""

    code: str
    chinese: str
    english: str
    number: NumberRule
    typed: bool

    def to_cbor(self) -> Cbor:
        """[code, Chinese, English, number rule, typed]."""
        return [self.code, self.chinese, self.english, str(self.number), self.typed]

    @classmethod
    def from_cbor(cls, value: Cbor, where: str) -> DocumentClass:
        """Raises Malformed."""
        code, chinese, english, number, typed = fields.fixed_array(value, (5,), where)
        return cls(
            fields.text(code, where),
            fields.text(chinese, where),
            fields.text(english, where),
            NumberRule(fields.one_of(number, set(NumberRule), where)),
            fields.boolean(typed, where),
        )


@dataclass(frozen=True, slots=True)
class Requirement:
    """What one customer class owes at one step, and the article it rests on.

    `sure` is False where the law was not read in full or is open: then it is the carrier's choice.
    """

    customer: str
    step: str
    duty: Duty
    article: str
    sure: bool = True

    def to_cbor(self) -> Cbor:
        """[customer class, step, duty, article, sure]."""
        return [self.customer, self.step, str(self.duty), self.article, self.sure]

    @classmethod
    def from_cbor(cls, value: Cbor, where: str) -> Requirement:
        """Raises Malformed."""
        customer, step, duty, article, sure = fields.fixed_array(value, (5,), where)
        read = cls(
            fields.one_of(customer, CUSTOMER_CLASSES, where),
            fields.one_of(step, STEPS, where),
            Duty(fields.one_of(duty, set(Duty), where)),
            fields.text(article, where),
            fields.boolean(sure, where),
        )
        if read.step not in STEPS_OF[read.customer]:
            raise Malformed(f"{where}: a step this customer class does not have")
        return read


@dataclass(frozen=True, slots=True)
class MarkText:
    """How a mark reads on the paper in a region: the start of a terminal's area, empty for all."""

    mark: str
    text: str
    region: str = ""

    def to_cbor(self) -> Cbor:
        """[mark, text, region]."""
        return [self.mark, self.text, self.region]

    @classmethod
    def from_cbor(cls, value: Cbor, where: str) -> MarkText:
        """Raises Malformed."""
        mark, text, region = fields.fixed_array(value, (3,), where)
        return cls(
            fields.one_of(mark, MARKS, where),
            fields.text(text, where, 40),
            fields.text(region, where, 64),
        )


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
class Limit:
    """From which count of the day on a subject is prompted for, needs a second clerk, is refused.

    A count includes the consignment in hand; None: never.
    """

    subject: Subject
    prompt: int | None
    second: int | None
    refuse: int | None

    def to_cbor(self) -> Cbor:
        """[subject, prompt, second clerk, refuse]."""
        return [str(self.subject), self.prompt, self.second, self.refuse]

    @classmethod
    def from_cbor(cls, value: Cbor, where: str) -> Limit:
        """Raises Malformed."""
        subject, *counts = fields.fixed_array(value, (4,), where)
        prompt, second, refuse = (fields.optional(c, fields.counted, where) for c in counts)
        stated = [count for count in (prompt, second, refuse) if count is not None]
        if stated != sorted(stated):
            raise Malformed(f"{where}: a stricter answer at a smaller count")
        return cls(Subject(fields.one_of(subject, set(Subject), where)), prompt, second, refuse)


@dataclass(frozen=True, slots=True)
class Switch:
    """A choice of the policy's, and the article it rests on."""

    choice: Choice
    on: bool
    article: str
    sure: bool = True

    def to_cbor(self) -> Cbor:
        """[choice, on, article, sure]."""
        return [str(self.choice), self.on, self.article, self.sure]

    @classmethod
    def from_cbor(cls, value: Cbor, where: str) -> Switch:
        """Raises Malformed."""
        choice, on, article, sure = fields.fixed_array(value, (4,), where)
        return cls(
            Choice(fields.one_of(choice, set(Choice), where)),
            fields.boolean(on, where),
            fields.text(article, where),
            fields.boolean(sure, where),
        )
