"""Promise: a parcel goes from card to label in order, and every other end leaves its trace."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from padpos.counter.consignment import Consignment, Step, owed
from padpos.counter.errors import CounterError
from padpos.counter.flow import Phase
from padpos.ledger.held import Held
from padpos.ledger.outbox import Outbox
from padpos.wire.errors import TooLarge
from padpos.wire.facts import (
    ConsignmentFacts,
    DrawFacts,
    EndedFacts,
    Kind,
    LabelFacts,
)
from padpos.wire.policy import Duty
from padpos_drivers.camera.interface import CameraError
from padpos_drivers.idcard.errors import CardLifted
from padpos_drivers.idcard.interface import ReaderEvent
from padpos_drivers.printer import PrintOutcome
from tests.terminal.counters import (
    PIN,
    POLICY,
    SENDER_PHONE,
    Counter,
    counter,
    of_kind,
)
from tests.wire.vector_objects import RECIPIENT, START


def test_a_walk_in_parcel_is_accepted_and_its_entry_tells_what_was_done(tmp_path: Path) -> None:
    """Rule 5: the entry's marks rest on the sealed document and the sealed photo."""

    async def story() -> None:
        async with counter(tmp_path) as c:
            await c.walk_in()
            assert (c.phase, len(c.printer.printed)) == (Phase.DONE, 1)
            (made,) = of_kind(await c.facts(), ConsignmentFacts)
            assert (made.waybill, made.customer, made.reading) == ("AB000001", "walk-in", "chip")
            assert {mark.mark for mark in made.marks} == {"identified", "inspected"}
            assert made.exemptions == ()
            labels = of_kind(await c.facts(), LabelFacts)
            assert [label.status for label in labels] == ["intended", "printed"]

    asyncio.run(story())


@pytest.mark.parametrize("until", ["photo", "sender", "contents"])
def test_a_parcel_in_hand_at_a_crash_is_on_record_as_interrupted(
    tmp_path: Path, until: str
) -> None:
    """Rule 4: pulling the plug is no way round."""

    async def story() -> None:
        async with counter(tmp_path) as c:
            await c.walk_in(until)
        async with counter(tmp_path, recover=True) as c:
            (ended,) = await c.facts(Kind.ABANDONED)
            assert isinstance(ended, EndedFacts) and ended.reason == "interrupted"
            named = await c.station.in_ledger(Outbox(c.ledger).attachments, 10)
            files = {
                file.name.split(".")[1] for file in (tmp_path / "state" / "attachments").iterdir()
            }
            assert files == {photo.hex() for photo, _ in named}, "no evidence without its entry"
        async with counter(tmp_path, recover=True) as c:
            assert len(await c.facts(Kind.ABANDONED)) == 1

    asyncio.run(story())


@pytest.mark.parametrize(
    ("command", "reason", "kind"),
    [("refuse", "prohibited-goods", Kind.REFUSAL), ("abandon", "sender-left", Kind.ABANDONED)],
)
def test_a_refused_or_abandoned_parcel_is_on_record_and_its_photos_with_it(
    tmp_path: Path, command: str, reason: str, kind: Kind
) -> None:
    """Rules 3 and 4: a refusal is an entry, and evidence goes only against a receipt."""

    async def story() -> None:
        async with counter(tmp_path) as c:
            await c.walk_in("sender")
            await c.do(command, reason=reason)
            (ended,) = await c.facts(kind)
            assert isinstance(ended, EndedFacts)
            assert (ended.reason, ended.clerk, ended.document_class) == (
                reason, "clerk-03", "citizen",
            )  # fmt: skip
            assert await c.station.in_ledger(Held(c.ledger).left_open) == []
            ((photo, _),) = await c.station.in_ledger(Outbox(c.ledger).attachments, 10)
            (file,) = (tmp_path / "state" / "attachments").iterdir()
            assert file.name.split(".")[1] == photo.hex()

    asyncio.run(story())


def test_photos_that_no_entry_took_are_gone_after_the_next_start(tmp_path: Path) -> None:
    """A ninth photo, or one that came after the end, must not stay on the disk for ever."""

    async def story() -> None:
        async with counter(tmp_path) as c:
            await c.walk_in()
            await c.station.in_ledger(Held(c.ledger).keep_photo, bytes(16), b"late", "image/jpeg")
        async with counter(tmp_path, recover=True) as c:
            files = list((tmp_path / "state" / "attachments").iterdir())
            assert len(files) == 1
            count = "SELECT count(*) FROM attachments WHERE seq IS NULL"
            assert await c.station.in_ledger(lambda: c.ledger.db.execute(count).get) == 0

    asyncio.run(story())


