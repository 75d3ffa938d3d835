"""Promise: a parcel goes from card to label in order, and every other end leaves its trace."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from padpos.counter.errors import CounterError
from padpos.counter.flow import Phase
from padpos.ledger.held import Held
from padpos.wire import envelope, label_code, personal
from padpos.wire.envelope import Binding
from padpos.wire.facts import (
    ConsignmentFacts,
    DrawFacts,
    EndedFacts,
    Kind,
    LabelFacts,
)
from padpos.wire.keys import Alg, sealing_private
from padpos.wire.policy import Duty
from padpos_drivers.camera.interface import CameraError
from padpos_drivers.idcard.errors import CardLifted
from padpos_drivers.printer import PrintOutcome
from tests.counter.shadow import texts_in
from tests.terminal.counters import (
    CARD,
    PIN,
    POLICY,
    SENDER_PHONE,
    Counter,
    counter,
    durable_copy,
    picture,
    read_chain,
)
from tests.wire.vector_objects import DAY_MS, RECIPIENT, SENDER, START, TERMINAL, sealing, seed

SECRETS = {*texts_in(SENDER), *texts_in(RECIPIENT), CARD.number}


def of_kind(facts: list[Any], kind: type) -> list[Any]:
    return [item for item in facts if isinstance(item, kind)]


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


def test_what_is_sealed_opens_for_the_back_office_and_says_what_was_given(tmp_path: Path) -> None:
    """Rule 1: the authority's key opens it; the terminal holds no such key."""

    async def story() -> None:
        async with counter(tmp_path) as c:
            await c.walk_in()
            message = await c.station.in_ledger(c.ledger.message, c.station.last.seq)  # type: ignore[union-attr]  # it was just recorded
            assert message is not None and message.sealed and message.carrier
            (made,) = of_kind(await c.facts(), ConsignmentFacts)
            binding = Binding(TERMINAL, "consignment", made.consignment)
            private = sealing_private(Alg.XWING, seed("upload key"))
            content, _ = envelope.open_envelope(
                message.sealed, binding, sealing("upload").id, private
            )
            opened = personal.SealedConsignment.from_padded(content)
            assert (opened.recipient, opened.contents) == (RECIPIENT, "文具")
            assert opened.sender == personal.Party(CARD.name, SENDER_PHONE, CARD.address or "")
            assert opened.document is not None and opened.document.number == CARD.number

    asyncio.run(story())


def test_no_file_of_the_terminal_holds_a_word_of_anybody(tmp_path: Path) -> None:
    """Rule 1: what is stolen from the disk, the log included, names nobody."""

    async def story() -> None:
        async with counter(tmp_path) as c:
            await c.walk_in()
            await c.walk_in("contents")
            searched = 0
            for file in tmp_path.rglob("*"):
                if file.is_file():
                    searched += 1
                    content = file.read_bytes()
                    for secret in SECRETS:
                        assert secret.encode() not in content, file.name
                        assert secret.encode("utf-16-le") not in content, file.name
                    assert picture()[100:200] not in content, file.name
            assert searched >= 4

    asyncio.run(story())


def test_no_log_line_names_anybody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Rule 1: logs hold codes and counts."""

    async def story() -> None:
        async with counter(tmp_path) as c:
            c.printer.outcomes = [PrintOutcome.UNKNOWN]
            await c.walk_in()
            long = {"name": RECIPIENT.name, "phone": RECIPIENT.phone, "address": "样" * 60}
            await c.do("label-whole")
            await c.walk_in("contents")
            await c.do("recipient", **long)
            await c.do("confirm")

    with caplog.at_level("DEBUG"):
        asyncio.run(story())
    assert not [secret for secret in SECRETS if secret in caplog.text]


def test_when_the_first_byte_goes_out_entry_and_intention_are_on_disk(tmp_path: Path) -> None:
    """Rule 2: at the printer's first byte a copy of the disk already opens with both entries."""
    found: list[list[Any]] = []

    async def story() -> None:
        async with counter(tmp_path) as c:
            c.printer.on_print = lambda: found.append(
                read_chain(durable_copy(tmp_path / "state", tmp_path / "copy"))
            )
            await c.walk_in()

    asyncio.run(story())
    ((*_, accepted, intended),) = found
    assert isinstance(accepted, ConsignmentFacts)
    assert isinstance(intended, LabelFacts)
    assert (intended.status, intended.consignment) == ("intended", accepted.consignment)


