"""Promise: one reading serves one visit; what was typed, or is too much, needs a second clerk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from padpos.counter import events, numbers
from padpos.counter.consignment import Step
from padpos.counter.errors import Invalid, NotNow
from padpos.counter.flow import Phase, State, step_of, transition
from padpos.counter.freeze import HOUR_MS, Unreceipted, frozen
from padpos.counter.limits import Books, Tallies, Verdict, verdict
from padpos.counter.marks import marks_of
from padpos.counter.reasons import TYPED_REASONS
from padpos.wire.fact_values import Approval
from padpos.wire.policy import Choice, Limit, Policy, Subject
from tests.counter.parcels import (
    AGREED,
    CLERK,
    CONFIRMED,
    CONTRACT,
    HOLDS,
    KIOSK,
    PHOTOGRAPHED,
    POLICY,
    READ,
    RECEIVES,
    RECORDED,
    SENDS,
    WALK_IN,
    WHOLE_WALK_IN,
    after,
)
from tests.wire.vector_objects import DOCUMENT, SENDER, START, document_class, the_policy

PRINTED = events.LabelEnded("printed")
AGAIN = replace(WALK_IN, id=b"2" * 16, same_visit=True)
TYPED = events.DocumentTyped(DOCUMENT, "chip-damaged", 1, typed_here=0, typed_by_clerk=0)
APPROVED = events.Approved("clerk-07")


def first(*more: events.Event) -> State:
    return after(*WHOLE_WALK_IN, RECORDED, PRINTED, *more)


def refusal(event: events.Event, state: State, policy: Policy = POLICY, now: int = START) -> str:
    with pytest.raises(Invalid) as refused:
        transition(state, event, policy, now)
    return refused.value.code


# --- visits


def test_a_second_parcel_of_the_visit_asks_for_no_document_but_for_its_own_inspection() -> None:
    """Within a visit nothing is asked twice; each parcel is opened and labelled by itself."""
    state = after(AGAIN, state=first())
    held = state.consignment
    assert held is not None
    assert (held.document, held.identity.agreed, held.parcel_of_visit) == (DOCUMENT, True, 2)
    assert held.sender is not None and held.sender.phone == SENDER.phone
    assert held.photos == () and held.recipient is None
    assert step_of(state, POLICY) is Step.INSPECT
    state = after(PHOTOGRAPHED, RECEIVES, HOLDS, CONFIRMED, RECORDED, PRINTED, state=state)
    assert state.visit is not None and state.visit.parcels == 2


@pytest.mark.parametrize(
    "between",
    [
        [events.VisitEnded()],
        [replace(WALK_IN, id=b"3" * 16), events.Abandoned("cancelled")],
        [replace(WALK_IN, id=b"3" * 16), events.Refused("inspection-refused")],
    ],
)
def test_a_visit_ends_with_the_card_and_with_the_next_sender(
    between: Iterable[events.Event],
) -> None:
    """Rule 4: nobody sends on the document of who was here before."""
    assert refusal(AGAIN, after(*between, state=first())) == "visit-over"


def test_a_card_lifted_in_mid_parcel_serves_that_parcel_and_no_other() -> None:
    lifted = (*WHOLE_WALK_IN[:4], events.VisitEnded(), *WHOLE_WALK_IN[4:], RECORDED, PRINTED)
    state = after(*lifted)
    assert state.visit is None
    assert refusal(AGAIN, state) == "visit-over"


@pytest.mark.parametrize("seconds", [601, -1])
def test_a_visit_ends_by_time_also_where_the_clock_goes_back(seconds: int) -> None:
    now = START + seconds * 1000
    assert refusal(AGAIN, first(), now=now) == "visit-over"
    state, effects = transition(first(), events.Ticked(), POLICY, now)
    assert (state.visit, state.phase, effects) == (None, Phase.DONE, ())
    assert after(AGAIN, state=first(), now=START + 600_000).phase is Phase.OPEN


@pytest.mark.parametrize("changed", [{"clerk": "clerk-07"}, {"customer": "agent"}])
def test_a_visit_is_one_clerks_and_one_classs(changed: dict[str, str]) -> None:
    assert refusal(replace(AGAIN, **changed), first()) == "visit-over"  # type: ignore[arg-type]  # both are texts


def test_a_visit_does_not_outlive_the_law_that_took_its_document() -> None:
    stricter = the_policy(document_classes=(document_class("passport"),))
    assert refusal(AGAIN, first(), stricter) == "document-class"


def test_a_kiosks_next_parcel_needs_a_look_of_its_own() -> None:
    """Rule 5: the clerk saw the first parcel, not the second."""
    looked = events.Looked("clerk-07", remote=False)
    state = after(
        KIOSK, READ, PHOTOGRAPHED, looked, SENDS, RECEIVES, HOLDS, CONFIRMED, RECORDED, PRINTED
    )
    again = after(replace(KIOSK, id=b"2" * 16, same_visit=True), PHOTOGRAPHED, state=state)
    assert step_of(again, POLICY) is Step.LOOK


# --- typed documents


def test_a_typed_document_needs_a_second_clerk_and_never_earns_the_full_mark() -> None:
    """Rules 4 and 5: 证件手工录入 is what the label says."""
    state = after(WALK_IN, TYPED, AGREED)
    assert step_of(state, POLICY) is Step.APPROVE
    after_approval, effects = transition(state, APPROVED, POLICY, START)
    held = after_approval.consignment
    assert held is not None
    assert effects == (events.RecordOverride(held, ("typed",), "clerk-07"),)
    assert held.approvals == (Approval("typed", "clerk-07"),)
    assert [mark.mark for mark in marks_of(held, b"")] == ["typed"]
    assert held.identity.typed_reason == "chip-damaged"


def test_no_clerk_is_his_own_second() -> None:
    """Rule 4: two clerks are two."""
    assert refusal(events.Approved(CLERK), after(WALK_IN, TYPED)) == "second-clerk"
    with pytest.raises(NotNow):
        after(WALK_IN, READ, APPROVED)  # there is nothing to let pass


@pytest.mark.parametrize(
    ("event", "policy", "code"),
    [
        (replace(TYPED, reason="because"), POLICY, "typed-reason"),
        (replace(TYPED, typed_here=20), POLICY, "typed-cap"),
        (TYPED, the_policy(switches=tuple(
            replace(s, on=s.choice is not Choice.TYPED_ENTRY) for s in POLICY.switches
        )), "typed-off"),
        (TYPED, the_policy(document_classes=(
            replace(document_class("resident-id"), typed=False),
        )), "typed-class"),
        (TYPED, the_policy(limits=tuple(
            Limit(limit.subject, None, None, 1) for limit in POLICY.limits
        )), "limit-document"),
        (replace(TYPED, document=replace(DOCUMENT, number=DOCUMENT.number[:-1] + "X")), POLICY,
         "number-invalid"),
        (replace(TYPED, document=replace(DOCUMENT, birth="19050313")), POLICY, "number-birth"),
        (replace(TYPED, document=replace(DOCUMENT, sex="1")), POLICY, "number-sex"),
        (replace(TYPED, document=replace(DOCUMENT, type="passport", birth=None)), POLICY,
         "birth-missing"),
        (replace(TYPED, document=replace(DOCUMENT, name=" ")), POLICY, "name"),
        (replace(TYPED, document=replace(DOCUMENT, number="1 OR 1")), POLICY, "number"),
    ],
)  # fmt: skip
def test_what_may_not_be_typed_is_refused_by_name(
    event: events.Event, policy: Policy, code: str
) -> None:
    assert refusal(event, after(WALK_IN, policy=policy), policy) == code


def test_nothing_is_typed_at_a_kiosk_and_nothing_typed_makes_a_visit() -> None:
    with pytest.raises(NotNow):
        after(KIOSK, TYPED)
    typed = (WALK_IN, TYPED, AGREED, APPROVED, PHOTOGRAPHED, SENDS, RECEIVES, HOLDS, CONFIRMED)
    assert after(*typed, RECORDED, PRINTED).visit is None


def test_each_reason_for_typing_is_taken() -> None:
    for reason in TYPED_REASONS:
        assert after(WALK_IN, replace(TYPED, reason=reason)).consignment is not None


# --- limits


@pytest.mark.parametrize(
    ("count", "expected"),
    [(2, Verdict.NOTHING), (3, Verdict.PROMPT), (9, Verdict.PROMPT), (10, Verdict.SECOND_CLERK),
     (19, Verdict.SECOND_CLERK), (20, Verdict.REFUSAL), (99, Verdict.REFUSAL)],
)  # fmt: skip
def test_a_count_calls_for_what_the_policy_says_and_never_for_less_when_it_rises(
    count: int, expected: Verdict
) -> None:
    assert verdict(POLICY, Subject.DOCUMENT, count) is expected
    assert verdict(POLICY, Subject.DOCUMENT, count + 1) >= expected


def test_a_document_shown_too_often_is_prompted_for_approved_and_at_last_refused() -> None:
    def shown(times: int) -> State:
        return after(WALK_IN, replace(READ, times_today=times))

    assert shown(3).consignment is not None
    assert shown(3).consignment.notices == ("limit-document",)  # type: ignore[union-attr]  # asserted just before
    assert step_of(after(AGREED, state=shown(10)), POLICY) is Step.APPROVE
    assert (shown(20).problem, step_of(shown(20), POLICY)) == ("limit-document", Step.IDENTIFY)


def test_a_clerks_own_document_needs_a_second_clerk() -> None:
    state = after(WALK_IN, replace(READ, clerks_own=True), AGREED)
    assert step_of(state, POLICY) is Step.APPROVE
    assert after(APPROVED, state=state).consignment.approvals[0].what == "limit-clerks-own"  # type: ignore[union-attr]  # it is open


def test_the_document_of_a_visit_is_counted_with_every_parcel() -> None:
    books = Books(times_today=20)
    assert refusal(replace(AGAIN, books=books), first()) == "limit-document"


def test_a_clerk_who_drops_drawn_parcels_is_stopped_from_drawing_more() -> None:
    """Rule 4: cancelling until a parcel is spared leads to a second clerk, then nowhere."""

    def begun(dropped: int) -> events.Begun:
        return replace(CONTRACT, books=Books(Tallies(dropped_drawn=dropped)))

    held = after(begun(2)).consignment
    assert held is not None and held.concerns == ("limit-dropped-drawn",)
    assert refusal(begun(3), after()) == "limit-dropped-drawn"
    assert after(replace(WALK_IN, books=Books(Tallies(dropped_drawn=3)))).phase is Phase.OPEN


# --- freeze


def test_the_counter_freezes_for_a_named_reason_and_thaws_when_it_is_gone() -> None:
    """Rule 3: unsent evidence does not pile up without end."""
    hours = POLICY.freeze_hours * HOUR_MS
    for unreceipted, now, code in (
        (Unreceipted(500, START), START, "frozen-count"),
        (Unreceipted(1, START), START + hours + 1, "frozen-age"),
        (Unreceipted(), POLICY.valid_until + hours + 1, "frozen-policy"),
        (Unreceipted(499, START), START + hours, None),
        (Unreceipted(1, START), START - hours, None),
        (Unreceipted(), POLICY.valid_until + hours, None),
    ):
        assert frozen(POLICY, unreceipted, now) == code
        begun = replace(WALK_IN, books=Books(unreceipted=unreceipted))
        if code is None:
            assert after(begun, now=now).phase is Phase.OPEN
        else:
            assert refusal(begun, after(), now=now) == code


def test_a_frozen_counter_finishes_the_parcel_in_hand() -> None:
    late = START + (POLICY.freeze_hours + 1) * HOUR_MS
    assert after(*WHOLE_WALK_IN[1:], state=after(WALK_IN), now=late).phase is Phase.RECORDING


# --- numbers


@pytest.mark.parametrize("code", ["91350100M000100Y43", "91110000000000001H"])
def test_a_credit_code_is_checked_by_gb_32100(code: str) -> None:
    """The first is the example that the standard prints."""
    assert numbers.is_organisation(code)
    for place, sign in enumerate(code[:-1]):
        other = code[:place] + ("1" if sign != "1" else "2") + code[place + 1 :]
        assert not numbers.is_organisation(other)
    for wrong in (code[:-1], code + "0", code.lower(), code.replace("9", "I", 1), ""):
        assert not numbers.is_organisation(wrong)


def test_a_persons_number_is_checked_by_gb_11643() -> None:
    number = "11010519491231002X"  # printed in the standard itself
    assert numbers.is_person(number) and numbers.birth_of(number) == "19491231"
    assert not any(numbers.is_person(number[:-1] + sign) for sign in "0123456789x")
    assert not numbers.is_person(number[:-1])
