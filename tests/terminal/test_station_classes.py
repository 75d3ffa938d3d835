"""Promise: agents, organisations, letters, kiosks and visits reach the ledger as what they were."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from padpos.counter.consignment import Step
from padpos.counter.errors import CounterError
from padpos.counter.flow import Phase
from padpos.terminal.clerks import hash_pin
from padpos.terminal.timekeeper import tick
from padpos.ui.snapshot import snapshot
from padpos.wire.documents import Contract, Contracts, Leavers
from padpos.wire.fact_values import Approval, Helper, Look
from padpos.wire.facts import ClerkFacts, ConsignmentFacts, EndedFacts, Kind, OverrideFacts
from padpos_drivers.idcard.document import Sex
from padpos_drivers.printer import PrintOutcome
from tests.terminal.counters import CARD, PIN, POLICY, SENDER_PHONE, Counter, counter, of_kind
from tests.wire.vector_objects import (
    DAY_MS,
    DOCUMENT,
    RECIPIENT,
    START,
    TERMINAL,
    numbered,
    signer,
)

OTHER_CARD = replace(
    CARD, name="陆知微", number=numbered("11010119080203001"), sex=Sex.MALE,
    birth=date(1908, 2, 3),
)  # fmt: skip
SECOND, SECOND_PIN = "clerk-07", "271828"
RECIPIENT_GIVEN = {
    "name": RECIPIENT.name, "phone": RECIPIENT.phone, "address": RECIPIENT.address,
}  # fmt: skip
TYPED = {
    "type": "citizen", "name": DOCUMENT.name, "number": DOCUMENT.number, "sex": "2",
    "birth": "19050312", "reason": "chip-damaged", "address": DOCUMENT.address,
}  # fmt: skip


def told(folder: Path, story: Callable[[Counter], Awaitable[None]], **made: object) -> None:
    async def run() -> None:
        async with counter(folder, **made) as c:  # type: ignore[arg-type]  # what `counter` takes
            c.station.config.pins[SECOND] = hash_pin(SECOND_PIN)
            await story(c)

    asyncio.run(run())


async def fill(c: Counter) -> None:
    """What every class fills in, up to the label."""
    await c.do("sender", phone=SENDER_PHONE, name="陆知微", address="样例路9号")
    await c.do("recipient", **RECIPIENT_GIVEN)
    await c.do("contents", contents="文具", grams=900)
    await c.do("confirm")


async def refused(c: Counter, command: str, **arguments: object) -> str:
    with pytest.raises(CounterError) as error:
        await c.do(command, **arguments)
    return error.value.code


async def accepted(c: Counter) -> list[ConsignmentFacts]:
    found: list[ConsignmentFacts] = of_kind(await c.facts(), ConsignmentFacts)
    return found


def test_an_agents_parcel_names_both_documents_classes_and_marks_them(tmp_path: Path) -> None:
    async def story(c: Counter) -> None:
        await c.do("begin", customer="agent")
        await c.lay_card()
        await c.lift_card()
        assert c.station.step is Step.AGENT
        c.reader.card = OTHER_CARD
        await c.lay_card()
        await c.do("agree")
        await c.do("photo")
        await fill(c)
        (made,) = await accepted(c)
        assert (made.customer, made.helper) == ("agent", Helper("agent", "citizen", "chip"))
        assert {mark.mark for mark in made.marks} == {"identified", "inspected"}
        assert made.agreed

    told(tmp_path, story)


def test_an_organisations_parcel_is_sealed_with_its_code_and_shows_neither(tmp_path: Path) -> None:
    """Rule 1: what the clerk's screen shows of an organisation is masked too."""

    async def story(c: Counter) -> None:
        await c.do("begin", customer="organisation")
        assert await refused(c, "organisation", name="样例", code="1") == "organisation-code"
        await c.do("organisation", name="样例文具有限公司", code="91110000000000001H")
        await c.lay_card()
        await c.do("agree")
        await c.do("photo")
        shown = str(snapshot(c.station))
        assert "91110" not in shown and "样例文具" not in shown
        await fill(c)
        (made,) = await accepted(c)
        assert made.customer == "organisation" and made.exemptions == ()

    told(tmp_path, story)


