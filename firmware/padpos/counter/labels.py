"""The label of a recorded parcel, until a person or the printer vouches for it. Of `flow`."""

from __future__ import annotations

from dataclasses import replace

from padpos.counter.errors import NotNow
from padpos.counter.events import (
    LabelEnded,
    LabelGivenUp,
    LabelOwed,
    LabelSaid,
    PrintLabel,
    RecordLabelSaid,
    RecordVoid,
    RetryLabel,
)
from padpos.counter.state import Law, Next, Outcome, Paper, Phase, State, paper_of
from padpos.wire.label_code import GENERATIONS


def label_ended(state: State, event: LabelEnded, law: Law) -> Next:  # noqa: ARG001
    """The printer has answered, or has not."""
    paper_of(state, Phase.PRINTING)
    if event.status == "printed":
        return replace(state, phase=Phase.DONE, outcome=Outcome.ACCEPTED), ()
    phase = Phase.LABEL_BLOCKED if event.status == "blocked" else Phase.LABEL_UNKNOWN
    return replace(state, phase=phase, problem=event.reason), ()


def label_said(state: State, event: LabelSaid, law: Law) -> Next:  # noqa: ARG001
    """A person has looked at the paper."""
    paper = paper_of(state, Phase.LABEL_UNKNOWN)
    if event.whole:
        said = RecordLabelSaid(paper.consignment, paper.generation, "printed")
        done = replace(state, phase=Phase.DONE, problem=None, outcome=Outcome.ACCEPTED)
        return done, (said,)
    generation = paper.generation + 1
    if generation > max(GENERATIONS):
        return _voided(state, paper, "labels-spent")
    return _printing(state, replace(paper, generation=generation))


def retry_label(state: State, event: RetryLabel, law: Law) -> Next:  # noqa: ARG001
    """No byte went out: the same generation again."""
    return _printing(state, paper_of(state, Phase.LABEL_BLOCKED))


def label_given_up(state: State, event: LabelGivenUp, law: Law) -> Next:  # noqa: ARG001
    """No label can be printed for the recorded parcel."""
    paper = paper_of(state, Phase.LABEL_BLOCKED, Phase.LABEL_UNKNOWN)
    return _voided(state, paper, "label-given-up")


def label_owed(state: State, event: LabelOwed, law: Law) -> Next:  # noqa: ARG001
    """A restart has found a label that nobody vouched for."""
    if state.phase not in (Phase.IDLE, Phase.DONE):
        raise NotNow
    phase = Phase.LABEL_UNKNOWN if event.status == "unknown" else Phase.LABEL_BLOCKED
    paper = Paper(event.consignment, event.waybill, event.generation)
    return State(phase, paper=paper, problem="interrupted"), ()


def _printing(state: State, paper: Paper) -> Next:
    printing = replace(state, phase=Phase.PRINTING, paper=paper, problem=None)
    return printing, (PrintLabel(paper.consignment, paper.generation),)


def _voided(state: State, paper: Paper, reason: str) -> Next:
    done = replace(
        state, phase=Phase.DONE, problem=None, outcome=Outcome.VOIDED, reason=reason, paper=paper
    )
    return done, (RecordVoid(paper.consignment, reason),)
