"""The flow: (state, event, policy, now) → (state, effects), or a CounterError and no change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeVar

from padpos.counter import checks
from padpos.counter.consignment import Consignment, Step, current_step, must, owed
from padpos.counter.errors import NotNow, StillOwed
from padpos.counter.events import (
    Abandoned,
    Begun,
    Confirmed,
    ContentsGiven,
    DeviceFailed,
    DocumentRead,
    DrawMade,
    Effect,
    Event,
    LabelEnded,
    LabelGivenUp,
    LabelOwed,
    LabelSaid,
    PhotoTaken,
    PrintLabel,
    PutToDraw,
    RecipientGiven,
    RecordAccepted,
    RecordBegun,
    Recorded,
    RecordEnded,
    RecordFailed,
    RecordLabelSaid,
    RecordVoid,
    Refused,
    RetryLabel,
    SenderGiven,
)
from padpos.counter.identity import document_problem
from padpos.counter.reasons import ABANDONED, REFUSALS
from padpos.wire.facts import Kind
from padpos.wire.ids import day_of
from padpos.wire.label_code import GENERATIONS
from padpos.wire.policy import Policy


class Phase(StrEnum):
    """Where a consignment stands."""

    IDLE = "idle"
    OPEN = "open"
    RECORDING = "recording"
    PRINTING = "printing"
    LABEL_UNKNOWN = "label-unknown"
    LABEL_BLOCKED = "label-blocked"
    DONE = "done"


class Outcome(StrEnum):
    """How a consignment ended."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    ABANDONED = "abandoned"
    VOIDED = "voided"


@dataclass(frozen=True, slots=True)
class Paper:
    """The label of a recorded consignment."""

    consignment: bytes
    waybill: str
    generation: int


@dataclass(frozen=True, slots=True)
class State:
    """All the counter knows of the parcel in hand. Once recorded, the plaintext is gone."""

    phase: Phase = Phase.IDLE
    consignment: Consignment | None = None
    paper: Paper | None = None
    problem: str | None = None
    outcome: Outcome | None = None
    reason: str | None = None


Next = tuple[State, tuple[Effect, ...]]
E_ = TypeVar("E_")
IDLE = State()


@dataclass(frozen=True, slots=True)
class Law:
    """What a transition may look at beside state and event: the policy, and the time in ms."""

    policy: Policy
    now: int


def transition(state: State, event: Event, policy: Policy, now: int) -> Next:
    """The next state, and what has to be done. Raises CounterError; `state` then stands."""
    handler = _HANDLERS[type(event)]
    return handler(state, event, Law(policy, now))


def step_of(state: State, policy: Policy) -> Step | None:
    """What an open consignment asks for next."""
    if state.phase is not Phase.OPEN or state.consignment is None:
        return None
    return current_step(state.consignment, policy)


def _open(state: State) -> Consignment:
    if state.phase is not Phase.OPEN or state.consignment is None:
        raise NotNow
    return state.consignment


def _paper(state: State, *phases: Phase) -> Paper:
    if state.phase not in phases or state.paper is None:
        raise NotNow
    return state.paper


def _with(state: State, consignment: Consignment) -> Next:
    return replace(state, consignment=consignment, problem=None), ()


def _begun(state: State, event: Begun, law: Law) -> Next:
    if state.phase not in (Phase.IDLE, Phase.DONE):
        raise NotNow
    checks.customer(event.customer, event.contract)
    consignment = Consignment(event.id, event.customer, event.contract, law.now)
    effects: tuple[Effect, ...] = (RecordBegun(consignment),)
    if event.customer == "contract":
        effects = (*effects, PutToDraw(consignment))
    return State(Phase.OPEN, consignment), effects


def _draw_made(state: State, event: DrawMade, law: Law) -> Next:  # noqa: ARG001
    consignment = _open(state)
    if consignment.customer != "contract" or consignment.draw is not None:
        raise NotNow
    return _with(state, replace(consignment, draw=event.draw, check_owed=event.check_owed))


def _document_read(state: State, event: DocumentRead, law: Law) -> Next:
    consignment = _open(state)
    if consignment.document is not None or not must(consignment, Step.IDENTIFY, law.policy):
        raise NotNow
    problem = document_problem(event.document, law.policy, day_of(law.now))
    if problem is not None:
        return replace(state, problem=problem), ()
    # A sender typed before the draw, or under another policy, takes the document's name too.
    typed = consignment.sender
    sender = replace(typed, name=event.document.name) if typed else None
    return _with(
        state,
        replace(
            consignment,
            document=event.document,
            reading=event.reading,
            times_today=event.times_today,
            sender=sender,
        ),
    )


def _device_failed(state: State, event: DeviceFailed, law: Law) -> Next:  # noqa: ARG001
    _open(state)
    return replace(state, problem=event.code), ()


def _photo_taken(state: State, event: PhotoTaken, law: Law) -> Next:  # noqa: ARG001
    consignment = _open(state)
    if len(consignment.photos) >= checks.MOST_PHOTOS:
        raise NotNow
    return _with(state, replace(consignment, photos=(*consignment.photos, event.photo)))


def _sender_given(state: State, event: SenderGiven, law: Law) -> Next:
    consignment = _open(state)
    if consignment.document is None and must(consignment, Step.IDENTIFY, law.policy):
        raise StillOwed((str(Step.IDENTIFY),))
    sender = checks.sender(event, consignment.document)
    return _with(state, replace(consignment, sender=sender))


