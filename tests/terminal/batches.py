"""A batch at a counter: its file, its import, its run to the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from padpos.batch.choice import choice
from padpos.batch.report import Report
from padpos.wire.facts import ConsignmentFacts, LabelFacts
from padpos.wire.personal import Party
from padpos.wire.policy import Policy
from tests.batch.files import ANNA, BORIS, csv
from tests.terminal.counters import Counter, document_class, of_kind
from tests.wire.vector_objects import the_policy

CONTRACT = "contract-9"
SHOP = Party("样例文具商行", "07318800001", "湖南省长沙市样例路 1 号")
ROWS = [ANNA, BORIS, ("司马听雪", "19900000012", "上海市浦东新区样例大道 99 号 7 层", "茶叶", 250)]
PEOPLE = {str(text) for row in ROWS for text in row[:3]} | {SHOP.name, SHOP.phone, SHOP.address}


def policy(rate: int = 0, **changed: Any) -> Policy:
    """A policy that draws so many parcels of a million."""
    return replace(
        the_policy(document_classes=(document_class("citizen"),)), draw_rate=rate, **changed
    )


async def imported(c: Counter, rows: list[Any] | None = None, chosen: str = "") -> bytes:
    """A file's way into the ledger: the batch's id."""
    await looked_at(c, rows)
    batch = await c.station.importer.seal(SHOP, choice(chosen))
    await c.station.batches.refresh()
    return batch


async def looked_at(c: Counter, rows: list[Any] | None = None) -> Report:
    """A file that was looked through."""
    return await c.station.importer.look(csv(ROWS if rows is None else rows), CONTRACT)


async def until(c: Counter, ready: Callable[[], bool]) -> None:
    """Wait for something at the counter."""
    async with asyncio.timeout(20):
        while not ready():
            await asyncio.sleep(0.002)
    await c.settle()


async def stopped(c: Counter) -> str | None:
    """Wait until the run is over: the problem it told, if any."""
    await until(c, lambda: c.station.batches.running is None)
    return c.station.batches.problem


async def run(c: Counter, batch: bytes) -> str | None:
    """Print what is left of a batch: the problem it ended with."""
    await c.station.batches.start(batch)
    return await stopped(c)


async def stages(c: Counter) -> dict[str, int]:
    """The rows of all batches by stage."""
    await c.station.batches.refresh()
    return {stage: n for state in c.station.batches.states for stage, n in state.rows.items()}


async def accepted(c: Counter) -> list[ConsignmentFacts]:
    """The parcels on record."""
    return of_kind(await c.facts(), ConsignmentFacts)


async def labels(c: Counter) -> list[LabelFacts]:
    """What is on record of labels."""
    return of_kind(await c.facts(), LabelFacts)


def everything_on(folder: Path) -> bytes:
    """All bytes under a folder."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
