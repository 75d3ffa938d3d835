"""What is shown and seen: documents, persons, the open parcel. Transitions of `flow`."""

from __future__ import annotations

from dataclasses import replace

from padpos.counter import checks, limits
from padpos.counter.consignment import (
    CHIP,
    Consignment,
    Identity,
    Step,
    may_photograph,
    must,
    owed,
    roles_owed,
)
from padpos.counter.errors import Invalid, NotNow, StillOwed
from padpos.counter.events import (
    Approved,
    DocumentRead,
    DocumentTyped,
    Looked,
    OrganisationGiven,
    PersonAgreed,
    PhotoTaken,
    RecordOverride,
)
from padpos.counter.identity import Role, age, document_problem
from padpos.counter.opening import refuse_beyond
from padpos.counter.reasons import TYPED_REASONS, words
from padpos.counter.state import Law, Next, State, holding, in_hand, in_plain_hand
from padpos.wire.fact_values import STEPS_OF, Approval, Look
from padpos.wire.ids import day_of
from padpos.wire.personal import Document
from padpos.wire.policy import Choice, Subject

_BEFORE_A_LOOK = (Step.ORGANISATION, Step.IDENTIFY, Step.AGENT, Step.GUARDIAN, Step.INSPECT)


def organisation_given(state: State, event: OrganisationGiven, law: Law) -> Next:
    """Take the organisation that sends; once, as everything that identifies."""
    consignment = in_plain_hand(state)
    done = consignment.identity.organisation is not None
    if done or not must(consignment, Step.ORGANISATION, law.policy):
        raise NotNow
    organisation = checks.organisation(event.name, event.code)
    return _identified(state, replace(consignment.identity, organisation=organisation))


def document_read(state: State, event: DocumentRead, law: Law) -> Next:
    """Take a document from its chip, or say why it is not accepted."""
    consignment = in_plain_hand(state)
    if event.reading not in CHIP or event.role not in roles_owed(consignment, law.policy):
        raise NotNow
    problem = _problem(consignment, event.document, event.role, law)
    found = limits.judge(law.policy, _counts(event))
    if problem is not None or found.refusal is not None:
        return replace(state, problem=problem or found.refusal), ()
    identity = _with_document(consignment.identity, event, event.reading)
    return _identified(
        replace(state, consignment=_noted(consignment, found, event.times_today)),
        replace(identity, started=law.now),
    )


def document_typed(state: State, event: DocumentTyped, law: Law) -> Next:
    """Take a document by keyboard: for a reason, within the cap, for a second clerk to let pass."""
    consignment = in_plain_hand(state)
    if not consignment.attended or event.role not in roles_owed(consignment, law.policy):
        raise NotNow
    _check_typing(event, law)
    document = checks.document(event.document)
    if problem := _problem(consignment, document, event.role, law):
        raise Invalid(problem, *words(problem))
    counts = (*_counts(event), (Subject.TYPED, event.typed_by_clerk + 1))
    found = refuse_beyond(limits.judge(law.policy, counts))
    noted = _noted(consignment, found, event.times_today)
    noted = replace(noted, concerns=_joined(noted.concerns, ("typed",)))
    identity = _with_document(consignment.identity, replace(event, document=document), "typed")
    return _identified(
        replace(state, consignment=noted), replace(identity, typed_reason=event.reason)
    )


def _check_typing(event: DocumentTyped, law: Law) -> None:
    accepted = law.policy.document_class(event.document.type)
    code = None
    if not law.policy.allows(Choice.TYPED_ENTRY):
        code = "typed-off"
    elif event.reason not in TYPED_REASONS:
        code = "typed-reason"
    elif accepted is not None and not accepted.typed:
        code = "typed-class"
    elif event.typed_here >= law.policy.typed_per_day:
        code = "typed-cap"
    if code is not None:
        raise Invalid(code, *words(code))