def _recipient_given(state: State, event: RecipientGiven, law: Law) -> Next:  # noqa: ARG001
    return _with(state, replace(_open(state), recipient=checks.party(event.party)))


def _contents_given(state: State, event: ContentsGiven, law: Law) -> Next:  # noqa: ARG001
    contents = checks.contents(event.contents)
    grams = checks.grams(event.grams)
    changed = replace(_open(state), contents=contents, grams=grams, from_scale=event.from_scale)
    return _with(state, changed)


def _confirmed(state: State, event: Confirmed, law: Law) -> Next:  # noqa: ARG001
    consignment = _open(state)
    if missing := owed(consignment, law.policy):
        raise StillOwed(tuple(map(str, missing)))
    return State(Phase.RECORDING, consignment), (RecordAccepted(consignment),)


def _refused(state: State, event: Refused, law: Law) -> Next:
    if event.reason not in REFUSALS:
        raise NotNow
    return _ended(state, law, Kind.REFUSAL, Outcome.REFUSED, event.reason)


def _abandoned(state: State, event: Abandoned, law: Law) -> Next:
    if event.reason not in ABANDONED:
        raise NotNow
    return _ended(state, law, Kind.ABANDONED, Outcome.ABANDONED, event.reason)


def _ended(state: State, law: Law, kind: Kind, outcome: Outcome, reason: str) -> Next:
    consignment = _open(state)
    step = str(current_step(consignment, law.policy))
    done = State(Phase.DONE, outcome=outcome, reason=reason)
    return done, (RecordEnded(kind, consignment, reason, step),)


def _recorded(state: State, event: Recorded, law: Law) -> Next:  # noqa: ARG001
    if state.phase is not Phase.RECORDING or state.consignment is None:
        raise NotNow
    paper = Paper(state.consignment.id, event.waybill, 1)
    # The plaintext goes here: what is on stable storage is all that is left of it.
    return State(Phase.PRINTING, paper=paper), (PrintLabel(paper.consignment, 1),)


def _record_failed(state: State, event: RecordFailed, law: Law) -> Next:  # noqa: ARG001
    if state.phase is not Phase.RECORDING:
        raise NotNow
    return replace(state, phase=Phase.OPEN, problem=event.code), ()


def _label_ended(state: State, event: LabelEnded, law: Law) -> Next:  # noqa: ARG001
    paper = _paper(state, Phase.PRINTING)
    if event.status == "printed":
        return State(Phase.DONE, paper=paper, outcome=Outcome.ACCEPTED), ()
    phase = Phase.LABEL_BLOCKED if event.status == "blocked" else Phase.LABEL_UNKNOWN
    return State(phase, paper=paper, problem=event.reason), ()


def _label_said(state: State, event: LabelSaid, law: Law) -> Next:  # noqa: ARG001
    paper = _paper(state, Phase.LABEL_UNKNOWN)
    if event.whole:
        said = RecordLabelSaid(paper.consignment, paper.generation, "printed")
        return State(Phase.DONE, paper=paper, outcome=Outcome.ACCEPTED), (said,)
    generation = paper.generation + 1
    if generation > max(GENERATIONS):
        done = State(Phase.DONE, paper=paper, outcome=Outcome.VOIDED, reason="labels-spent")
        return done, (RecordVoid(paper.consignment, "labels-spent"),)
    reprint = replace(paper, generation=generation)
    return State(Phase.PRINTING, paper=reprint), (PrintLabel(paper.consignment, generation),)


def _retry_label(state: State, event: RetryLabel, law: Law) -> Next:  # noqa: ARG001
    paper = _paper(state, Phase.LABEL_BLOCKED)
    return State(Phase.PRINTING, paper=paper), (PrintLabel(paper.consignment, paper.generation),)


def _label_given_up(state: State, event: LabelGivenUp, law: Law) -> Next:  # noqa: ARG001
    paper = _paper(state, Phase.LABEL_BLOCKED, Phase.LABEL_UNKNOWN)
    done = State(Phase.DONE, paper=paper, outcome=Outcome.VOIDED, reason="label-given-up")
    return done, (RecordVoid(paper.consignment, "label-given-up"),)


def _label_owed(state: State, event: LabelOwed, law: Law) -> Next:  # noqa: ARG001
    if state.phase not in (Phase.IDLE, Phase.DONE):
        raise NotNow
    phase = Phase.LABEL_UNKNOWN if event.status == "unknown" else Phase.LABEL_BLOCKED
    paper = Paper(event.consignment, event.waybill, event.generation)
    return State(phase, paper=paper, problem="interrupted"), ()


# Each handler takes the event its key names, which a dict's value type can't say.
_HANDLERS: dict[type, Callable[[State, Any, Law], Next]] = {
    Begun: _begun,
    DrawMade: _draw_made,
    DocumentRead: _document_read,
    DeviceFailed: _device_failed,
    PhotoTaken: _photo_taken,
    SenderGiven: _sender_given,
    RecipientGiven: _recipient_given,
    ContentsGiven: _contents_given,
    Confirmed: _confirmed,
    Refused: _refused,
    Abandoned: _abandoned,
    Recorded: _recorded,
    RecordFailed: _record_failed,
    LabelEnded: _label_ended,
    LabelSaid: _label_said,
    RetryLabel: _retry_label,
    LabelGivenUp: _label_given_up,
    LabelOwed: _label_owed,
}
