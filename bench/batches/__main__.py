"""`python -m bench.batches`: print a batch while the terminal is killed, and count labels."""

import asyncio
import contextlib
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import click

from bench.batches.clerk import Clerk
from bench.batches.oracle import Oracle
from bench.batches.papers import Paper, Papers
from bench.batches.people import as_file, parcels
from padpos_services.demo.__main__ import VPCD
from padpos_services.demo.errors import DemoError
from padpos_services.demo.layout import Layout
from padpos_services.demo.reach import close_door, interpreter
from padpos_services.demo.screen import Screen
from padpos_services.demo.stage import Stage
from padpos_services.demo.world import World

STUCK_SECONDS = 120.0
DRAIN_SECONDS = 300.0
ROW_SECONDS = 0.2
IMPORTS, IMPORT_SECONDS = 12, 0.004
"""One kill of so many falls into the import, of which a row takes about so long."""
AGAIN = 0.2
"""How often a kill does not wait for the next goal."""


@dataclass(slots=True)
class Plan:
    """What is to be tried."""

    seed: int
    parcels: int
    kills: int
    draw_rate: int


@dataclass(slots=True)
class Outcome:
    """What came of it."""

    killed: Counter[str] = field(default_factory=Counter)
    did: Counter[str] = field(default_factory=Counter)
    papers: list[Paper] = field(default_factory=list)
    seconds: float = 0.0


@click.command(help=__doc__)
@click.option("--seed", default=1, show_default=True, help="The same seed, the same choices.")
@click.option("--parcels", "number", type=click.IntRange(1, 5000), default=1000, show_default=True)
@click.option("--kills", type=click.IntRange(0), default=60, show_default=True, help="kill -9s.")
@click.option("--draw-rate", default=30_000, show_default=True, help="Drawn, of a million.")
@click.option("--vpcd", type=click.Path(path_type=Path), envvar="VPCD_DRIVER", default=VPCD)
def main(*, seed: int, number: int, kills: int, draw_rate: int, vpcd: Path) -> None:
    """A customer's file through a whole counter: terminal, uplink, broker, authority, printer.

    The terminal is killed (kill -9) at moments spread over import and printing. At the end the
    authority's store and the paper in front of the printer are compared with the file: each row
    one entry and one valid label. Ends with 1 where anything at all is wrong. Needs root.
    """
    chance = Random(f"batches {seed}")
    wanted = parcels(chance, number)
    file = as_file(chance, wanted)
    work = Path(tempfile.mkdtemp(prefix="padpos-batches-", dir="/var/tmp"))
    layout = Layout(work)
    try:
        stage = Stage(layout, vpcd, 0.0, interpreter())
        outcome = asyncio.run(_play(stage, Plan(seed, number, kills, draw_rate), file, chance))
        oracle = Oracle(layout)
        wrong = oracle.wrong(wanted, outcome.papers)
        if not wrong:
            sleeps = oracle.sleeps(wanted, outcome.papers)
            wrong = [f"the oracle does not notice {lie}" for lie in sleeps]
    finally:
        close_door()
        shutil.rmtree(work, ignore_errors=True)
    _tell(outcome, oracle, wrong, number)
    sys.exit(1 if wrong else 0)


async def _play(stage: Stage, plan: Plan, file: bytes, chance: Random) -> Outcome:
    outcome, started = Outcome(), time.monotonic()
    try:
        await stage.open(plan.draw_rate)
        world, screen = World(stage), Screen(stage.layout.screen)
        papers = Papers(stage.layout.papers, world)
        clerk = Clerk(screen, papers, file)
        killing = asyncio.create_task(_kill(stage, clerk, plan, chance, outcome.killed))
        progress = asyncio.create_task(_progress(clerk, plan, outcome.killed))
        try:
            await clerk.work(STUCK_SECONDS)
        finally:
            for task in (killing, progress):
                task.cancel()
            await asyncio.gather(killing, progress, return_exceptions=True)
        await screen.until("an empty outbox", lambda s: not any(s["queue"].values()), DRAIN_SECONDS)
        outcome.papers, outcome.did = await papers.whole(), clerk.did
        _check_logs(stage)
    finally:
        outcome.seconds = time.monotonic() - started
        await stage.close()
    return outcome


def _check_logs(stage: Stage) -> None:
    log = (stage.layout.logs / "terminal.log").read_text("utf-8", "replace")
    if "Traceback" in log:
        raise DemoError(f"the terminal failed by itself:\n{log[log.index('Traceback') :][:3000]}")


async def _kill(
    stage: Stage, clerk: Clerk, plan: Plan, chance: Random, killed: Counter[str]
) -> None:
    """Some kills while the file is imported, the others spread over the rows."""
    terminal = stage.house.running["terminal"]
    while killed["import"] < plan.kills // IMPORTS:
        await _when(lambda: clerk.importing or clerk.recorded > 0)
        await asyncio.sleep(chance.uniform(0, plan.parcels * IMPORT_SECONDS))
        if clerk.recorded > 0:
            break
        await terminal.kill()
        killed["import"] += 1
        await _when(lambda: terminal.pid is not None)
    goals = sorted(chance.randrange(plan.parcels) for _ in range(plan.kills - killed["import"]))
    for goal in goals:
        if chance.random() < AGAIN:
            await asyncio.sleep(chance.uniform(0.2, 1.5))  # perhaps while it starts
            killed["wherever it was"] += 1
        else:
            await _when(lambda goal=goal: clerk.recorded >= goal)  # type: ignore[misc]  # a default binds it
            await asyncio.sleep(chance.uniform(0, ROW_SECONDS))
            killed["rows"] += 1
        await _when(lambda: terminal.pid is not None)
        await terminal.kill()


async def _when(ready: Callable[[], bool]) -> None:
    while not ready():
        await asyncio.sleep(0.005)


async def _progress(clerk: Clerk, plan: Plan, killed: Counter[str]) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        while True:
            await asyncio.sleep(10)
            sys.stderr.write(f"{clerk.recorded} of {plan.parcels} rows, {killed.total()} kills\n")


def _tell(outcome: Outcome, oracle: Oracle, wrong: list[str], number: int) -> None:
    click.echo(
        f"{number} rows in {outcome.seconds:.0f} s, {outcome.killed.total()} kills"
        f" {dict(outcome.killed)}, {len(oracle.facts)} entries, {len(outcome.papers)} whole papers"
    )
    for name, count in sorted(outcome.did.items()):
        click.echo(f"{count:>8}  {name}")
    for line, count in Counter(wrong).most_common(20):
        click.echo(f"WRONG {count} × {line}")
    click.echo("each row has one entry and one valid label" if not wrong else f"{len(wrong)} wrong")


if __name__ == "__main__":
    main()
