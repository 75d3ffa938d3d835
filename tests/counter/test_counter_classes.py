"""Promise: each customer class goes its own way across the counter, and none goes round the law."""

from __future__ import annotations

from dataclasses import replace

import pytest

from padpos.counter import events
from padpos.counter.consignment import Consignment, Step, owed
from padpos.counter.errors import Invalid, NotNow, StillOwed
from padpos.counter.flow import IDLE, Outcome, Role, State, step_of, transition
from padpos.counter.marks import marks_of
from padpos.wire.personal import Document
from padpos.wire.policy import Choice, Duty, Policy
from tests.counter.parcels import (
    AGENT,
    AGREED,
    CLERK,
    CONFIRMED,
    CONTRACT,
    HOLDS,
    ID,
    KIOSK,
    LETTER,
    ORGANISATION,
    PHOTOGRAPHED,
    POLICY,
    READ,
    RECEIVES,
    SENDS,
    SPARED,
    WALK_IN,
    after,
    with_duties,
)
from tests.wire.vector_objects import DOCUMENT, START, numbered, the_policy

OTHER = replace(
    DOCUMENT, name="陆知微", number=numbered("11010119080203001"), sex="男", birth="19080203"
)
CHILD = replace(DOCUMENT, type="passport", name="XIAO MING", number="P20150312", birth="20150312")
GIVES = events.OrganisationGiven("样例文具有限公司", " 91110000000000001h ")
LOOKED = events.Looked("clerk-07", remote=False)
FILLED = (SENDS, RECEIVES, HOLDS)


def read(document: Document, role: Role = Role.SENDER) -> events.DocumentRead:
    return events.DocumentRead(document, "chip", 1, role)


def held(state: State) -> Consignment:
    assert state.consignment is not None
    return state.consignment


def marks(state: State) -> set[str]:
    return {mark.mark for mark in marks_of(held(state), b"")}


def switched(choice: Choice, on: bool) -> Policy:
    return the_policy(
        switches=tuple(
            replace(switch, on=on) if switch.choice is choice else switch
            for switch in POLICY.switches
        )
    )


# --- agents


def test_an_agent_shows_the_principals_document_and_his_own() -> None:
    state = after(AGENT)
    asked = [step_of(state, POLICY)]
    for event in (read(DOCUMENT), read(OTHER, Role.AGENT), AGREED):
        state = after(event, state=state)
        asked.append(step_of(state, POLICY))
    assert asked == [Step.IDENTIFY, Step.AGENT, Step.PERSON, Step.INSPECT]
    identity = held(state).identity
    assert (identity.document, identity.helper, identity.role) == (DOCUMENT, OTHER, Role.AGENT)
    assert marks(after(PHOTOGRAPHED, state=state)) == {"identified", "inspected"}


def test_the_sender_of_an_agents_parcel_bears_the_principals_name() -> None:
    state = after(AGENT, read(DOCUMENT), read(OTHER, Role.AGENT), SENDS)
    sender = held(state).sender
    assert sender is not None and sender.name == DOCUMENT.name


def test_an_agent_may_not_show_the_principals_document_twice() -> None:
    """Rule 4: two documents are two persons'."""
    state = after(AGENT, read(DOCUMENT), read(DOCUMENT, Role.AGENT))
    assert (state.problem, step_of(state, POLICY)) == ("same-document", Step.AGENT)


def test_a_policy_may_free_the_agent_from_the_principals_document_and_the_mark_is_gone() -> None:
    """Rule 5: whose document nobody saw, is not identified."""
    policy = with_duties(agent_identify=Duty.EXEMPT)
    state = after(AGENT, read(OTHER, Role.AGENT), AGREED, policy=policy)
    assert step_of(state, policy) is Step.INSPECT
    assert "identified" not in marks(state)


# --- organisations