def test_a_contract_parcel_is_drawn_on_record_before_anything_else(tmp_path: Path) -> None:
    """Rule 4: the draw's entry stands before its result is known."""

    async def story() -> None:
        policy = replace(POLICY, draw_rate=1_000_000)
        async with counter(tmp_path, policy=policy) as c:
            await c.do("begin", customer="contract", contract="contract-9")
            assert isinstance((await c.facts())[-1], DrawFacts)
            held = c.station.state.consignment
            assert held is not None and held.draw is not None and held.draw.drawn
            with pytest.raises(CounterError):
                await c.do("confirm")
            await c.do("abandon", reason="sender-left")
            await c.do("begin", customer="contract", contract="contract-9")
            draws = await c.facts(Kind.DRAW)
            assert [d.n for d in of_kind(draws, DrawFacts)] == [1, 2]

    asyncio.run(story())


def test_a_ninth_photograph_is_not_taken_and_the_eight_stay(tmp_path: Path) -> None:
    """Rule 3: evidence leaves against a receipt, never by one picture too many."""

    async def story() -> None:
        async with counter(tmp_path) as c:
            await c.walk_in(until="photo")
            for _ in range(7):
                await c.do("photo")
            with pytest.raises(CounterError) as refused:
                await c.do("photo")
            assert refused.value.code == "photos"
            assert len(list((tmp_path / "state" / "attachments").iterdir())) == 8

    asyncio.run(story())


def test_a_photograph_too_large_to_be_read_back_is_never_recorded(tmp_path: Path) -> None:
    """Rule 3: the ledger opens again, whatever a camera delivers."""

    async def story() -> None:
        async with counter(tmp_path) as c:
            await c.walk_in(until="sender")
            held = c.station.state.consignment
            assert held is not None
            with pytest.raises(TooLarge):
                await c.station.in_ledger(
                    c.station._recorder.photo, held.id, bytes(3 << 20), "plausible"
                )
            assert len(list((tmp_path / "state" / "attachments").iterdir())) == 1
        async with counter(tmp_path, recover=True) as c:
            assert c.phase is Phase.IDLE

    asyncio.run(story())


def test_a_newer_policy_that_asks_for_more_is_not_outrun_by_a_confirmation(tmp_path: Path) -> None:
    """Rule 4: what is owed is judged again at the moment of recording."""

    async def story() -> None:
        spared = tuple(
            replace(r, duty=Duty.EXEMPT) if r.step == "inspect" else r for r in POLICY.requirements
        )
        async with counter(tmp_path, policy=replace(POLICY, requirements=spared)) as c:
            await c.do("begin", customer="walk-in")
            await c.lay_card()
            await c.do("agree")
            await c.do("sender", phone=SENDER_PHONE)
            await c.do(
                "recipient",
                name=RECIPIENT.name, phone=RECIPIENT.phone, address=RECIPIENT.address,
            )  # fmt: skip
            await c.do("contents", contents="文具", grams=100)
            newer = replace(POLICY, version=POLICY.version + 1)
            c.station.confirm()
            assert c.standing.policy is not None
            c.standing.policy = newer
            await c.settle()
            assert (c.phase, c.station.state.problem) == (Phase.OPEN, "policy-changed")
            assert of_kind(await c.facts(), LabelFacts) == []

    asyncio.run(story())


def test_nobody_but_a_signed_in_clerk_commands_the_counter(tmp_path: Path) -> None:
    """Rule 4: also not the word on a label, and not another clerk over the one at work."""

    async def story() -> None:
        async with counter(tmp_path, signed_in=False) as c:
            for command in ("begin", "label-whole", "label-void", "sign-out"):
                with pytest.raises(CounterError) as refused:
                    await c.do(command, customer="walk-in")
                assert refused.value.code == "signed-out"
            c.station.clerk = "clerk-03"
            with pytest.raises(CounterError):
                await c.do("sign-in", clerk="clerk-03", pin=PIN)

    asyncio.run(story())


def test_a_label_that_can_not_be_printed_is_given_up_and_its_number_voided(tmp_path: Path) -> None:
    """Rule 6: a parcel without a label is void on record, and the counter is free again."""

    async def story() -> None:
        async with counter(tmp_path) as c:
            c.printer.outcomes = [PrintOutcome.BLOCKED]
            await c.walk_in()
            assert c.phase is Phase.LABEL_BLOCKED
            await c.do("label-void")
            assert c.phase is Phase.DONE
            assert len(await c.facts(Kind.VOID)) == 1

    asyncio.run(story())


