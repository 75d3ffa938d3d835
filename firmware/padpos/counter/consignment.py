"""A consignment as the counter holds it in memory, and what is still owed on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from padpos.counter.identity import Role, age
from padpos.counter.prepared import Photo, Prepared
from padpos.wire.fact_values import STEPS_OF, Approval, Drawn, Look
from padpos.wire.ids import day_of
from padpos.wire.personal import Document, Organisation, Party
from padpos.wire.policy import Choice, Duty, Policy

MOST_PHOTOS = 8
CHIP = frozenset({"chip", "chip-signed"})
UNATTENDED = frozenset({"self-service"})
"""Customer classes without a clerk in attendance: what is photographed there, nobody looked at."""


class Step(StrEnum):
    """The steps of a consignment, in the order they are asked for."""

    DRAW = "draw"
    ORGANISATION = "organisation"
    IDENTIFY = "identify"
    AGENT = "agent"
    GUARDIAN = "guardian"
    PERSON = "person"
    APPROVE = "approve"
    INSPECT = "inspect"
    LOOK = "look"
    SENDER = "sender"
    RECIPIENT = "recipient"
    CONTENTS = "contents"
    CONFIRM = "confirm"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who stands at the counter: the documents shown, and what was said of them.

    `document` is the sender's; `helper` that of the agent or guardian beside him, `role` as which.
    `agreed`: the clerk said that persons and documents agree. `started` (ms): since when one
    reading serves this visit; None once the card is gone.
    """

    document: Document | None = field(default=None, repr=False)
    reading: str = "none"
    helper: Document | None = field(default=None, repr=False)
    helper_reading: str = "none"
    role: Role | None = None
    typed_reason: str | None = None
    organisation: Organisation | None = field(default=None, repr=False)
    agreed: bool = False
    clerks_own: bool = False
    started: int | None = None

    @property
    def shown(self) -> tuple[tuple[Document, str], ...]:
        """Each document with how it was read."""
        both = ((self.document, self.reading), (self.helper, self.helper_reading))
        return tuple((document, reading) for document, reading in both if document is not None)

    @property
    def by_chip(self) -> bool:
        """Whether every document shown was read from its chip."""
        return all(reading in CHIP for _, reading in self.shown)


@dataclass(frozen=True, slots=True)
class Consignment:
    """One parcel's way across the counter. Personal fields never show in its repr.

    `concerns` are what a second clerk must let pass, `notices` what the clerk is prompted about;
    `categories` the goods its contract is for, none for any. What is `prepared` was sealed at
    import: sender and recipient are in no one's hands here.
    """

    id: bytes
    customer: str
    contract: str | None
    started: int
    clerk: str | None = None
    categories: tuple[str, ...] = ()
    draw: Drawn | None = None
    check_owed: bool = False
    identity: Identity = Identity()
    times_today: int = 0
    parcel_of_visit: int = 1
    notices: tuple[str, ...] = ()
    concerns: tuple[str, ...] = ()
    approvals: tuple[Approval, ...] = ()
    photos: tuple[Photo, ...] = ()
    look: Look | None = None
    sender: Party | None = field(default=None, repr=False)
    recipient: Party | None = field(default=None, repr=False)
    contents: str | None = field(default=None, repr=False)
    category: str | None = None
    grams: int | None = None
    from_scale: bool = False
    prepared: Prepared | None = None

    @property
    def document(self) -> Document | None:
        """The sender's document."""
        return self.identity.document

    @property
    def reading(self) -> str:
        """How the sender's document was read."""
        return self.identity.reading

    @property
    def attended(self) -> bool:
        """Whether a clerk stands at the counter."""
        return self.customer not in UNATTENDED

    @property
    def looked_at(self) -> bool:
        """Whether a clerk saw the open parcel that the photographs show."""
        return bool(self.photos) and (self.attended or self.look is not None)

    @property
    def unapproved(self) -> tuple[str, ...]:
        """The concerns that no second clerk has let pass."""
        passed = {approval.what for approval in self.approvals}
        return tuple(what for what in self.concerns if what not in passed)