def test_a_letter_is_accepted_without_card_or_photograph(tmp_path: Path) -> None:
    async def story(c: Counter) -> None:
        await c.do("begin", customer="letter")
        assert await refused(c, "photo") == "letter-photo"
        assert c.camera.asked == 0
        await fill(c)
        (made,) = await accepted(c)
        assert [mark.mark for mark in made.marks] == ["letter"]
        assert {e.step for e in made.exemptions} == {"identify", "inspect"}

    told(tmp_path, story)


def test_a_kiosk_takes_a_parcel_without_a_clerk_but_no_label_without_his_look(
    tmp_path: Path,
) -> None:
    """Rules 4 and 5: and nothing else of the counter is open to whoever stands there."""

    async def story(c: Counter) -> None:
        assert await refused(c, "begin", customer="walk-in") == "signed-out"
        await c.do("begin", customer="self-service")
        assert await refused(c, "agree") == "signed-out"
        await c.lay_card()
        await c.do("photo")
        with pytest.raises(CounterError):
            await fill(c)
        assert await refused(c, "look", clerk="clerk-03", pin="000000") == "wrong-pin"
        await c.do("look", clerk="clerk-03", pin=PIN)
        await c.do("confirm")
        (made,) = await accepted(c)
        assert (made.look, made.agreed) == (Look("clerk-03", remote=False), True)
        assert {mark.mark for mark in made.marks} == {"identified", "inspected"}

    told(tmp_path, story, signed_in=False)


def test_the_same_sender_hands_over_more_parcels_with_one_laying(tmp_path: Path) -> None:
    """One reading in the visit; each parcel its own photographs, number and label."""

    async def story(c: Counter) -> None:
        await c.walk_in("contents")
        await c.station.in_ledger(lambda: None)
        assert await refused(c, "begin", customer="walk-in", same_visit=True) == "not-now"
        await c.do("abandon", reason="cancelled")
        await c.do("begin", customer="walk-in")
        await c.lay_card()
        await c.do("agree")
        await c.do("photo")
        await fill(c)
        await c.do("begin", customer="walk-in", same_visit=True)
        assert c.station.step is Step.INSPECT
        await c.do("photo")
        await c.do("recipient", **RECIPIENT_GIVEN)
        await c.do("contents", contents="书", grams=300)
        await c.do("confirm")
        one, two = await accepted(c)
        assert (one.parcel_of_visit, two.parcel_of_visit) == (1, 2)
        assert one.waybill != two.waybill and one.marks != two.marks
        assert two.times_today == one.times_today + 1
        assert c.reader.reads == 2
        await c.lift_card()
        assert await refused(c, "begin", customer="walk-in", same_visit=True) == "visit-over"

    told(tmp_path, story)


def test_a_card_that_still_lies_there_serves_no_new_sender(tmp_path: Path) -> None:
    """Rule 4: who does not say that it is the same sender lays a card."""

    async def story(c: Counter) -> None:
        await c.do("begin", customer="walk-in")
        await c.lay_card()
        await c.do("agree")
        await c.do("photo")
        await fill(c)
        await c.do("begin", customer="walk-in")
        assert (c.station.step, c.station.state.problem) == (Step.IDENTIFY, "card-used")

    told(tmp_path, story)


def test_a_typed_document_is_on_record_with_its_reason_and_its_second_clerk(
    tmp_path: Path,
) -> None:
    """Rule 4: whatever was overridden is itself an entry."""

    async def story(c: Counter) -> None:
        await c.do("begin", customer="walk-in")
        await c.do("document", **TYPED)
        await c.do("agree")
        assert await refused(c, "approve", clerk="clerk-03", pin=PIN) == "second-clerk"
        assert await refused(c, "approve", clerk=SECOND, pin=PIN) == "wrong-pin"
        assert await c.facts(Kind.OVERRIDE) == []
        await c.do("approve", clerk=SECOND, pin=SECOND_PIN)
        await c.do("photo")
        await fill(c)
        (override,) = await c.facts(Kind.OVERRIDE)
        assert isinstance(override, OverrideFacts)
        assert (override.what, override.clerk, override.approved_by) == (
            ("typed",), "clerk-03", SECOND,
        )  # fmt: skip
        (made,) = await accepted(c)
        assert (made.reading, made.typed_reason) == ("typed", "chip-damaged")
        assert made.approvals == (Approval("typed", SECOND),)
        assert {mark.mark for mark in made.marks} == {"typed", "inspected"}

    told(tmp_path, story)


