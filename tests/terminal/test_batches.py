"""Promise: a batch's parcels go through the same law, each sealed at import, each labelled once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from padpos.counter.errors import CounterError
from padpos.counter.flow import Phase
from padpos.ledger.batches import Batches, Stage
from padpos.wire import envelope, label_code
from padpos.wire.documents import WaybillRange, Waybills
from padpos.wire.envelope import Binding
from padpos.wire.facts import DrawFacts, EndedFacts, Kind
from padpos.wire.keys import Alg, sealing_private, sealing_public
from padpos.wire.keyset import KeySet, Use
from padpos.wire.personal import SealedCarrier, SealedConsignment
from padpos.wire.policy import Duty, Policy, Requirement
from padpos_drivers.printer import PrintOutcome
from tests.batch.files import ANNA
from tests.terminal.batches import (
    CONTRACT,
    PEOPLE,
    ROWS,
    SHOP,
    accepted,
    everything_on,
    imported,
    labels,
    looked_at,
    policy,
    run,
    stages,
    stopped,
    until,
)
from tests.terminal.counters import Counter, counter, of_kind
from tests.wire.vector_objects import DAY_MS, START, TERMINAL, key_set, sealing, seed, signer

DRAWN = policy(1_000_000)


def at_a_counter(
    folder: Path,
    story: Callable[[Counter], Awaitable[None]],
    law: Policy | None = None,
    **more: Any,
) -> None:
    """Let a story happen at a running counter."""

    async def told() -> None:
        async with counter(folder, policy=law or policy(), **more) as c:
            await story(c)

    asyncio.run(told())


async def refusal(doing: Awaitable[object]) -> str:
    """The code of a refusal."""
    with pytest.raises(CounterError) as caught:
        await doing
    return caught.value.code


def test_every_row_gets_one_entry_and_one_label_in_the_order_of_the_file(tmp_path: Path) -> None:
    async def story(c: Counter) -> None:
        batch = await imported(c)
        assert await run(c, batch) is None
        made, said = await accepted(c), await labels(c)
        assert [each.grams for each in made] == [row[4] for row in ROWS]
        assert len({each.waybill for each in made}) == len(c.printer.printed) == len(ROWS)
        assert all(each.customer == "contract" and each.contract == CONTRACT for each in made)
        assert [mark.mark for each in made for mark in each.marks] == ["contract-uninspected"] * 3
        assert [(each.waybill, each.status) for each in said] == [
            (each.waybill, status) for each in made for status in ("intended", "printed")
        ]
        assert await stages(c) == {Stage.RECORDED: 3}

    at_a_counter(tmp_path, story)


def test_what_was_sealed_at_import_opens_for_its_readers_and_says_what_the_file_said(
    tmp_path: Path,
) -> None:
    """Rule 1: authority, carrier and safe-number service read the row, each with its own key."""

    async def story(c: Counter) -> None:
        batch = await imported(c, ROWS[:1])
        row = await c.station.in_ledger(Batches(c.ledger).next, batch)
        assert row is not None
        await run(c, batch)
        (made,) = await accepted(c)
        message = await c.station.in_ledger(c.ledger.message, _seq_of(c, made.consignment))
        assert message is not None and message.sealed and message.carrier
        for_authority = SealedConsignment.from_padded(_opened(message.sealed, "upload", made))
        assert (for_authority.sender, for_authority.contents) == (SHOP, "文具")
        to = for_authority.recipient
        assert (to.name, to.phone, to.address) == ANNA[:3]
        for_carrier = SealedCarrier.from_padded(_opened(message.carrier, "carrier", made))
        assert (for_carrier.waybill, for_carrier.recipient) == (made.waybill, to)
        private = sealing_private(Alg.LABEL, seed("label key"))
        plain = [label_code.open_code(code, sealing("label"), private) for code in row.codes]
        assert [each.generation for each in plain] == [1, 2, 3]
        assert {(each.waybill, each.name, each.phone) for each in plain} == {
            (made.waybill, to.name, to.phone)
        }

    at_a_counter(tmp_path, story)


def _seq_of(c: Counter, consignment: bytes) -> int:
    assert c.station.last is not None and consignment
    return c.station.last.seq


def _opened(raw: bytes, name: str, made: Any) -> bytes:
    purpose = "consignment" if name == "upload" else "carrier"
    private = sealing_private(Alg.XWING, seed(f"{name} key"))
    binding = Binding(TERMINAL, purpose, made.consignment)
    return envelope.open_envelope(raw, binding, sealing(name).id, private)[0]


@pytest.mark.parametrize("when", ["looked at", "imported", "printed", "let go"])
def test_no_word_of_anybody_is_on_the_disk_at_any_time(when: str, tmp_path: Path) -> None:
    """Rule 1: a batch file is read into memory, and nothing but sealed rows is kept of it."""

    async def story(c: Counter) -> None:
        await looked_at(c)
        if when != "looked at":
            batch = await imported(c)
            assert c.station.importer.file is None, "the file outlived its import"
            if when == "printed":
                await run(c, batch)
            if when == "let go":
                await c.station.batches.let_go(batch)
        found = everything_on(tmp_path)
        assert not [text for text in PEOPLE if text.encode() in found]

    at_a_counter(tmp_path, story)


def test_a_drawn_row_stops_until_its_open_parcel_was_photographed(tmp_path: Path) -> None:
    """Rule 4: what the draw falls on gets no label uninspected, batch or not."""

    async def story(c: Counter) -> None:
        batch = await imported(c, ROWS[:1])
        await c.station.batches.start(batch)
        await until(c, lambda: c.station.step is not None and c.station.step != "draw")
        assert (c.phase, str(c.station.step), c.printer.printed) == (Phase.OPEN, "inspect", [])
        with pytest.raises(CounterError, match="still-owed"):
            await c.do("confirm")
        await c.do("photo")
        assert c.phase is Phase.OPEN, "nobody but a person accepts what was inspected"
        await c.do("confirm")
        assert await stopped(c) is None
        (made,) = await accepted(c)
        assert [mark.mark for mark in made.marks] == ["inspected"]

    at_a_counter(tmp_path, story, DRAWN)


def test_a_row_put_aside_keeps_its_draw_and_photographs_and_is_not_drawn_again(
    tmp_path: Path,
) -> None:
    """Rule 4: putting aside re-rolls nothing."""

    async def story(c: Counter) -> None:
        batch = await imported(c, ROWS[:2])
        await c.station.batches.start(batch)
        await until(c, lambda: str(c.station.step) == "inspect")
        await c.do("photo")
        await c.do("batch-aside")
        await until(c, lambda: str(c.station.step) == "inspect")
        await c.do("batch-aside")
        assert await stopped(c) == "batch-aside"
        assert len(of_kind(await c.facts(), DrawFacts)) == 2
        await c.station.batches.start(batch)
        await until(c, lambda: str(c.station.step) == "confirm")
        assert c.station.state.consignment is not None
        assert [photo.verdict for photo in c.station.state.consignment.photos] == ["kept"]
        await c.do("confirm")
        await until(c, lambda: str(c.station.step) == "inspect")
        await c.do("photo")
        await c.do("confirm")
        assert await stopped(c) is None
        draws = of_kind(await c.facts(), DrawFacts)
        assert [each.n for each in draws] == [1, 2], "a row was drawn twice"
        assert [each.draw.n for each in await accepted(c) if each.draw] == [1, 2]

    at_a_counter(tmp_path, story, DRAWN)


def test_a_row_that_is_refused_ends_by_an_entry_and_the_next_has_its_turn(tmp_path: Path) -> None:
    async def story(c: Counter) -> None:
        batch = await imported(c, ROWS[:2])
        await c.station.batches.start(batch)
        await until(c, lambda: str(c.station.step) == "inspect")
        await c.do("refuse", reason="prohibited-goods")
        await until(c, lambda: str(c.station.step) == "inspect")
        await c.do("abandon", reason="cancelled")
        assert await stopped(c) is None
        assert [e.reason for e in of_kind(await c.facts(), EndedFacts)] == [
            "prohibited-goods", "cancelled",
        ]  # fmt: skip
        assert await stages(c) == {Stage.ENDED: 2}
        assert await c.station.batches.left(batch) == [2, 3]
        assert c.printer.printed == []

    at_a_counter(tmp_path, story, DRAWN)


def test_a_label_in_doubt_stops_the_batch_until_a_person_has_looked(tmp_path: Path) -> None:
    """Rule 6: no row is passed over and none is printed twice by itself."""

    async def story(c: Counter) -> None:
        batch = await imported(c)
        c.printer.outcomes = [PrintOutcome.PRINTED, PrintOutcome.UNKNOWN, PrintOutcome.BLOCKED]
        await c.station.batches.start(batch)
        await until(c, lambda: c.phase is Phase.LABEL_UNKNOWN)
        await asyncio.sleep(0.05)
        assert (c.phase, len(await accepted(c))) == (Phase.LABEL_UNKNOWN, 2)
        await c.do("label-reprint")
        assert c.phase is Phase.LABEL_BLOCKED
        await c.do("label-void")
        assert await stopped(c) is None
        assert await stages(c) == {Stage.RECORDED: 2, Stage.VOIDED: 1}
        assert await c.station.batches.left(batch) == [3]

    at_a_counter(tmp_path, story)


def other_label_key() -> bytes:
    """A newer key set in which the carrier's label key is another one."""
    key = sealing_public(Alg.LABEL, seed("next week's label key"))
    keys = tuple((use, key if use is Use.LABEL else kept) for use, kept in key_set().keys)
    newer = KeySet(8, TERMINAL, START, START + 7 * DAY_MS, keys)
    return newer.sign(signer("policy")).raw