def test_a_drawn_check_stays_owed_until_a_parcel_of_the_contract_was_inspected(
    tmp_path: Path,
) -> None:
    """Rule 4: cancelling does not re-roll, nor does a policy that draws nobody, nor a restart."""

    async def begin(c: Counter) -> Consignment:
        await c.do("begin", customer="contract", contract="contract-9")
        held = c.station.state.consignment
        assert held is not None
        return held

    async def story() -> None:
        async with counter(tmp_path, policy=replace(POLICY, draw_rate=1_000_000)) as c:
            await begin(c)
            await c.do("abandon", reason="sender-left")
        spared = replace(POLICY, version=POLICY.version + 1, draw_rate=0)
        async with counter(tmp_path, policy=spared) as c:
            held = await begin(c)
            assert held.draw is not None and not held.draw.drawn
            assert Step.INSPECT in owed(held, spared)
            await c.do("photo")
            await c.do("sender", name="示例", phone=SENDER_PHONE, address="湖南省长沙市样例路")
            await c.do(
                "recipient",
                name=RECIPIENT.name, phone=RECIPIENT.phone, address=RECIPIENT.address,
            )  # fmt: skip
            await c.do("contents", contents="文具", grams=100)
            await c.do("confirm")
            assert c.phase is Phase.DONE
            assert Step.INSPECT not in owed(await begin(c), spared)

    asyncio.run(story())


def test_without_the_days_key_every_contract_parcel_is_drawn(tmp_path: Path) -> None:
    """Rule 4: holding back the draw key spares nobody."""

    async def story() -> None:
        async with counter(tmp_path, policy=replace(POLICY, draw_rate=0)) as c:
            await c.do("begin", customer="contract", contract="contract-9")
            held = c.station.state.consignment
            assert held is not None and held.draw is not None and not held.draw.drawn
            await c.do("abandon", reason="sender-left")
            c.standing.day_keys = {}
            await c.do("begin", customer="contract", contract="contract-9")
            held = c.station.state.consignment
            assert held is not None and held.draw is not None and held.draw.drawn

    asyncio.run(story())


@pytest.mark.parametrize(
    ("customer", "contract", "code"),
    [
        ("contract", "contract-1", "contract"),
        ("contract", None, "contract"),
        ("walk-in", "contract-9", "contract"),
        ("vip", None, "customer"),
    ],
)
def test_a_contract_nobody_signed_opens_nothing(
    tmp_path: Path, customer: str, contract: str | None, code: str
) -> None:
    async def story() -> None:
        async with counter(tmp_path) as c:
            with pytest.raises(CounterError) as refused:
                await c.do("begin", customer=customer, contract=contract)
            assert (refused.value.code, c.phase) == (code, Phase.IDLE)

    asyncio.run(story())


def test_a_card_that_lay_there_before_is_read_once(tmp_path: Path) -> None:
    """One laying is one reading, and one count of the day."""

    async def story() -> None:
        async with counter(tmp_path) as c:
            await c.lay_card()
            c.reader.hold = True
            await c.do("begin", customer="walk-in")
            c.reader.hold = False
            c.reader.release()
            await c.settle()
            held = c.station.state.consignment
            assert (c.reader.reads, held and held.times_today) == (1, 1)

    asyncio.run(story())


def test_the_next_parcel_needs_the_card_laid_again(tmp_path: Path) -> None:
    """Rule 4: the card of the sender before identifies nobody else."""

    async def story() -> None:
        async with counter(tmp_path) as c:
            await c.do("begin", customer="walk-in")
            await c.lay_card()
            await c.do("abandon", reason="sender-left")
            await c.do("begin", customer="walk-in")
            held = c.station.state.consignment
            assert held is not None and held.document is None
            assert (c.station.state.problem, c.reader.reads) == ("card-used", 1)
            await c.lift_card()
            await c.lay_card()
            held = c.station.state.consignment
            assert held is not None and (held.document is not None, held.times_today) == (True, 2)

    asyncio.run(story())


@pytest.mark.parametrize("trouble", [ReaderEvent.READER_LOST, ReaderEvent.READER_HUNG])
def test_a_reader_that_comes_back_makes_no_used_card_fresh(
    tmp_path: Path, trouble: ReaderEvent
) -> None:
    """Rule 4: only a removal that was seen lets the card there serve again."""

    async def story() -> None:
        async with counter(tmp_path) as c:
            await c.do("begin", customer="walk-in")
            await c.lay_card()
            await c.do("abandon", reason="sender-left")
            c.station.reader_said(trouble)
            assert not c.station.reader_present
            c.station.reader_said(ReaderEvent.READER_BACK)
            assert c.station.reader_present
            await c.lay_card()
            await c.do("begin", customer="walk-in")
            assert (c.station.state.problem, c.reader.reads) == ("card-used", 1)

    asyncio.run(story())