def test_typing_is_capped_for_the_day(tmp_path: Path) -> None:
    async def story(c: Counter) -> None:
        for expected in ("document", "typed-cap"):
            await c.do("begin", customer="walk-in")
            if expected == "document":
                await c.do("document", **TYPED)
            else:
                assert await refused(c, "document", **TYPED) == "typed-cap"
            await c.do("abandon", reason="cancelled")

    told(tmp_path, story, policy=replace(POLICY, typed_per_day=1))


def test_whoever_voids_too_often_needs_a_second_clerk_for_the_next_parcel(tmp_path: Path) -> None:
    """The fraud counters count what the clerk did, under the policy's limits."""

    async def story(c: Counter) -> None:
        for _ in range(5):
            c.printer.outcomes = [PrintOutcome.BLOCKED]
            await c.walk_in()
            await c.do("label-void")
        await c.do("begin", customer="walk-in")
        held = c.station.state.consignment
        assert held is not None and held.concerns == ("limit-voids",)

    told(tmp_path, story)


def test_a_refusal_names_the_group_of_prohibited_goods(tmp_path: Path) -> None:
    async def story(c: Counter) -> None:
        await c.walk_in("photo")
        assert await refused(c, "refuse", reason="prohibited-goods", goods="cats") == "goods"
        await c.do("refuse", reason="prohibited-goods", goods="explosives")
        (ended,) = await c.facts(Kind.REFUSAL)
        assert isinstance(ended, EndedFacts) and ended.goods == "explosives"

    told(tmp_path, story)


def test_a_contract_parcel_names_one_of_its_agreements_categories(tmp_path: Path) -> None:
    agreed = Contract("contract-9", START, START + DAY_MS, ("文具",), "responsible-2")

    async def story(c: Counter) -> None:
        newer = Contracts(2, TERMINAL, (agreed,)).sign(signer("policy")).raw
        assert await c.station.in_ledger(c.standing.take, "contracts", newer) == "ok"
        await c.do("begin", customer="contract", contract="contract-9")
        goods = {"contents": "烟花", "grams": 5}
        assert await refused(c, "contents", **goods) == "category"
        assert await refused(c, "contents", **goods, category="烟花") == "category"
        await c.do("contents", contents="铅笔", grams=5, category="文具")
        assert snapshot(c.station)["consignment"]["categories"] == ["文具"]

    told(tmp_path, story)


def test_a_parcel_left_alone_ends_by_itself_on_record(tmp_path: Path) -> None:
    time = [START]

    async def story(c: Counter) -> None:
        await c.walk_in("photo")
        time[0] += POLICY.visit_seconds * 1000
        await tick(c.station)
        assert c.phase is Phase.OPEN
        time[0] += 1
        await tick(c.station)
        await c.settle()
        (ended,) = await c.facts(Kind.ABANDONED)
        assert isinstance(ended, EndedFacts) and ended.reason == "timed-out"

    told(tmp_path, story, now=lambda: time[0])


def test_a_clerk_who_left_is_signed_out_at_once_and_what_he_had_in_hand_is_on_record(
    tmp_path: Path,
) -> None:
    """Rule 4: nobody who may no longer work here finishes a parcel."""

    async def story(c: Counter) -> None:
        raw = Leavers(1, TERMINAL, ("clerk-03",)).sign(signer("policy")).raw
        await c.do("begin", customer="walk-in")
        assert await c.station.in_ledger(c.standing.take, "leavers", raw) == "ok"
        await tick(c.station)
        assert c.station.clerk is None
        (ended,) = await c.facts(Kind.ABANDONED)
        assert isinstance(ended, EndedFacts)
        assert (ended.reason, ended.clerk) == ("clerk-left", "clerk-03")
        assert of_kind(await c.facts(Kind.CLERK), ClerkFacts)[-1].signed_in is False
        assert await refused(c, "sign-in", clerk="clerk-03", pin=PIN) == "wrong-pin"

    told(tmp_path, story)
