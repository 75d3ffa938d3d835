"""Faults on a whole world, one kind after the other: harm, let it be well again, compare."""

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bench.faults.audit import audit, compare, newest_alarm
from bench.faults.liar import queued
from bench.faults.sabotage import Sabotage
from bench.faults.score import Progress, Score
from bench.faults.shop import CLOCK, TERMINAL
from bench.faults.world import STARTS_WITHIN, USUAL, Made, Setting, World, running, wait_for
from padpos.ledger.errors import LedgerError
from padpos.ledger.ledger import Ledger
from padpos.ledger.outbox import Outbox
from padpos.terminal import keys as terminal_keys

DRAIN_SECONDS = 120.0
SHORT_DRAIN_SECONDS = 4.0
PAUSE = 0.5


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault, how often, and whether honest alarms about damage are to be expected."""

    kind: str
    harm: Callable[[World, int, Random, Score], None]
    number: int
    alters: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """Where and how; with a sabotage nobody waits long for what will never come."""

    name: str
    seed: int
    place: Path
    sabotage: Sabotage | None
    make: Made
    setting: Setting = USUAL


def run(faults: Sequence[Fault], plan: Plan) -> list[Score]:
    """Each kind in turn, all in one world for as long as nothing is wrong with it."""
    scores: list[Score] = []
    chance = Random(f"{plan.name} {plan.seed}")
    while len(scores) < len(faults):
        with (
            tempfile.TemporaryDirectory(prefix=f"padpos-{plan.name}-", dir=plan.place) as name,
            running(Path(name).resolve(), chance, plan.sabotage, plan.make, plan.setting) as world,
        ):
            for fault in faults[len(scores) :]:
                scores.append(_one(fault, world, chance, plan.sabotage))
                if scores[-1].wrong:
                    break  # or the same loss would be counted again
    return scores


def _one(fault: Fault, world: World, chance: Random, sabotage: Sabotage | None) -> Score:
    score, since, alarm = Score(fault.kind), world.heard(), newest_alarm(world)
    world.start_all()
    if not wait_for(lambda: world.heard() > since, STARTS_WITHIN):
        score.add("stuck", "not one parcel was written, so nothing could be tried")
        return score
    fault.harm(world, fault.number, chance, score)
    _settle(world, score, sabotage)
    audit(world, score, since, alarm, alters=fault.alters)
    _examine_terminal(world, score)
    return score


def _settle(world: World, score: Score, sabotage: Sabotage | None) -> None:
    """Let everything be well again, wait until nothing waits, and end all four."""
    world.quiet(True)
    time.sleep(PAUSE)  # a parcel may be in hand
    progress = Progress("draining")
    limit = SHORT_DRAIN_SECONDS if sabotage else DRAIN_SECONDS
    started = time.monotonic()
    waiting: list[int | None] = [None]

    def empty() -> bool:
        waiting[0] = queued(world.link)
        progress.at(waiting[0] or 0, " waiting" if waiting[0] is not None else " (no answer)")
        return waiting[0] == 0

    if not wait_for(empty, limit):
        score.add("stuck", "wait at the terminal", waiting[0] or 1)
    score.remarks.append(f"drained in {time.monotonic() - started:.1f} s")
    for child in world.children.values():
        if (code := child.kill()) is not None:
            score.add("unclear", f"the {child.name} ended by itself ({code}): {child.last_words()}")
    time.sleep(PAUSE)  # what the writer said last may lie in the pipe
    world.heard()
    world.quiet(False)


def _examine_terminal(world: World, score: Score) -> None:
    """The terminal's own ledger, after the last kill: whole, and nothing waits in it."""
    keys = terminal_keys.load(world.folder / "keys")
    try:
        ledger = Ledger(world.folder / "state", TERMINAL, keys.entry, CLOCK)
    except LedgerError as error:
        score.add("lost", f"the terminal's ledger can't be opened: {error}")
        return
    waiting = Outbox(ledger).waiting()
    if waiting.entries or waiting.attachments:
        score.add("stuck", "unreceipted in the terminal's ledger", waiting.entries)
    compare(dict(ledger.db.execute("SELECT seq, hash FROM entries")), world, score)
    ledger.close()