def test_devices_that_fail_say_so_and_the_parcel_waits(tmp_path: Path) -> None:
    async def story() -> None:
        async with counter(tmp_path) as c:
            await c.do("begin", customer="walk-in")
            c.reader.error = CardLifted()
            await c.lay_card()
            assert c.station.state.problem == "card-lifted"
            c.reader.error = None
            await c.lift_card()
            await c.lay_card()
            c.camera.error = CameraError()
            await c.do("photo")
            assert (c.station.state.problem, c.phase) == ("camera-lost", Phase.OPEN)
            c.camera.error = None
            c.camera.jpeg = _blank()
            await c.do("photo")
            assert c.station.state.problem == "photo-covered"
            held = c.station.state.consignment
            assert held is not None and held.photos == ()

    asyncio.run(story())


def _blank() -> bytes:
    import io

    file = io.BytesIO()
    Image.new("L", (256, 256), 3).save(file, "JPEG")
    return file.getvalue()


def test_a_terminal_long_without_receipts_takes_no_more_parcels(tmp_path: Path) -> None:
    """Rule 3: unsent evidence does not pile up without end."""
    time = [START]

    async def story() -> None:
        async with counter(tmp_path, now=lambda: time[0]) as c:
            await c.walk_in()
            time[0] = START + 73 * 3_600_000
            with pytest.raises(CounterError) as refused:
                await c.do("begin", customer="walk-in")
            assert refused.value.code.startswith("frozen")

    asyncio.run(story())


def test_nobody_works_the_counter_without_signing_in(tmp_path: Path) -> None:
    async def story() -> None:
        async with counter(tmp_path, signed_in=False) as c:
            with pytest.raises(CounterError) as refused:
                await c.do("begin", customer="walk-in")
            assert refused.value.code == "signed-out"
            for clerk, pin in (("clerk-03", "000000"), ("nobody", PIN), ("clerk-03", "\ud800")):
                with pytest.raises(CounterError) as refused:
                    await c.do("sign-in", clerk=clerk, pin=pin)
                assert refused.value.code == "wrong-pin"
            await c.do("sign-in", clerk="clerk-03", pin=PIN)
            await c.do("begin", customer="walk-in")
            with pytest.raises(CounterError):
                await c.do("sign-out")
            await c.do("abandon", reason="cancelled")
            await c.do("sign-out")
            assert len(await c.facts(Kind.CLERK)) == 2

    asyncio.run(story())


def test_a_refused_beginning_does_not_touch_the_watch_of_the_parcel_in_hand(
    tmp_path: Path,
) -> None:
    """The durations in an entry are those of its own parcel."""

    async def story() -> None:
        async with counter(tmp_path) as c:
            await c.walk_in("contents")
            with pytest.raises(CounterError):
                await c.do("begin", customer="walk-in")
            await c.do("confirm")
            (made,) = of_kind(await c.facts(), ConsignmentFacts)
            assert {"identify", "inspect"} <= {step for step, _ in made.durations}

    asyncio.run(story())


def test_an_exempted_step_is_named_in_the_entry_with_its_article(tmp_path: Path) -> None:
    """Rule 5: what was not done is not marked, and the article that allows it is named."""

    async def story() -> None:
        policy = replace(
            POLICY,
            requirements=tuple(
                replace(r, duty=Duty.EXEMPT) if r.customer == "walk-in" else r
                for r in POLICY.requirements
            ),
        )
        async with counter(tmp_path, policy=policy) as c:
            await c.do("begin", customer="walk-in")
            sender = {"name": "陆知微", "phone": SENDER_PHONE, "address": "样例路9号"}
            await c.do("sender", **sender)
            await c.do(
                "recipient",
                name=RECIPIENT.name, phone=RECIPIENT.phone, address=RECIPIENT.address,
            )  # fmt: skip
            await c.do("contents", contents="文具", grams=5)
            await c.do("confirm")
            (made,) = of_kind(await c.facts(), ConsignmentFacts)
            assert made.marks == ()
            assert [e.step for e in made.exemptions] == ["identify", "inspect"]
            assert all(e.article for e in made.exemptions)

    asyncio.run(story())