def test_an_organisation_gives_its_credit_code_and_somebody_who_answers_for_it() -> None:
    state = after(ORGANISATION, GIVES)
    assert step_of(state, POLICY) is Step.IDENTIFY
    state = after(READ, AGREED, PHOTOGRAPHED, *FILLED, state=state)
    assert step_of(state, POLICY) is Step.CONFIRM
    organisation, sender = held(state).identity.organisation, held(state).sender
    assert organisation is not None and organisation.code == "91110000000000001H"
    assert sender is not None and sender.name == "样例文具有限公司"


def test_a_wrong_credit_code_is_refused_and_not_repeated() -> None:
    with pytest.raises(Invalid) as refused:
        after(ORGANISATION, events.OrganisationGiven("样例", "91110000000000001K"))
    assert refused.value.code == "organisation-code"
    assert "91110" not in refused.value.english + refused.value.chinese


def test_no_child_answers_for_an_organisation_and_none_is_an_agent() -> None:
    assert after(ORGANISATION, GIVES, read(CHILD)).problem == "under-age"
    assert after(AGENT, read(DOCUMENT), read(CHILD, Role.AGENT)).problem == "under-age"


# --- letters


def test_a_letter_is_never_photographed_and_says_so_on_its_label() -> None:
    """邮政法 25: what is written in it is nobody's to look at, not even by mistake."""
    state = after(LETTER, *FILLED)
    with pytest.raises(Invalid) as refused:
        after(PHOTOGRAPHED, state=state)
    assert refused.value.code == "letter-photo"
    assert step_of(state, POLICY) is Step.CONFIRM
    assert marks(state) == {"letter"}


# --- self-service


def test_a_kiosks_photograph_alone_is_no_inspection() -> None:
    """Rules 4 and 5: no label and no mark without a clerk's look at the open parcel."""
    state = after(KIOSK, READ, PHOTOGRAPHED, *FILLED)
    assert owed(held(state), POLICY) == (Step.LOOK,)
    assert marks(state) == set()
    with pytest.raises(StillOwed):
        after(CONFIRMED, state=state)
    assert marks(after(LOOKED, state=state)) == {"identified", "inspected"}


@pytest.mark.parametrize("later", [PHOTOGRAPHED])
def test_a_look_is_at_what_was_photographed_before_it(later: events.Event) -> None:
    """Rule 5: a picture that came after the look was seen by nobody."""
    state = after(KIOSK, READ, PHOTOGRAPHED, LOOKED, later)
    assert held(state).look is None


def test_a_look_comes_after_document_and_photograph() -> None:
    with pytest.raises(StillOwed) as refused:
        after(KIOSK, LOOKED)
    assert refused.value.owed == ("identify", "inspect")


def test_a_look_through_a_camera_counts_only_where_the_policy_allows_it() -> None:
    """Rule 4: also when the policy changes its mind before the parcel is accepted."""
    remote = events.Looked("clerk-07", remote=True)
    with pytest.raises(Invalid) as refused:
        after(KIOSK, READ, PHOTOGRAPHED, remote)
    assert refused.value.code == "remote-look"
    allowed = switched(Choice.REMOTE_LOOK, True)
    state = after(KIOSK, READ, PHOTOGRAPHED, *FILLED, remote, policy=allowed)
    assert step_of(state, allowed) is Step.CONFIRM
    assert step_of(state, POLICY) is Step.LOOK


def test_a_kiosk_is_open_only_where_the_policy_says_so_and_a_counter_needs_a_clerk() -> None:
    with pytest.raises(Invalid) as refused:
        after(KIOSK, policy=switched(Choice.SELF_SERVICE, False))
    assert refused.value.code == "self-service-off"
    for customer in ("walk-in", "agent", "organisation", "letter"):
        with pytest.raises(Invalid) as refused:
            after(events.Begun(ID, customer))
        assert refused.value.code == "signed-out"


# --- minors


@pytest.mark.parametrize("begun", [WALK_IN, KIOSK])
def test_a_child_sends_with_a_guardian_who_shows_a_document(begun: events.Event) -> None:
    state = after(begun, read(CHILD))
    assert step_of(state, POLICY) is Step.GUARDIAN
    with pytest.raises(NotNow):
        after(read(DOCUMENT), state=state)  # as the sender: there is one
    state = after(read(DOCUMENT, Role.GUARDIAN), state=state)
    assert Step.GUARDIAN not in owed(held(state), POLICY)
    assert held(state).identity.role is Role.GUARDIAN