def test_rows_of_keys_that_are_no_longer_in_force_are_not_printed_and_named(tmp_path: Path) -> None:
    """Nobody could open what was sealed to a key that is gone: it is told, and imported anew."""

    async def story(c: Counter) -> None:
        batch = await imported(c)
        assert await c.station.in_ledger(c.standing.take, "keys", other_label_key()) == "ok"
        assert await run(c, batch) == "batch-stale"
        assert (c.printer.printed, await accepted(c)) == ([], [])
        assert await c.station.batches.left(batch) == [2, 3, 4]
        again = await imported(c, chosen="3-4")
        assert await run(c, again) is None
        assert len(c.printer.printed) == 2

    at_a_counter(tmp_path, story)


def test_a_key_set_with_the_same_keys_and_more_changes_nothing(tmp_path: Path) -> None:
    async def story(c: Counter) -> None:
        batch = await imported(c)
        renewed = KeySet(8, TERMINAL, START, START + 7 * DAY_MS, key_set().keys)
        raw = renewed.sign(signer("policy")).raw
        assert await c.station.in_ledger(c.standing.take, "keys", raw) == "ok"
        assert await run(c, batch) is None

    at_a_counter(tmp_path, story)


def test_numbers_that_the_carrier_took_back_are_not_printed(tmp_path: Path) -> None:
    async def story(c: Counter) -> None:
        batch = await imported(c)
        other = Waybills(2, TERMINAL, (WaybillRange("CD000001", "CD000999", START + DAY_MS),))
        raw = other.sign(signer("waybills")).raw
        assert await c.station.in_ledger(c.standing.take, "waybills", raw) == "ok"
        assert await run(c, batch) == "batch-stale"

    at_a_counter(tmp_path, story)