def duty(consignment: Consignment, step: Step, policy: Policy) -> Duty:
    """What the policy says of this step for this customer class; exempt where it has none."""
    if step not in STEPS_OF[consignment.customer]:
        return Duty.EXEMPT
    return policy.requirement(consignment.customer, str(step)).duty


def must(consignment: Consignment, step: Step, policy: Policy) -> bool:
    """Whether this consignment owes the step: by rule, or because a draw fell on its contract."""
    drawn = consignment.check_owed or (consignment.draw is not None and consignment.draw.drawn)
    owed_by = duty(consignment, step, policy)
    return owed_by is Duty.REQUIRED or (owed_by is Duty.BY_DRAW and drawn)


def needs_guardian(consignment: Consignment, policy: Policy) -> bool:
    """Whether the sender is too young to stand here alone.

    Beside an agent's principal stands a grown-up anyway, and none but one answers for others.
    """
    document = consignment.document
    if document is None or {Step.AGENT, Step.ORGANISATION} & {*STEPS_OF[consignment.customer]}:
        return False
    return age(document, policy, day_of(consignment.started)) < policy.guardian_under


def roles_owed(consignment: Consignment, policy: Policy) -> tuple[Role, ...]:
    """Whose documents are still to be shown, in the order they are asked for."""
    owes = []
    if consignment.document is None and must(consignment, Step.IDENTIFY, policy):
        owes.append(Role.SENDER)
    if consignment.identity.helper is None:
        if must(consignment, Step.AGENT, policy):
            owes.append(Role.AGENT)
        if needs_guardian(consignment, policy):
            owes.append(Role.GUARDIAN)
    return tuple(owes)


def may_photograph(consignment: Consignment) -> bool:
    """Whether the parcel may be photographed: never a letter, and no more than enough."""
    return consignment.customer != "letter" and len(consignment.photos) < MOST_PHOTOS


def owed(consignment: Consignment, policy: Policy) -> tuple[Step, ...]:
    """What is still missing before this consignment may be accepted: the one gate to a label."""
    return tuple(_owed(consignment, policy))


_STEP_OF_ROLE = {Role.SENDER: Step.IDENTIFY, Role.AGENT: Step.AGENT, Role.GUARDIAN: Step.GUARDIAN}


def _owed(consignment: Consignment, policy: Policy) -> Iterator[Step]:
    if consignment.customer == "contract" and consignment.draw is None:
        yield Step.DRAW
    yield from _owed_of_person(consignment, policy)
    if must(consignment, Step.INSPECT, policy) and not consignment.photos:
        yield Step.INSPECT
    if not consignment.attended and not _look_stands(consignment, policy):
        yield Step.LOOK
    if consignment.sender is None and consignment.prepared is None:
        yield Step.SENDER
    if consignment.recipient is None and consignment.prepared is None:
        yield Step.RECIPIENT
    if consignment.contents is None or consignment.grams is None:
        yield Step.CONTENTS


def _owed_of_person(consignment: Consignment, policy: Policy) -> Iterator[Step]:
    identity = consignment.identity
    if must(consignment, Step.ORGANISATION, policy) and identity.organisation is None:
        yield Step.ORGANISATION
    for role in roles_owed(consignment, policy):
        yield _STEP_OF_ROLE[role]
    if identity.shown and consignment.attended and not identity.agreed:
        yield Step.PERSON
    if consignment.unapproved:
        yield Step.APPROVE


def _look_stands(consignment: Consignment, policy: Policy) -> bool:
    look = consignment.look
    return look is not None and (not look.remote or policy.allows(Choice.REMOTE_LOOK))


def current_step(consignment: Consignment, policy: Policy) -> Step:
    """What to ask for next."""
    return next(_owed(consignment, policy), Step.CONFIRM)
