"""Wall clocks that jump by minutes, days or years, forward and back, while everything runs."""

import math
import time
from random import Random

from bench.faults.campaign import Fault
from bench.faults.lies import Lie
from bench.faults.lying import Liar
from bench.faults.score import Progress, Score
from bench.faults.skew import Clock
from bench.faults.world import TERMINAL, World

LEAST, MOST = 60.0, 30 * 86400.0  # seconds
FAR = 400 * 86400.0  # beyond every certificate
BETWEEN = (0.05, 0.5)
FEW, MANY = 2, 8  # what is lost meanwhile must be sent again by a clock that never jumps


def clocks(number: int) -> list[Fault]:
    """So many jumps."""
    return [Fault("clocks", _jump, number)]


def _jump(world: World, number: int, chance: Random, score: Score) -> None:
    progress = Progress("clocks", number)
    restarts = 0
    while score.tried < number:
        name = chance.choice(list(world.clocks))
        world.clocks[name].set(_off(world.clocks[name], chance))
        score.tried += 1
        _lose(world, FEW)
        if chance.randrange(8) == 0:
            world.children[name].kill()
            world.start(name)
            restarts += 1
        time.sleep(chance.uniform(*BETWEEN))
        progress.at(score.tried, f", {world.heard()} appends reported")
    score.remarks.append(f"{restarts} of them with a restart by the wrong clock")
    _the_worst(world)


def _off(clock: Clock, chance: Random) -> float:
    if clock.off and chance.random() < 0.5:
        return 0.0
    far = FAR if chance.random() < 0.1 else math.exp(
        chance.uniform(math.log(LEAST), math.log(MOST))
    )  # fmt: skip
    return chance.choice((far, -far))


def _the_worst(world: World) -> None:
    """Sent and lost while the clock is a day ahead; then the clock is set right."""
    for clock in world.clocks.values():
        clock.set(0.0)
    time.sleep(1.0)
    before = world.heard()
    world.clocks["uplink"].set(86400.0)
    _lose(world, MANY)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and (
        world.wires[TERMINAL].left > 0 or world.heard() == before
    ):
        time.sleep(0.05)
    world.clocks["uplink"].set(0.0)


def _lose(world: World, number: int) -> None:
    liar = world.wires[TERMINAL]
    assert isinstance(liar, Liar)  # the campaign has made it so
    liar.tell((Lie.DROP,), number)