def test_where_the_policy_wants_documents_of_contract_customers_no_row_has_its_turn(
    tmp_path: Path,
) -> None:
    """Rule 4: what was sealed without a document can't be accepted where one is owed."""
    law = policy()
    requirements = tuple(
        Requirement(r.customer, r.step, Duty.REQUIRED, r.article)
        if (r.customer, r.step) == ("contract", "identify")
        else r
        for r in law.requirements
    )

    async def story(c: Counter) -> None:
        assert await run(c, await imported(c)) == "batch-policy"
        assert await c.facts(Kind.DRAW) == []

    at_a_counter(tmp_path, story, policy(requirements=requirements))


def test_a_draw_that_wants_a_document_ends_the_run_and_the_row_can_only_be_cancelled(
    tmp_path: Path,
) -> None:
    """Rule 4: no card makes up for what was sealed without one."""
    law = policy()
    by_draw = tuple(
        Requirement(r.customer, r.step, Duty.BY_DRAW, r.article) if r.customer == "contract" else r
        for r in law.requirements
    )

    async def story(c: Counter) -> None:
        assert await run(c, await imported(c)) == "batch-document"
        await c.lay_card()
        await c.do("photo")
        with pytest.raises(CounterError, match="still-owed"):
            await c.do("confirm")
        await c.do("abandon", reason="cancelled")
        assert (c.printer.printed, await accepted(c)) == ([], [])

    at_a_counter(tmp_path, story, policy(1_000_000, requirements=by_draw))


