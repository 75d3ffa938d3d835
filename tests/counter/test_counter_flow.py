"""Promise: each event does one thing in each phase, and anything else is refused whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from padpos.counter import events
from padpos.counter.consignment import Step, owed
from padpos.counter.errors import CounterError, NotNow, StillOwed
from padpos.counter.flow import IDLE, Outcome, Phase, step_of, transition
from padpos.counter.reasons import ABANDONED, REFUSALS
from padpos.wire.facts import Kind
from padpos.wire.personal import Document, Party
from padpos.wire.policy import Duty
from tests.counter.parcels import (
    AGREED,
    BLOCKED,
    CONFIRMED,
    CONTRACT,
    DRAWN,
    HOLDS,
    ID,
    PHOTOGRAPHED,
    POLICY,
    READ,
    RECEIVES,
    RECORDED,
    SENDS,
    SPARED,
    UNKNOWN,
    WALK_IN,
    WHOLE_WALK_IN,
    after,
    effects_of,
    with_duties,
)
from tests.wire.vector_objects import DOCUMENT, START

GIVES = events.OrganisationGiven("样例文具有限公司", "91110000000000001H")
TYPED = events.DocumentTyped(DOCUMENT, "chip-damaged", 1, typed_here=0, typed_by_clerk=0)
STATES: dict[str, tuple[events.Event, ...]] = {
    "idle": (),
    "open": (WALK_IN,),
    "recording": WHOLE_WALK_IN,
    "printing": (*WHOLE_WALK_IN, RECORDED),
    "label-unknown": (*WHOLE_WALK_IN, RECORDED, UNKNOWN),
    "label-blocked": (*WHOLE_WALK_IN, RECORDED, BLOCKED),
    "done": (*WHOLE_WALK_IN, RECORDED, events.LabelEnded("printed")),
}
EVENTS: dict[type, events.Event] = {
    type(event): event
    for event in (
        WALK_IN, events.VisitEnded(), events.Ticked(), DRAWN, GIVES, READ, TYPED, AGREED,
        events.Approved("clerk-07"), events.Looked("clerk-07", False),
        events.DeviceFailed("card-lifted"), PHOTOGRAPHED, SENDS, RECEIVES,
        HOLDS, CONFIRMED, events.Refused("prohibited-goods"), events.Abandoned("sender-left"),
        events.PutAside(), RECORDED, events.RecordFailed("waybills-spent"), UNKNOWN,
        events.LabelSaid(whole=True), events.RetryLabel(), events.LabelGivenUp(),
        events.LabelOwed(ID, "PPT00000000000", 2, "unknown"),
    )
}  # fmt: skip
OPEN_EVENTS = {
    "DocumentRead", "DocumentTyped", "DeviceFailed", "PhotoTaken", "RecipientGiven",
    "ContentsGiven", "Refused", "Abandoned",
}  # fmt: skip
TAKEN = {
    "idle": {"Begun", "LabelOwed"},
    "open": OPEN_EVENTS,
    "recording": {"Recorded", "RecordFailed", "VisitEnded"},
    "printing": {"LabelEnded", "VisitEnded"},
    "label-unknown": {"LabelSaid", "LabelGivenUp", "VisitEnded"},
    "label-blocked": {"RetryLabel", "LabelGivenUp", "VisitEnded"},
    "done": {"Begun", "LabelOwed", "VisitEnded"},
}


def test_the_table_below_names_every_event_and_every_phase() -> None:
    assert set(EVENTS) == set(events.Event.__args__)
    assert set(STATES) == set(TAKEN) == {str(phase) for phase in Phase}


@pytest.mark.parametrize("phase", STATES)
@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_an_event_is_taken_in_its_phases_and_refused_in_all_others(phase: str, kind: type) -> None:
    """Rule 4: an event out of its turn changes nothing and asks for nothing."""
    state = after(*STATES[phase])
    assert str(state.phase) == phase
    if kind.__name__ in TAKEN[phase]:
        assert transition(state, EVENTS[kind], POLICY, START)[0] is not state
    else:
        with pytest.raises(CounterError):
            transition(state, EVENTS[kind], POLICY, START)


def test_a_walk_in_is_asked_for_everything_in_order_and_then_recorded() -> None:
    state, asked = IDLE, []
    for event in WHOLE_WALK_IN:
        state, effects = transition(state, event, POLICY, START)
        asked.append(step_of(state, POLICY))
    assert asked == [
        Step.IDENTIFY, Step.PERSON, Step.INSPECT, Step.SENDER, Step.RECIPIENT, Step.CONTENTS,
        Step.CONFIRM, None,
    ]  # fmt: skip
    assert [type(effect) for effect in effects] == [events.RecordAccepted]


def test_a_contract_parcel_is_put_to_the_draw_at_once_and_owes_it() -> None:
    state, effects = transition(IDLE, CONTRACT, POLICY, START)
    assert [type(effect) for effect in effects] == [events.RecordBegun, events.PutToDraw]
    assert step_of(state, POLICY) is Step.DRAW
    with pytest.raises(StillOwed) as refused:
        transition(after(CONTRACT, SENDS, RECEIVES, HOLDS), CONFIRMED, POLICY, START)
    assert refused.value.owed == ("draw",)


@pytest.mark.parametrize(("draw", "owes"), [(DRAWN, ("inspect",)), (SPARED, ())])
def test_a_drawn_contract_parcel_owes_inspection_and_a_spared_one_does_not(
    draw: events.Event, owes: tuple[str, ...]
) -> None:
    held = after(CONTRACT, draw, SENDS, RECEIVES, HOLDS).consignment
    assert held is not None
    assert owed(held, POLICY) == owes


def test_a_parcel_is_drawn_once() -> None:
    with pytest.raises(NotNow):
        transition(after(CONTRACT, SPARED), DRAWN, POLICY, START)
    with pytest.raises(NotNow):
        transition(after(WALK_IN), DRAWN, POLICY, START)


@pytest.mark.parametrize("left_out", [READ, AGREED, PHOTOGRAPHED, SENDS, RECEIVES, HOLDS])
def test_nothing_is_accepted_with_one_thing_left_out(left_out: events.Event) -> None:
    """Rule 4: each step alone keeps a walk-in from its label."""
    given = [event for event in WHOLE_WALK_IN[:-1] if event is not left_out]
    if left_out is READ:
        given = [event for event in given if event not in (AGREED, SENDS)]
    with pytest.raises(StillOwed):
        transition(after(*given), CONFIRMED, POLICY, START)


def test_a_policy_that_turns_stricter_in_mid_parcel_holds_for_that_parcel() -> None:
    """Rule 4: what is owed is asked of the policy in force at the end."""
    lax = with_duties(walk_in_identify=Duty.EXEMPT, walk_in_inspect=Duty.EXEMPT)
    state = after(WALK_IN, SENDS, RECEIVES, HOLDS, policy=lax)
    assert effects_of(CONFIRMED, state, lax)
    with pytest.raises(StillOwed) as refused:
        transition(state, CONFIRMED, POLICY, START)
    assert refused.value.owed == ("identify", "inspect")


def test_an_identified_sender_bears_the_documents_name_whatever_was_typed() -> None:
    state = after(WALK_IN, READ, events.SenderGiven("19900000001", "陆知微", "别处"))
    assert state.consignment is not None and state.consignment.sender is not None
    assert state.consignment.sender.name == DOCUMENT.name


def test_a_sender_typed_before_the_draw_takes_the_documents_name_once_it_is_read() -> None:
    """A contract sender can be typed while the draw is made; the card read then has the word."""
    policy = with_duties(contract_identify=Duty.BY_DRAW)
    typed = events.SenderGiven("19900000001", "陆知微", "别处")
    held = after(CONTRACT, typed, DRAWN, READ, policy=policy).consignment
    assert held is not None and held.sender == Party(DOCUMENT.name, "19900000001", "别处")


def test_a_sender_who_owes_a_document_is_not_typed_before_it() -> None:
    with pytest.raises(StillOwed):
        transition(after(WALK_IN), SENDS, POLICY, START)


def test_the_address_is_the_documents_where_none_is_typed() -> None:
    held = after(WALK_IN, READ, events.SenderGiven("19900000001")).consignment
    assert held is not None and held.sender is not None
    assert held.sender.address == DOCUMENT.address


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (replace(DOCUMENT, type="library-card"), "document-class"),
        (replace(DOCUMENT, valid_from="20260102"), "document-not-yet-valid"),
        (replace(DOCUMENT, valid_until="20251231"), "document-expired"),
        (replace(DOCUMENT, valid_from="20260101", valid_until="20260101"), None),
    ],
)
def test_a_document_counts_only_within_its_time_and_class(
    document: Document, problem: str | None
) -> None:
    """Rule 4: a document that may not stand for the sender leaves the step owed."""
    state = after(WALK_IN, events.DocumentRead(document, "chip", 1))
    assert state.problem == problem
    assert (step_of(state, POLICY) is Step.IDENTIFY) == (problem is not None)
    assert state.consignment is not None
    assert (state.consignment.document is None) == (problem is not None)


def test_no_document_is_taken_where_none_is_owed() -> None:
    with pytest.raises(NotNow):
        transition(after(CONTRACT, SPARED), READ, POLICY, START)
    with pytest.raises(NotNow):
        transition(after(WALK_IN, READ), READ, POLICY, START)


def test_eight_photographs_are_enough() -> None:
    state = after(WALK_IN, *[PHOTOGRAPHED] * 8)
    with pytest.raises(NotNow):
        transition(state, PHOTOGRAPHED, POLICY, START)


@pytest.mark.parametrize("reason", [*REFUSALS, *ABANDONED])
def test_a_parcel_that_ends_otherwise_is_recorded_with_its_step_and_reason(reason: str) -> None:
    """Rule 4: whatever was refused or left is itself an entry."""
    refused = reason in REFUSALS
    event = events.Refused(reason) if refused else events.Abandoned(reason)
    state, effects = transition(after(WALK_IN, READ), event, POLICY, START)
    kind = Kind.REFUSAL if refused else Kind.ABANDONED
    held = after(WALK_IN, READ).consignment
    assert held is not None
    assert effects == (events.RecordEnded(kind, held, reason, "person"),)
    assert (state.phase, state.consignment) == (Phase.DONE, None)


@pytest.mark.parametrize("event", [events.Refused("cancelled"), events.Abandoned("because")])
def test_a_reason_outside_its_closed_set_is_refused(event: events.Event) -> None:
    with pytest.raises(NotNow):
        transition(after(WALK_IN), event, POLICY, START)


def test_a_parcel_being_recorded_can_neither_be_refused_nor_confirmed_again() -> None:
    """Rule 6: two confirmations make one label."""
    recording = after(*WHOLE_WALK_IN)
    for event in (CONFIRMED, events.Refused("prohibited-goods"), events.Abandoned("cancelled")):
        with pytest.raises(NotNow):
            transition(recording, event, POLICY, START)


def test_a_failed_recording_leaves_the_parcel_open_with_all_it_had() -> None:
    state = after(*WHOLE_WALK_IN, events.RecordFailed("waybills-spent"))
    assert (state.phase, state.problem) == (Phase.OPEN, "waybills-spent")
    assert state.consignment == after(*WHOLE_WALK_IN).consignment


def test_the_label_is_asked_for_only_once_the_entry_is_recorded() -> None:
    """Rule 2: PrintLabel answers Recorded, and nothing before it."""
    before = [effect for event in steps(WHOLE_WALK_IN) for effect in event]
    assert not any(isinstance(effect, events.PrintLabel) for effect in before)
    assert effects_of(RECORDED, after(*WHOLE_WALK_IN)) == (events.PrintLabel(ID, 1),)


def test_an_unknown_paper_waits_for_a_person_and_a_reprint_has_the_next_generation() -> None:
    """Rule 6: nothing but a person's word moves an unknown paper."""
    unknown = after(*STATES["label-unknown"])
    with pytest.raises(NotNow):
        transition(unknown, events.RetryLabel(), POLICY, START)
    whole, said = transition(unknown, events.LabelSaid(whole=True), POLICY, START)
    assert (whole.outcome, said) == (
        Outcome.ACCEPTED,
        (events.RecordLabelSaid(ID, 1, "printed"),),
    )
    reprint, effects = transition(unknown, events.LabelSaid(whole=False), POLICY, START)
    assert (reprint.phase, effects) == (Phase.PRINTING, (events.PrintLabel(ID, 2),))