def test_an_unknown_paper_waits_and_a_reprint_bears_the_next_code(tmp_path: Path) -> None:
    """Rule 6: generation 2 is another picture, with a code that outdates the first."""

    async def story() -> None:
        async with counter(tmp_path) as c:
            c.printer.outcomes = [PrintOutcome.UNKNOWN]
            await c.walk_in()
            assert (c.phase, len(c.printer.printed)) == (Phase.LABEL_UNKNOWN, 1)
            with pytest.raises(CounterError):
                await c.do("label-retry")
            await c.do("label-reprint")
            assert c.phase is Phase.DONE
            first, second = c.printer.printed
            assert first != second
            labels = of_kind(await c.facts(), LabelFacts)
            assert [(label.generation, label.status) for label in labels] == [
                (1, "intended"), (1, "unknown"), (2, "intended"), (2, "printed"),
            ]  # fmt: skip
            assert len({label.code_hash for label in labels}) == 2

    asyncio.run(story())


def test_a_blocked_printer_is_tried_again_only_when_somebody_asks(tmp_path: Path) -> None:
    """Rule 6: nothing prints by itself."""

    async def story() -> None:
        async with counter(tmp_path) as c:
            c.printer.outcomes = [PrintOutcome.BLOCKED]
            await c.walk_in()
            assert (c.phase, c.printer.printed) == (Phase.LABEL_BLOCKED, [])
            await c.do("label-retry")
            labels = of_kind(await c.facts(), LabelFacts)
            assert [label.generation for label in labels] == [1, 1, 1, 1]
            assert (c.phase, len(c.printer.printed)) == (Phase.DONE, 1)

    asyncio.run(story())


def test_three_spent_labels_void_the_number_on_record(tmp_path: Path) -> None:
    """Rules 4 and 6: a void is an entry, and a restart does not ask for that paper again."""

    async def story() -> None:
        async with counter(tmp_path) as c:
            c.printer.outcomes = [PrintOutcome.UNKNOWN] * 3
            await c.walk_in()
            for _ in range(3):
                await c.do("label-reprint")
            (void,) = await c.facts(Kind.VOID)
            assert isinstance(void, EndedFacts) and void.reason == "labels-spent"
        async with counter(tmp_path, recover=True) as c:
            assert c.phase is Phase.IDLE

    asyncio.run(story())


@pytest.mark.parametrize(
    ("status", "phase"),
    [
        ("pending", Phase.LABEL_BLOCKED),
        ("intended", Phase.LABEL_UNKNOWN),
        ("unknown", Phase.LABEL_UNKNOWN),
        ("blocked", Phase.LABEL_BLOCKED),
        ("printed", Phase.IDLE),
    ],
)
def test_a_restart_finds_each_paper_as_far_as_it_had_come(
    tmp_path: Path, status: str, phase: Phase
) -> None:
    """Rule 6: after an intention nobody knows; before it, no byte went out."""

    async def story() -> None:
        async with counter(tmp_path) as c:
            await c.walk_in()
            await c.station.in_ledger(
                lambda: c.ledger.db.execute("UPDATE papers SET status = ?", (status,))
            )
        async with counter(tmp_path, recover=True) as c:
            assert (c.phase, c.printer.printed) == (phase, [])
            if status == "intended":
                last = (await c.facts())[-1]
                assert isinstance(last, LabelFacts)
                assert (last.status, last.reason) == ("unknown", "interrupted")

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
            assert not list((tmp_path / "state" / "attachments").iterdir())
        async with counter(tmp_path, recover=True) as c:
            assert len(await c.facts(Kind.ABANDONED)) == 1

    asyncio.run(story())


