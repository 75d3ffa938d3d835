"""Promise: no paper before its entry, and never a second one by itself."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from padpos.counter.errors import CounterError
from padpos.counter.flow import Phase
from padpos.wire.facts import (
    ConsignmentFacts,
    EndedFacts,
    Kind,
    LabelFacts,
)
from padpos_drivers.printer import PrintOutcome
from tests.terminal.counters import (
    counter,
    durable_copy,
    of_kind,
    read_chain,
)
from tests.wire.vector_objects import RECIPIENT


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