def _counts(event: DocumentRead | DocumentTyped) -> tuple[tuple[Subject, int], ...]:
    return limits.of_document(event.times_today, clerks_own=event.clerks_own)


def _problem(consignment: Consignment, document: Document, role: Role, law: Law) -> str | None:
    day = day_of(law.now)
    if problem := document_problem(document, law.policy, day):
        return problem
    others = [shown.number for shown, _ in consignment.identity.shown]
    if document.number in others:
        return "same-document"
    answers = role is not Role.SENDER or Step.ORGANISATION in STEPS_OF[consignment.customer]
    if answers and age(document, law.policy, day) < law.policy.adult_at:
        return "under-age"
    return None


def _with_document(
    identity: Identity, event: DocumentRead | DocumentTyped, reading: str
) -> Identity:
    own = identity.clerks_own or event.clerks_own
    if event.role is Role.SENDER:
        return replace(identity, document=event.document, reading=reading, clerks_own=own)
    return replace(
        identity, helper=event.document, helper_reading=reading, role=event.role, clerks_own=own
    )


def _noted(consignment: Consignment, found: limits.Findings, times_today: int) -> Consignment:
    return replace(
        consignment,
        times_today=max(consignment.times_today, times_today),
        notices=_joined(consignment.notices, found.notices),
        concerns=_joined(consignment.concerns, found.concerns),
    )


def _joined(known: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    return (*known, *(code for code in more if code not in known))


def _identified(state: State, identity: Identity) -> Next:
    """Whatever was said of other documents is to be said again; a typed name gives way."""
    consignment = in_hand(state)
    identity = replace(identity, agreed=False)
    name, sender = checks.name_of(identity), consignment.sender
    if sender is not None and name is not None:
        # Typed before the draw, or under another policy.
        sender = replace(sender, name=name)
    return holding(state, replace(consignment, identity=identity, look=None, sender=sender))


def person_agreed(state: State, event: PersonAgreed, law: Law) -> Next:  # noqa: ARG001
    """The clerk has compared persons and documents, all of them."""
    consignment = in_hand(state)
    identity = consignment.identity
    if not consignment.attended or not identity.shown or identity.agreed:
        raise NotNow
    if roles_owed(consignment, law.policy):
        raise NotNow
    return holding(state, replace(consignment, identity=replace(identity, agreed=True)))


def approved(state: State, event: Approved, law: Law) -> Next:  # noqa: ARG001
    """A second clerk lets pass what is open; that is on record by itself."""
    consignment = in_hand(state)
    open_now = consignment.unapproved
    if not open_now:
        raise NotNow
    if event.clerk == consignment.clerk:
        raise Invalid("second-clerk", *words("second-clerk"))
    passed = tuple(Approval(what, event.clerk) for what in open_now)
    after = replace(consignment, approvals=(*consignment.approvals, *passed))
    return replace(state, consignment=after), (RecordOverride(after, open_now, event.clerk),)


def photo_taken(state: State, event: PhotoTaken, law: Law) -> Next:  # noqa: ARG001
    """Take a photograph; what was looked at before it is to be looked at again."""
    consignment = in_hand(state)
    if consignment.customer == "letter":
        raise Invalid("letter-photo", *words("letter-photo"))
    if not may_photograph(consignment):
        raise NotNow
    photos = (*consignment.photos, event.photo)
    return holding(state, replace(consignment, photos=photos, look=None))


def looked(state: State, event: Looked, law: Law) -> Next:
    """A clerk has seen what a kiosk photographed: without it that is no inspection."""
    consignment = in_hand(state)
    if consignment.attended:
        raise NotNow
    if event.remote and not law.policy.allows(Choice.REMOTE_LOOK):
        raise Invalid("remote-look", *words("remote-look"))
    before = tuple(str(s) for s in owed(consignment, law.policy) if s in _BEFORE_A_LOOK)
    if before:
        raise StillOwed(before)
    return holding(state, replace(consignment, look=Look(event.clerk, event.remote)))