def test_a_blocked_paper_is_tried_again_under_its_own_generation() -> None:
    """Rule 6: no byte went out, so the first paper is still the only one."""
    assert effects_of(events.RetryLabel(), after(*STATES["label-blocked"])) == (
        events.PrintLabel(ID, 1),
    )


def test_a_parcel_whose_three_generations_are_spent_is_voided() -> None:
    """Rule 6: there is no fourth paper."""
    again = (events.LabelSaid(whole=False), UNKNOWN)
    third = after(*STATES["label-unknown"], *again, *again)
    state, effects = transition(third, events.LabelSaid(whole=False), POLICY, START)
    assert effects == (events.RecordVoid(ID, "labels-spent"),)
    assert (state.phase, state.outcome) == (Phase.DONE, Outcome.VOIDED)


@pytest.mark.parametrize(
    ("status", "phase"), [("unknown", Phase.LABEL_UNKNOWN), ("blocked", Phase.LABEL_BLOCKED)]
)
def test_after_a_restart_an_unsettled_paper_comes_back_as_it_stood(
    status: str, phase: Phase
) -> None:
    """Rule 6: a restart neither forgets a paper nor prints one."""
    owed_again = events.LabelOwed(ID, "PPT00000000000", 2, status)
    state, effects = transition(IDLE, owed_again, POLICY, START)
    assert (state.phase, effects) == (phase, ())
    assert state.paper is not None and state.paper.generation == 2


def steps(happened: Iterable[events.Event]) -> Iterable[tuple[events.Effect, ...]]:
    """The effects of each event in turn."""
    state = IDLE
    for event in happened:
        state, effects = transition(state, event, POLICY, START)
        yield effects