@pytest.mark.parametrize(
    ("command", "reason", "kind"),
    [("refuse", "prohibited-goods", Kind.REFUSAL), ("abandon", "sender-left", Kind.ABANDONED)],
)
def test_a_refused_or_abandoned_parcel_is_on_record_and_its_photos_go(
    tmp_path: Path, command: str, reason: str, kind: Kind
) -> None:
    """Rule 4: a refusal is an entry."""

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
            assert not list((tmp_path / "state" / "attachments").iterdir())

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


def test_a_recipient_too_long_for_the_code_is_not_recorded_and_can_be_shortened(
    tmp_path: Path,
) -> None:
    """Rule 2: what can't be labelled is not accepted; nothing of the attempt stays."""

    async def story() -> None:
        async with counter(tmp_path) as c:
            await c.walk_in("contents")
            long = {"name": "名" * 60, "phone": RECIPIENT.phone, "address": "样" * 60}
            await c.do("recipient", **long)
            await c.do("confirm")
            assert (c.phase, c.station.state.problem) == (Phase.OPEN, "too-large")
            assert await c.facts(Kind.CONSIGNMENT) == []
            short = {"name": "顾听澜", "phone": RECIPIENT.phone, "address": RECIPIENT.address}
            await c.do("recipient", **short)
            await c.do("confirm")
            assert c.phase is Phase.DONE
            (made,) = of_kind(await c.facts(), ConsignmentFacts)
            assert made.waybill == "AB000001"

    asyncio.run(story())


def test_outside_the_key_sets_time_nothing_is_sealed_and_nothing_recorded(tmp_path: Path) -> None:
    """Rule 1: without a key in force the plaintext goes nowhere."""
    time = [START]

    async def story() -> None:
        async with counter(tmp_path, now=lambda: time[0]) as c:
            await c.walk_in("contents")
            time[0] = START + 8 * DAY_MS
            await c.do("confirm")
            assert (c.phase, c.station.state.problem) == (Phase.OPEN, "sealing-refused")
            assert await c.facts(Kind.CONSIGNMENT) == []

    asyncio.run(story())


def test_a_terminal_long_without_receipts_takes_no_more_parcels(tmp_path: Path) -> None:
    """Rule 3: unsent evidence does not pile up without end."""
    time = [START]

    async def story() -> None:
        async with counter(tmp_path, now=lambda: time[0]) as c:
            await c.walk_in()
            time[0] = START + 73 * 3_600_000
            with pytest.raises(CounterError) as refused:
                await c.do("begin", customer="walk-in")
            assert refused.value.code == "frozen"

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


def test_two_confirmations_at_once_make_one_label(tmp_path: Path) -> None:
    """Rule 6: a double tap is one parcel."""

    async def story() -> None:
        async with counter(tmp_path) as c:
            await c.walk_in("contents")
            c.station.confirm()
            with pytest.raises(CounterError):
                c.station.confirm()
            await c.settle()
            assert len(c.printer.printed) == 1
            assert len(await c.facts(Kind.CONSIGNMENT)) == 1

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


def test_the_label_code_opens_for_the_carrier_alone_and_names_its_generation(
    tmp_path: Path,
) -> None:
    """Rule 1: the paper's code is sealed; rule 6: each generation has its own."""

    async def story() -> None:
        async with counter(tmp_path) as c:
            await c.walk_in()
            paper = await c.station.in_ledger(_first_paper, c)
            private = sealing_private(Alg.LABEL, seed("label key"))
            for generation, code in enumerate(paper.codes, 1):
                plain = label_code.open_code(code, sealing("label"), private)
                assert (plain.generation, plain.waybill) == (generation, "AB000001")
                assert plain.phone == RECIPIENT.phone

    asyncio.run(story())


def _first_paper(c: Counter) -> Any:
    from padpos.ledger.papers import Papers

    consignment = c.ledger.db.execute("SELECT consignment FROM papers").get
    return Papers(c.ledger).get(consignment)