def test_whoever_turns_fourteen_today_needs_no_guardian() -> None:
    today, tomorrow = (replace(CHILD, birth=f"2012010{day}") for day in (1, 2))
    assert step_of(after(WALK_IN, read(today)), POLICY) is Step.PERSON
    assert step_of(after(WALK_IN, read(tomorrow)), POLICY) is Step.GUARDIAN


def test_a_child_is_no_guardian() -> None:
    other = replace(CHILD, number="P20140101", birth="20140101")
    assert after(WALK_IN, read(CHILD), read(other, Role.GUARDIAN)).problem == "under-age"


# --- the person


def test_person_and_document_are_compared_again_when_another_document_is_shown() -> None:
    """Rule 5: what the clerk said of one document does not cover the next."""
    state = after(WALK_IN, read(CHILD))
    with pytest.raises(NotNow):
        after(AGREED, state=state)  # a guardian is still owed
    state = after(read(DOCUMENT, Role.GUARDIAN), AGREED, state=state)
    assert held(state).identity.agreed
    alone = after(WALK_IN, read(CHILD), AGREED, policy=replace(POLICY, guardian_under=0))
    state = after(read(DOCUMENT, Role.GUARDIAN), state=alone)  # the law changed in mid-parcel
    assert not held(state).identity.agreed


def test_nobody_agrees_to_a_person_who_showed_nothing() -> None:
    with pytest.raises(NotNow):
        after(CONTRACT, SPARED, AGREED)


# --- contracts


def test_a_contract_parcel_holds_what_its_agreement_is_for() -> None:
    agreed = events.Begun(ID, "contract", "c-1", CLERK, categories=("文具", "书籍"))
    state = after(agreed, SPARED)
    for category in (None, "烟花", ""):
        with pytest.raises(Invalid) as refused:
            after(replace(HOLDS, category=category), state=state)
        assert refused.value.code == "category"
    assert held(after(replace(HOLDS, category="书籍"), state=state)).category == "书籍"


def test_an_exempted_contract_parcel_is_not_thereby_inspected() -> None:
    """Rule 5: the label says what is true."""
    assert marks(after(CONTRACT, SPARED)) == {"contract-uninspected"}


# --- ends


def test_a_refusal_for_prohibited_goods_may_name_the_policys_group_and_no_other() -> None:
    state, effects = transition(
        after(WALK_IN), events.Refused("prohibited-goods", "explosives"), POLICY, START
    )
    (ended,) = effects
    assert isinstance(ended, events.RecordEnded) and ended.goods == "explosives"
    assert state.outcome is Outcome.REFUSED
    for refusal in (
        events.Refused("prohibited-goods", "fireworks"),
        events.Refused("inspection-refused", "explosives"),
    ):
        with pytest.raises(Invalid):
            transition(after(WALK_IN), refusal, POLICY, START)


def test_a_parcel_left_alone_is_timed_out_and_a_hand_laid_on_it_begins_the_time_anew() -> None:
    open_parcel = after(WALK_IN, READ)
    late = START + POLICY.visit_seconds * 1000
    with pytest.raises(NotNow):
        transition(open_parcel, events.Ticked(), POLICY, late)
    touched = after(AGREED, state=open_parcel, now=late)
    with pytest.raises(NotNow):
        transition(touched, events.Ticked(), POLICY, late + 1)
    state, (ended,) = transition(open_parcel, events.Ticked(), POLICY, late + 1)
    assert isinstance(ended, events.RecordEnded) and ended.reason == "timed-out"
    assert state.outcome is Outcome.ABANDONED


def test_time_does_nothing_to_an_idle_counter() -> None:
    with pytest.raises(NotNow):
        transition(IDLE, events.Ticked(), POLICY, START + 10**9)