def test_a_file_with_a_faulty_row_imports_nothing_unless_its_good_rows_are_chosen(
    tmp_path: Path,
) -> None:
    async def story(c: Counter) -> None:
        shows = (*ANNA[:3], f"给{ANNA[0]}的文具", 5)
        told = await looked_at(c, [ANNA, shows, ANNA])
        assert (told.good, told.faulty, told.faults[0].code) == (2, 1, "cell-shows")
        assert await refusal(c.do("batch-seal", **_sender())) == "batch-faulty"
        assert await refusal(c.do("batch-seal", **_sender(), rows="3")) == "batch-faulty"
        assert await stages(c) == {}
        await c.do("batch-seal", **_sender(), rows="2,4")
        assert await stages(c) == {Stage.WAITING: 2}

    at_a_counter(tmp_path, story)


def _sender() -> dict[str, str]:
    return {"name": SHOP.name, "phone": SHOP.phone, "address": SHOP.address}


def test_an_import_that_runs_out_of_numbers_keeps_nothing_and_gives_them_back(
    tmp_path: Path,
) -> None:
    async def story(c: Counter) -> None:
        few = Waybills(2, TERMINAL, (WaybillRange("CD000001", "CD000020", START + DAY_MS),))
        raw = few.sign(signer("waybills")).raw
        assert await c.station.in_ledger(c.standing.take, "waybills", raw) == "ok"
        assert await refusal(imported(c, [ANNA] * 30)) == "waybills-spent"
        assert (c.station.batches.states, await stages(c)) == ((), {})
        batch = await imported(c, [ANNA] * 20)
        assert await run(c, batch) is None
        assert (await accepted(c))[0].waybill == "CD000001"

    at_a_counter(tmp_path, story)


def test_a_batch_let_go_leaves_entries_for_rows_that_had_their_turn_and_nothing_else(
    tmp_path: Path,
) -> None:
    async def story(c: Counter) -> None:
        batch = await imported(c)
        await c.station.batches.start(batch)
        await until(c, lambda: str(c.station.step) == "inspect")
        assert await refusal(c.station.batches.let_go(batch)) == "not-now"
        await c.do("batch-pause")
        await c.do("batch-aside")
        await stopped(c)
        await c.do("batch-let-go", batch=batch.hex())
        (ended,) = of_kind(await c.facts(), EndedFacts)
        assert (ended.reason, ended.customer) == ("cancelled", "contract")
        assert c.station.batches.states == ()

    at_a_counter(tmp_path, story, DRAWN)


def test_a_batch_runs_for_a_clerk_and_stops_when_he_leaves(tmp_path: Path) -> None:
    async def story(c: Counter) -> None:
        batch = await imported(c, [ANNA] * 5)
        c.printer.on_print = lambda: setattr(c.station, "clerk", None)
        assert await run(c, batch) == "signed-out"
        assert len(await accepted(c)) == 1

    at_a_counter(tmp_path, story)


def test_a_pause_ends_the_run_after_the_row_in_hand(tmp_path: Path) -> None:
    async def story(c: Counter) -> None:
        batch = await imported(c, [ANNA] * 5)
        c.printer.on_print = c.station.batches.pause
        assert await run(c, batch) is None
        assert (len(await accepted(c)), c.phase) == (1, Phase.DONE)
        c.printer.on_print = lambda: None
        assert await run(c, batch) is None
        assert len(await accepted(c)) == 5

    at_a_counter(tmp_path, story)


def test_the_clerks_side_shows_a_row_masked(tmp_path: Path) -> None:
    from padpos.ui.snapshot import snapshot

    async def story(c: Counter) -> None:
        batch = await imported(c, ROWS[:1])
        await c.station.batches.start(batch)
        await until(c, lambda: str(c.station.step) == "inspect")
        shown = snapshot(c.station)
        assert shown["consignment"]["row"]["number"] == 2
        assert not [text for text in PEOPLE if text in str(shown)]
        lines = await c.station.batches.lines(batch, 0, 10)
        assert not [text for text in PEOPLE if text in str(lines[0].shown)]

    at_a_counter(tmp_path, story, DRAWN)
