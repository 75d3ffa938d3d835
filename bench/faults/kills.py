"""kill -9 of terminal, uplink, broker and authority at random instants."""

import time
from collections import Counter
from random import Random

from bench.faults.campaign import Fault
from bench.faults.liar import lie
from bench.faults.score import Progress, Score
from bench.faults.world import World

BETWEEN, DEAD = (0.1, 1.2), (0.0, 0.3)
FORGET_ONE_IN = 3


def kills(number: int) -> list[Fault]:
    """Kill so many processes."""
    return [Fault("kills", _kill, number)]


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
