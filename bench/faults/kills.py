"""kill -9 of terminal, uplink, broker and authority at random instants; cut connections."""

import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bench.faults.audit import audit, compare
from bench.faults.liar import lie, queued
from bench.faults.sabotage import Sabotage
from bench.faults.score import Progress, Score
from bench.faults.shop import CLOCK, TERMINAL
from bench.faults.world import World, running, wait_for
from padpos.ledger.errors import LedgerError
from padpos.ledger.ledger import Ledger
from padpos.ledger.outbox import Outbox
from padpos.terminal import keys as terminal_keys

DRAIN_SECONDS = 120.0
SHORT_DRAIN_SECONDS = 6.0
BETWEEN, DEAD = (0.1, 1.2), (0.0, 0.3)
LIE_EVERY, FORGET_ONE_IN = 4, 3
PAUSE = 0.5


def kills(seed: int, number: int, place: Path, sabotage: Sabotage | None) -> Score:
    """Kill so many processes."""
    return _campaign("kills", _kill, Plan(seed, number, place, sabotage))


def links(seed: int, number: int, place: Path, sabotage: Sabotage | None) -> Score:
    """Cut so many connections between uplink and broker."""
    return _campaign("links", _cut, Plan(seed, number, place, sabotage))


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be tried."""

    seed: int
    number: int
    place: Path
    sabotage: Sabotage | None


def _campaign(kind: str, harm: Callable[[World, int, Random, Score], None], plan: Plan) -> Score:
    score, chance = Score(kind), Random(f"{kind} {plan.seed}")
    with (
        tempfile.TemporaryDirectory(prefix=f"padpos-{kind}-", dir=plan.place) as name,
        running(Path(name).resolve(), chance, plan.sabotage) as world,
    ):
        if world.heard():
            harm(world, plan.number, chance, score)
            _settle(world, score, plan.sabotage)
        else:
            score.add("stuck", "not one parcel was written, so nothing could be tried")
    return score


def _kill(world: World, number: int, chance: Random, score: Score) -> None:
    progress = Progress("kills", number)
    killed: Counter[str] = Counter()
    lies = forgotten = 0
    while score.tried < number:
        time.sleep(chance.uniform(*BETWEEN))
        name = chance.choice(list(world.children))
        child = world.children[name]
        if (code := child.kill()) is not None:
            score.add("unclear", f"the {name} had ended by itself ({code}): {child.last_words()}")
        killed[name] += 1
        score.tried += 1
        if name == "broker" and chance.randrange(FORGET_ONE_IN) == 0:
            world.forget_broker()
            forgotten += 1
        time.sleep(chance.uniform(*DEAD))
        if name in ("broker", "uplink"):  # what waits now can't have been sent: a lie would tell
            lies += lie(world.link)
        world.start(name)
        progress.at(score.tried, f", {world.heard()} appends reported")
    parts = ", ".join(f"{name} {killed[name]}" for name in world.children)
    score.remarks.append(
        f"killed: {parts}; {forgotten} brokers forgot all; {lies} entries lied about"
    )


def _cut(world: World, number: int, _chance: Random, score: Score) -> None:
    progress = Progress("cut connections", number)
    world.proxy.cut(number)
    seen, since = 0, time.monotonic()
    while world.proxy.left > 0:
        time.sleep(0.05)
        progress.at(world.proxy.done, f", {world.heard()} appends reported")
        if world.proxy.done != seen:
            seen, since = world.proxy.done, time.monotonic()
            if seen % LIE_EVERY == 0:
                lie(world.link)
        elif time.monotonic() - since > DRAIN_SECONDS:
            score.add("stuck", "nothing goes over the wire any more")
            break
    score.tried = world.proxy.done


def _settle(world: World, score: Score, sabotage: Sabotage | None) -> None:
    """Let everything be well again, wait until nothing waits, and compare."""
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
    audit(world, score)
    _examine_terminal(world, score)


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
