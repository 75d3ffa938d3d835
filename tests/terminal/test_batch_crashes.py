"""Promise: a crash at any instant costs a batch no parcel, and gives none a second label."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import zxingcpp

from padpos.counter.flow import Phase
from padpos.ledger.batches import Stage
from padpos.wire import label_code
from padpos.wire.facts import DrawFacts
from padpos_drivers.printer import MonoRaster
from tests.batch.files import ANNA, BORIS
from tests.terminal.batches import accepted, imported, labels, policy, run, stages, until
from tests.terminal.counters import Counter, counter, of_kind

ROWS = [ANNA, BORIS]
Moment: TypeAlias = "tuple[Path, list[MonoRaster]]"
"""The terminal's folder as a crash leaves it, and the papers that lie there."""


class Power:
    """Copies the terminal's folder whenever the ledger has done something: there it may fail."""

    def __init__(self, c: Counter, copies: Path) -> None:
        self._c = c
        self._copies = copies
        self._call = c.station.books.call
        self.moments: list[Moment] = []
        c.station.books.call = self.call  # type: ignore[method-assign]  # watched from outside

    async def call(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self._copy()
        try:
            return await self._call(call, *args, **kwargs)
        finally:
            self._copy()

    def _copy(self) -> None:
        copy = self._copies / str(len(self.moments))
        shutil.copytree(self._c.folder, copy, ignore=shutil.ignore_patterns("*.sock"))
        self.moments.append((copy, list(self._c.printer.printed)))


async def _moments(folder: Path, copies: Path, rate: int) -> list[Moment]:
    async with counter(folder, policy=policy(rate)) as c:
        batch = await imported(c, ROWS)
        power = Power(c, copies)
        await c.station.batches.start(batch)
        await _to_the_end(c, batch, [])
        return power.moments


def _read(paper: MonoRaster) -> tuple[str, bytes]:
    """(waybill, hash of the label code) as they stand on a paper."""
    codes = zxingcpp.read_barcodes(paper.to_image().convert("L"))
    texts = {code.format: code.text for code in codes}
    code = label_code.from_text(texts[zxingcpp.BarcodeFormat.QRCode])
    return texts[zxingcpp.BarcodeFormat.Code128], label_code.code_hash(code)


async def _to_the_end(c: Counter, batch: bytes, before: list[MonoRaster]) -> None:
    """What a clerk does: decides about the paper he sees, inspects what is drawn."""
    for _ in range(20):
        await until(c, lambda: _waits(c))
        if c.phase is Phase.LABEL_UNKNOWN:
            asked = (await labels(c))[-1]
            lies_there = (asked.waybill, asked.code_hash) in map(_read, before)
            await c.do("label-whole" if lies_there else "label-reprint")
        elif c.phase is Phase.LABEL_BLOCKED:
            await c.do("label-retry")
        elif str(c.station.step) == "inspect":
            await c.do("photo")
        elif str(c.station.step) == "confirm":
            await c.do("confirm")
        elif c.station.batches.running is None:
            if not c.station.batches.states or not c.station.batches.states[0].left:
                return
            await c.station.batches.start(batch)
    raise AssertionError("the batch does not come to its end")


def _waits(c: Counter) -> bool:
    if c.station.busy or c.phase in (Phase.LABEL_UNKNOWN, Phase.LABEL_BLOCKED):
        return not c.station.busy
    inspects = str(c.station.step) == "inspect" or (
        str(c.station.step) == "confirm" and bool(c.station.state.consignment.photos)  # type: ignore[union-attr]  # open
    )
    return inspects or c.station.batches.running is None


@pytest.mark.parametrize("rate", [0, 1_000_000], ids=["undrawn", "drawn"])
def test_wherever_the_power_fails_each_row_ends_with_one_entry_and_one_valid_label(
    rate: int, tmp_path: Path
) -> None:
    """Rules 2 and 6, for a batch: after every single thing the ledger does, and before it."""
    moments = asyncio.run(_moments(tmp_path / "first", tmp_path / "copies", rate))
    assert len(moments) > 20
    seen = set()
    for copy, papers in moments:
        state = b"".join(path.read_bytes() for path in sorted(copy.rglob("ledger.sqlite*")))
        if (state, len(papers)) not in seen:  # what reads alone changes nothing
            seen.add((state, len(papers)))
            asyncio.run(_resumed(copy, papers, rate))
    assert len(seen) > 10


async def _resumed(folder: Path, papers: list[MonoRaster], rate: int) -> None:
    async with counter(folder, policy=policy(rate), recover=True) as c:
        (batch,) = [state.id for state in c.station.batches.states]
        await _to_the_end(c, batch, papers)
        made = await accepted(c)
        assert [each.grams for each in made] == [row[4] for row in ROWS], "lost or doubled"
        assert len({each.consignment for each in made}) == len(ROWS)
        draws = of_kind(await c.facts(), DrawFacts)
        assert [each.n for each in draws] == [1, 2], "a crash re-rolled a draw"
        newest = {each.waybill: each for each in await labels(c)}
        assert {each.status for each in newest.values()} == {"printed"}
        valid = {(each.waybill, each.code_hash) for each in newest.values()}
        lie_there = [_read(paper) for paper in (*papers, *c.printer.printed)]
        assert sorted(each for each in lie_there if each in valid) == sorted(valid)
        assert await stages(c) == {Stage.RECORDED: len(ROWS)}


def test_photographs_of_a_row_outlive_a_crash_and_stay_its_evidence(tmp_path: Path) -> None:
    """Rule 3: what was sealed as evidence is not swept away with the crash."""

    async def before() -> None:
        async with counter(tmp_path / "first", policy=policy(1_000_000)) as c:
            batch = await imported(c, ROWS[:1])
            await c.station.batches.start(batch)
            await until(c, lambda: str(c.station.step) == "inspect")
            await c.do("photo")
            shutil.copytree(c.folder, tmp_path / "second")

    async def after() -> None:
        async with counter(tmp_path / "second", policy=policy(1_000_000), recover=True) as c:
            await c.station.batches.start(c.station.batches.states[0].id)
            await until(c, lambda: str(c.station.step) == "confirm")
            await c.do("confirm")
            (made,) = await accepted(c)
            assert [(mark.mark, len(mark.evidence)) for mark in made.marks] == [("inspected", 1)]
            assert made.verdicts == ("kept",)

    asyncio.run(before())
    asyncio.run(after())


def test_an_import_that_a_crash_cut_short_leaves_nothing_and_its_numbers_free(
    tmp_path: Path,
) -> None:
    async def before() -> None:
        async with counter(tmp_path / "first", policy=policy()) as c:
            power = Power(c, tmp_path / "copies")
            await imported(c, [ANNA] * 40)
            middle = power.moments[-8][0]
            shutil.copytree(middle, tmp_path / "second")

    async def after() -> None:
        async with counter(tmp_path / "second", policy=policy(), recover=True) as c:
            assert (c.station.batches.states, await stages(c)) == ((), {})
            assert await run(c, await imported(c, ROWS)) is None
            assert (await accepted(c))[0].waybill == "AB000001"

    asyncio.run(before())
    asyncio.run(after())
