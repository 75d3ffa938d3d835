"""What can happen at the counter, and what the counter then asks for."""

from __future__ import annotations

from dataclasses import dataclass, field

from padpos.counter.consignment import Consignment
from padpos.counter.identity import Role
from padpos.counter.limits import Books
from padpos.counter.prepared import Photo, Prepared
from padpos.wire.fact_values import Drawn
from padpos.wire.facts import Kind
from padpos.wire.personal import Document, Party


@dataclass(frozen=True, slots=True)
class Begun:
    """A consignment is opened for a customer class; `id` is 16 random bytes.

    `clerk` is who stands at the counter, None at a kiosk; `same_visit`: the sender of the last
    parcel hands over another one; `categories`: what the contract's agreement is for; `prepared`:
    a row of a batch, whose consignment keeps its id over pauses and crashes.
    """

    id: bytes
    customer: str
    contract: str | None = None
    clerk: str | None = None
    same_visit: bool = False
    categories: tuple[str, ...] = ()
    books: Books = field(default_factory=Books)
    prepared: Prepared | None = None


@dataclass(frozen=True, slots=True)
class VisitEnded:
    """The card was lifted, or the clerk signed out: the next parcel begins with a document."""


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time has passed: an open consignment left alone, or a visit, may be over."""


@dataclass(frozen=True, slots=True)
class DrawMade:
    """The draw of a contract parcel is durable, and this is its result.

    `check_owed`: an earlier check of this contract still stands open, and falls on this parcel.
    """

    draw: Drawn
    check_owed: bool = False


@dataclass(frozen=True, slots=True)
class OrganisationGiven:
    """The organisation that sends: its name and unified social credit code."""

    name: str = field(repr=False)
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DocumentRead:
    """A document was read whole from its chip; `times_today` counts its consignments here today.

    `clerks_own`: it is an enrolled clerk's.
    """

    document: Document = field(repr=False)
    reading: str
    times_today: int
    role: Role = Role.SENDER
    clerks_own: bool = False


@dataclass(frozen=True, slots=True)
class DocumentTyped:
    """A document was taken by keyboard, for a reason of the closed set.

    `typed_here` counts those of today at this terminal before it, `typed_by_clerk` the clerk's.
    """

    document: Document = field(repr=False)
    reason: str
    times_today: int
    typed_here: int
    typed_by_clerk: int
    role: Role = Role.SENDER
    clerks_own: bool = False


@dataclass(frozen=True, slots=True)
class PersonAgreed:
    """The clerk says that each person at the counter is the one on the document."""


@dataclass(frozen=True, slots=True)
class Approved:
    """A second clerk lets pass what the policy keeps from one alone."""

    clerk: str


@dataclass(frozen=True, slots=True)
class Looked:
    """A clerk saw sender, document and open parcel of a kiosk; `remote`: through its camera."""

    clerk: str
    remote: bool


@dataclass(frozen=True, slots=True)
class DeviceFailed:
    """A device could not do what was asked; `code` names why."""

    code: str


@dataclass(frozen=True, slots=True)
class PhotoTaken:
    """A photograph passed the gates, was sealed, and is on stable storage."""

    photo: Photo


@dataclass(frozen=True, slots=True)
class SenderGiven:
    """Who sends: for an identified sender the name comes from the document."""

    phone: str = field(repr=False)
    name: str | None = field(default=None, repr=False)
    address: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class RecipientGiven:
    """Who receives."""

    party: Party = field(repr=False)


@dataclass(frozen=True, slots=True)
class ContentsGiven:
    """What is inside, and its weight in grams."""

    contents: str = field(repr=False)
    grams: int
    from_scale: bool
    category: str | None = None


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Clerk and sender agree: accept."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The parcel is refused, for a reason of the closed set; `goods` the policy's group of them."""

    reason: str
    goods: str | None = None


@dataclass(frozen=True, slots=True)
class Abandoned:
    """The consignment ends without a decision."""

    reason: str


@dataclass(frozen=True, slots=True)
class PutAside:
    """A parcel of a batch waits: nothing of it ends, its draw and photographs stand."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The entry is on stable storage, under this waybill number."""

    waybill: str


@dataclass(frozen=True, slots=True)
class RecordFailed:
    """Nothing was recorded; `code` names why, and the consignment stays open."""

    code: str


@dataclass(frozen=True, slots=True)
class LabelEnded:
    """How the paper ended: printed, unknown or blocked."""

    status: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class LabelSaid:
    """What a person says of an unknown paper: it is whole (True), or it is not."""

    whole: bool


@dataclass(frozen=True, slots=True)
class RetryLabel:
    """Try again to print a label of which no byte went out."""


@dataclass(frozen=True, slots=True)
class LabelGivenUp:
    """The recorded parcel gets no label: its number is voided, and the counter is free again."""


@dataclass(frozen=True, slots=True)
class LabelOwed:
    """After a restart: a recorded consignment whose paper is not settled."""

    consignment: bytes
    waybill: str
    generation: int
    status: str


Event = (
    Begun
    | VisitEnded
    | Ticked
    | DrawMade
    | OrganisationGiven
    | DocumentRead
    | DocumentTyped
    | PersonAgreed
    | Approved
    | Looked
    | DeviceFailed
    | PhotoTaken
    | SenderGiven
    | RecipientGiven
    | ContentsGiven
    | Confirmed
    | Refused
    | Abandoned
    | PutAside
    | Recorded
    | RecordFailed
    | LabelEnded
    | LabelSaid
    | RetryLabel
    | LabelGivenUp
    | LabelOwed
)


@dataclass(frozen=True, slots=True)
class RecordBegun:
    """Leave a durable trace of the consignment in hand, so that a crash does not hide it."""

    consignment: Consignment


@dataclass(frozen=True, slots=True)
class PutToDraw:
    """Make the draw entry durable, then look at the result."""

    consignment: Consignment


@dataclass(frozen=True, slots=True)
class RecordOverride:
    """Append what a second clerk let pass."""

    consignment: Consignment
    what: tuple[str, ...]
    approved_by: str


@dataclass(frozen=True, slots=True)
class RecordAccepted:
    """Seal and append the consignment; answer with Recorded."""

    consignment: Consignment


@dataclass(frozen=True, slots=True)
class RecordEnded:
    """Append a refusal or an abandoned consignment."""

    kind: Kind
    consignment: Consignment
    reason: str
    step: str
    goods: str | None = None


@dataclass(frozen=True, slots=True)
class PrintLabel:
    """Record the intention, print this generation, record the end; answer with LabelEnded."""

    consignment: bytes
    generation: int


@dataclass(frozen=True, slots=True)
class RecordLabelSaid:
    """Record what a person said of an unknown paper."""

    consignment: bytes
    generation: int
    status: str


@dataclass(frozen=True, slots=True)
class RecordVoid:
    """Every generation is spent: the parcel's number is voided."""

    consignment: bytes
    reason: str


Effect = (
    RecordBegun
    | PutToDraw
    | RecordOverride
    | RecordAccepted
    | RecordEnded
    | PrintLabel
    | RecordLabelSaid
    | RecordVoid
)
