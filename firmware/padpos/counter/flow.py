"""The flow: (state, event, policy, now) → (state, effects), or a CounterError and no change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from padpos.counter import checks, labels, opening, showing
from padpos.counter.consignment import Step, current_step, owed, roles_owed
from padpos.counter.errors import Invalid, NotNow, StillOwed
from padpos.counter.events import (
    Abandoned,
    Approved,
    Begun,
    Confirmed,
    ContentsGiven,
    DeviceFailed,
    DocumentRead,
    DocumentTyped,
    DrawMade,
    Event,
    LabelEnded,
    LabelGivenUp,
    LabelOwed,
    LabelSaid,
    Looked,
    OrganisationGiven,
    PersonAgreed,
    PhotoTaken,
    PrintLabel,
    PutAside,
    RecipientGiven,
    RecordAccepted,
    Recorded,
    RecordEnded,
    RecordFailed,
    Refused,
    RetryLabel,
    SenderGiven,
    Ticked,
    VisitEnded,
)
from padpos.counter.identity import Role
from padpos.counter.reasons import ABANDONED, REFUSALS, words
from padpos.counter.state import (
    IDLE,
    Law,
    Next,
    Outcome,
    Paper,
    Phase,
    State,
    Visit,
    holding,
    in_hand,
    in_plain_hand,
)
from padpos.wire.facts import Kind
from padpos.wire.policy import Policy

__all__ = [
    "IDLE", "Law", "Next", "Outcome", "Paper", "Phase", "Role", "State", "Visit", "role_wanted",
    "step_of", "transition",
]  # fmt: skip


def transition(state: State, event: Event, policy: Policy, now: int) -> Next:
    """The next state, and what has to be done. Raises CounterError; `state` then stands."""
    handler = _HANDLERS[type(event)]
    after, effects = handler(state, event, Law(policy, now))
    return (after if after.touched == now else replace(after, touched=now)), effects


def step_of(state: State, policy: Policy) -> Step | None:
    """What an open consignment asks for next."""
    if state.phase is not Phase.OPEN or state.consignment is None:
        return None
    return current_step(state.consignment, policy)


def _device_failed(state: State, event: DeviceFailed, law: Law) -> Next:  # noqa: ARG001
    in_hand(state)
    return replace(state, problem=event.code), ()


def _sender_given(state: State, event: SenderGiven, law: Law) -> Next:
    consignment = in_plain_hand(state)
    first = [s for s in owed(consignment, law.policy) if s in (Step.ORGANISATION, Step.IDENTIFY)]
    if first:
        raise StillOwed(tuple(map(str, first)))
    sender = checks.sender(event, consignment.identity)
    return holding(state, replace(consignment, sender=sender))


def _recipient_given(state: State, event: RecipientGiven, law: Law) -> Next:  # noqa: ARG001
    return holding(state, replace(in_plain_hand(state), recipient=checks.party(event.party)))


def _contents_given(state: State, event: ContentsGiven, law: Law) -> Next:  # noqa: ARG001
    consignment = in_plain_hand(state)
    changed = replace(
        consignment,
        contents=checks.contents(event.contents),
        category=checks.category(event.category, consignment.categories),
        grams=checks.grams(event.grams),
        from_scale=event.from_scale,
    )
    return holding(state, changed)


def _confirmed(state: State, event: Confirmed, law: Law) -> Next:  # noqa: ARG001
    consignment = in_hand(state)
    if missing := owed(consignment, law.policy):
        raise StillOwed(tuple(map(str, missing)))
    return State(Phase.RECORDING, consignment), (RecordAccepted(consignment),)


def _refused(state: State, event: Refused, law: Law) -> Next:
    if event.reason not in REFUSALS:
        raise NotNow
    groups = {group.code for group in law.policy.prohibited}
    known = event.goods in groups and event.reason == "prohibited-goods"
    if event.goods is not None and not known:
        raise Invalid("goods", *words("goods"))
    return _ended(state, law, Kind.REFUSAL, event.reason, event.goods)


def _abandoned(state: State, event: Abandoned, law: Law) -> Next:
    if event.reason not in ABANDONED:
        raise NotNow
    return _ended(state, law, Kind.ABANDONED, event.reason)


def _ticked(state: State, event: Ticked, law: Law) -> Next:  # noqa: ARG001
    if state.phase is Phase.OPEN and law.now - state.touched > law.policy.visit_seconds * 1000:
        if (held := state.consignment) and held.prepared:  # nobody's texts lie open, nothing ends
            return State(), ()
        return _ended(state, law, Kind.ABANDONED, "timed-out")
    if state.visit is None or not state.visit.is_over(law.policy, law.now):
        raise NotNow
    return replace(state, visit=None), ()


def _ended(state: State, law: Law, kind: Kind, reason: str, goods: str | None = None) -> Next:
    consignment = in_hand(state)
    step = str(current_step(consignment, law.policy))
    outcome = Outcome.REFUSED if kind is Kind.REFUSAL else Outcome.ABANDONED
    done = State(Phase.DONE, outcome=outcome, reason=reason)
    return done, (RecordEnded(kind, consignment, reason, step, goods),)


def _put_aside(state: State, event: PutAside, law: Law) -> Next:  # noqa: ARG001
    if in_hand(state).prepared is None:
        raise NotNow
    return State(), ()


def _recorded(state: State, event: Recorded, law: Law) -> Next:  # noqa: ARG001
    if state.phase is not Phase.RECORDING or state.consignment is None:
        raise NotNow
    paper = Paper(state.consignment.id, event.waybill, 1)
    # The plaintext goes here: what is on stable storage is all that is left of it, but for the
    # sender whose card still lies there.
    after = State(Phase.PRINTING, paper=paper, visit=opening.visit_of(state.consignment))
    return after, (PrintLabel(paper.consignment, 1),)


def _record_failed(state: State, event: RecordFailed, law: Law) -> Next:  # noqa: ARG001
    if state.phase is not Phase.RECORDING:
        raise NotNow
    return replace(state, phase=Phase.OPEN, problem=event.code), ()


def role_wanted(state: State, policy: Policy) -> Role | None:
    """As whose document a card laid now would be taken, or None where none is owed."""
    held = state.consignment
    if state.phase is not Phase.OPEN or held is None or held.prepared is not None:
        return None
    return next(iter(roles_owed(held, policy)), None)


# Each handler takes the event its key names, which a dict's value type can't say.
_HANDLERS: dict[type, Callable[[State, Any, Law], Next]] = {
    Begun: opening.begun,
    VisitEnded: opening.visit_ended,
    Ticked: _ticked,
    DrawMade: opening.draw_made,
    OrganisationGiven: showing.organisation_given,
    DocumentRead: showing.document_read,
    DocumentTyped: showing.document_typed,
    PersonAgreed: showing.person_agreed,
    Approved: showing.approved,
    Looked: showing.looked,
    DeviceFailed: _device_failed,
    PhotoTaken: showing.photo_taken,
    SenderGiven: _sender_given,
    RecipientGiven: _recipient_given,
    ContentsGiven: _contents_given,
    Confirmed: _confirmed,
    Refused: _refused,
    Abandoned: _abandoned,
    PutAside: _put_aside,
    Recorded: _recorded,
    RecordFailed: _record_failed,
    LabelEnded: labels.label_ended,
    LabelSaid: labels.label_said,
    RetryLabel: labels.retry_label,
    LabelGivenUp: labels.label_given_up,
    LabelOwed: labels.label_owed,
}
