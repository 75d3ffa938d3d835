"""Promise: marks rest on evidence, what is typed is checked, and nothing names anybody."""

from __future__ import annotations

from dataclasses import replace

import pytest

from padpos.counter import events
from padpos.counter.errors import Invalid, NotNow
from padpos.counter.flow import IDLE, State, transition
from padpos.counter.marks import marks_of
from padpos.wire.fact_values import Mark
from padpos.wire.personal import Party
from tests.counter.parcels import (
    AGREED,
    CONFIRMED,
    CONTRACT,
    ID,
    PHOTO,
    PHOTOGRAPHED,
    POLICY,
    RECORDED,
    SPARED,
    WALK_IN,
    WHOLE_WALK_IN,
    after,
    effects_of,
)
from tests.counter.shadow import texts_in
from tests.wire.vector_objects import DOCUMENT, RECIPIENT, SENDER, START


def test_once_recorded_no_plaintext_is_left() -> None:
    """Rule 1: after the entry, the card lifted, the counter remembers nobody's name."""
    state = after(*WHOLE_WALK_IN, RECORDED, events.VisitEnded())
    plain = {text for value in (SENDER, RECIPIENT, DOCUMENT) for text in texts_in(value)}
    assert plain & set(texts_in(after(*WHOLE_WALK_IN)))
    assert not plain & set(texts_in(state))


@pytest.mark.parametrize(
    ("customer", "contract"),
    [("walk-in", "c-1"), ("contract", None), ("contract", ""), ("vip", None)],
)
def test_a_contract_goes_with_its_customer_class(customer: str, contract: str | None) -> None:
    with pytest.raises(Invalid):
        transition(IDLE, events.Begun(ID, customer, contract), POLICY, START)


@pytest.mark.parametrize(
    "party",
    [
        replace(RECIPIENT, name=""),
        replace(RECIPIENT, name="   "),
        replace(RECIPIENT, name="顾" * 61),
        replace(RECIPIENT, name="顾\n听澜"),
        replace(RECIPIENT, name="顾\u202e听澜"),
        replace(RECIPIENT, name="顾\ud800"),
        replace(RECIPIENT, address="样例路\x1b@"),
        replace(RECIPIENT, address="\udfff"),
        replace(RECIPIENT, phone="1234"),
        replace(RECIPIENT, phone="１９９００００００００"),
        replace(RECIPIENT, phone="19900000002;"),
    ],
)
def test_what_can_not_be_sealed_and_shown_is_refused_and_not_repeated(party: Party) -> None:
    """Rule 1: the refusal names the field, never what was typed in it."""
    with pytest.raises(Invalid) as refused:
        transition(after(WALK_IN), events.RecipientGiven(party), POLICY, START)
    said = refused.value.chinese + refused.value.english + str(refused.value)
    assert not any(text.strip() and text in said for text in texts_in(party))


@pytest.mark.parametrize(("contents", "grams"), [("文具", 0), ("文具", 50_001), ("", 1)])
def test_contents_and_weight_have_their_limits(contents: str, grams: int) -> None:
    with pytest.raises(Invalid):
        transition(after(WALK_IN), events.ContentsGiven(contents, grams, True), POLICY, START)


def test_a_phone_is_kept_without_its_blanks_and_hyphens() -> None:
    state = after(WALK_IN, events.RecipientGiven(replace(RECIPIENT, phone=" +86 199-0000-0002 ")))
    assert state.consignment is not None and state.consignment.recipient is not None
    assert state.consignment.recipient.phone == "+8619900000002"


@pytest.mark.parametrize("reading", ["chip", "chip-signed"])
def test_the_mark_of_identification_is_earned_by_a_chip_and_a_person_compared(reading: str) -> None:
    """Rule 5: a card without its bearer earns no 实名收寄."""
    read = events.DocumentRead(DOCUMENT, reading, 1)
    alone, compared = after(WALK_IN, read).consignment, after(WALK_IN, read, AGREED).consignment
    assert alone is not None and compared is not None
    assert marks_of(alone, b"sealed") == ()
    assert marks_of(compared, b"sealed") == (Mark("identified", (b"sealed",)),)


@pytest.mark.parametrize("reading", ["typed", "none", "seen"])
def test_nothing_passes_as_read_that_was_not(reading: str) -> None:
    """Rule 5: what a clerk typed comes by its own event, with its own mark."""
    with pytest.raises(NotNow):
        after(WALK_IN, events.DocumentRead(DOCUMENT, reading, 1))


def test_the_mark_of_inspection_names_the_photographs() -> None:
    """Rule 5: no photograph, no 收寄验视; a spared contract parcel says so instead."""
    other = events.PhotoTaken(replace(PHOTO, sha256=b"1" * 32))
    shown = after(WALK_IN, PHOTOGRAPHED, other).consignment
    spared = after(CONTRACT, SPARED).consignment
    bare = after(WALK_IN).consignment
    assert shown is not None and spared is not None and bare is not None
    assert marks_of(shown, b"") == (Mark("inspected", (bytes(32), b"1" * 32)),)
    assert marks_of(spared, b"") == (Mark("contract-uninspected", ()),)
    assert marks_of(bare, b"") == ()


def test_no_state_or_event_shows_a_person_in_its_repr() -> None:
    """Rule 1: a traceback or log line of these names nobody."""
    shown = repr([after(*WHOLE_WALK_IN), *WHOLE_WALK_IN, effects_of(CONFIRMED, _ready())])
    plain = {*texts_in(SENDER), *texts_in(RECIPIENT), DOCUMENT.number, "文具"}
    assert not [text for text in plain if text in shown]


def _ready() -> State:
    return after(*WHOLE_WALK_IN[:-1])
