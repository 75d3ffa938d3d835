"""Promise: a clock that goes back opens no past day again, and a running counter says so."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from padpos.counter.errors import CounterError
from padpos.counter.flow import Outcome, Phase
from padpos.ledger.ledger import FILE, Clock
from padpos.ledger.papers import Papers
from padpos.terminal.clockwatch import ClockWatch
from padpos.terminal.timekeeper import tick
from padpos.ui.snapshot import snapshot
from padpos.wire.facts import Kind
from tests.terminal.counters import POLICY, Counter, counter
from tests.wire.vector_objects import DAY_MS, START

MINUTE_MS = 60_000
LAW = replace(POLICY, valid_from=START - 9 * DAY_MS)  # a past day must not be refused for that


@dataclass(slots=True)
class Wall:
    """A clock on the wall, and whether anybody vouches for it."""

    time: int = START + 2 * DAY_MS
    trusted: bool = False


def told(
    folder: Path, wall: Wall, story: Callable[[Counter], Awaitable[None]], *, clerk: bool = True
) -> None:
    async def run() -> None:
        async with counter(
            folder, policy=LAW, now=lambda: wall.time, synchronised=lambda: wall.trusted,
            signed_in=clerk,
        ) as c:  # fmt: skip
            await story(c)

    asyncio.run(run())


async def refusal(c: Counter) -> str | None:
    """The code for which no parcel is begun, or None."""
    try:
        await c.do("begin", customer="walk-in")
    except CounterError as error:
        return error.code
    await c.do("abandon", reason="cancelled")
    return None


def test_a_clock_set_back_while_it_runs_closes_the_counter_and_opens_it_again(
    tmp_path: Path,
) -> None:
    """Rule 4: no past day, whose draws and dates are known, comes again."""
    wall = Wall()

    async def story(c: Counter) -> None:
        await c.walk_in()
        wall.time -= 4 * MINUTE_MS
        assert await refusal(c) is None  # a clock may be a little wrong
        wall.time -= 2 * MINUTE_MS
        await tick(c.station)
        assert snapshot(c.station)["frozen"]["code"] == "clock-back"
        assert await refusal(c) == "clock-back"
        wall.time += 6 * MINUTE_MS
        await tick(c.station)
        assert snapshot(c.station)["frozen"] is None
        assert await refusal(c) is None

    told(tmp_path, wall, story)


def test_a_clock_that_lost_its_time_in_a_power_cut_is_measured_by_the_ledger(
    tmp_path: Path,
) -> None:
    wall = Wall()

    async def before(c: Counter) -> None:
        await c.walk_in()

    async def afterwards(c: Counter) -> None:
        assert await refusal(c) == "clock-back"
        wall.trusted = True  # the network is there, and with it the time: behind all the same
        assert await refusal(c) is None

    told(tmp_path, wall, before)
    wall.time -= DAY_MS
    told(tmp_path, wall, afterwards)


def test_what_is_recorded_meanwhile_does_not_move_the_mark(tmp_path: Path) -> None:
    """Signing in and out by a wrong clock, and switching off and on, opens nothing."""
    wall = Wall()

    async def before(c: Counter) -> None:
        await c.walk_in()

    async def busy(c: Counter) -> None:
        for _ in range(3):
            c.station.clerk = "clerk-03"
            await c.do("sign-out")
        c.station.clerk = "clerk-03"
        assert await refusal(c) == "clock-back"

    told(tmp_path, wall, before)
    wall.time -= DAY_MS
    told(tmp_path, wall, busy)
    told(tmp_path, wall, busy)


def test_a_trusted_time_puts_right_a_clock_that_was_ahead(tmp_path: Path) -> None:
    """Or one wrong year would close the counter for a year."""
    wall = Wall(START + 6 * DAY_MS)

    async def ahead(c: Counter) -> None:
        await c.do("sign-out")

    async def right(c: Counter) -> None:
        assert await refusal(c) is None
        wall.trusted = False
        assert await refusal(c) is None

    told(tmp_path, wall, ahead)
    wall.time, wall.trusted = START + DAY_MS, True
    told(tmp_path, wall, right)
    wall.trusted = False
    told(tmp_path, wall, right)


def test_a_parcel_in_hand_is_carried_to_its_end(tmp_path: Path) -> None:
    """Rule 4: what began is carried to its end, on record."""
    wall = Wall()

    async def story(c: Counter) -> None:
        await c.walk_in("contents")
        assert c.phase is Phase.OPEN
        wall.time -= 2 * DAY_MS
        await c.do("confirm")
        assert c.station.state.outcome is Outcome.ACCEPTED

    told(tmp_path, wall, story)


def test_a_clock_set_back_over_midnight_closes_no_day(tmp_path: Path) -> None:
    """The day's label codes may still be needed for a reprint."""
    wall = Wall()

    async def story(c: Counter) -> None:
        await c.walk_in()
        (made,) = await c.facts(Kind.CONSIGNMENT)
        await tick(c.station)
        wall.time -= DAY_MS
        await tick(c.station)
        paper = await c.station.in_ledger(Papers(c.ledger).get, made.consignment)  # type: ignore[union-attr]  # a consignment's facts
        assert paper is not None
        wall.time += 2 * DAY_MS
        await tick(c.station)
        assert await c.station.in_ledger(Papers(c.ledger).get, made.consignment) is None  # type: ignore[union-attr]

    told(tmp_path, wall, story)


def test_a_record_whose_times_cant_be_read_closes_the_counter_and_says_so(tmp_path: Path) -> None:
    """No damage keeps the terminal from coming up."""
    wall = Wall()

    async def before(c: Counter) -> None:
        await c.do("sign-out")

    async def damaged(c: Counter) -> None:
        assert c.station.closed == "ledger-damaged"

    told(tmp_path, wall, before)
    file = tmp_path / "state" / FILE
    with contextlib.closing(sqlite3.connect(file)) as database:
        page = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'entries_time'")
        (root,), (size,) = page.fetchone(), database.execute("PRAGMA page_size").fetchone()
    content = bytearray(file.read_bytes())
    content[(root - 1) * size : root * size] = b"\xa5" * size
    file.write_bytes(content)
    told(tmp_path, wall, damaged)


@pytest.mark.parametrize("trusted", [True, False])
def test_the_watch_follows_a_trusted_clock_back_and_no_other(trusted: bool) -> None:
    time = [START]
    watch = ClockWatch(Clock(lambda: time[0], lambda: trusted), None)
    assert watch.behind() == 0
    time[0] -= 1000
    assert watch.behind() == (0 if trusted else 1000)
    time[0] += 500
    assert watch.behind() == (0 if trusted else 500)
