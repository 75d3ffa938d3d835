"""Connections that break at any byte: the uplink's and the authority's, at the same time."""

import time
from random import Random

from bench.faults.campaign import Fault
from bench.faults.liar import lie
from bench.faults.score import Progress, Score
from bench.faults.world import GIVE_UP_SECONDS, World

LIE_EVERY = 4


def links(number: int) -> list[Fault]:
    """Cut so many connections to the broker."""
    return [Fault("links", _cut, number)]


def _cut(world: World, number: int, _chance: Random, score: Score) -> None:
    progress = Progress("cut connections", number)
    wires = list(world.wires.values())
    for wire, its in zip(wires, (number - number // 2, number // 2), strict=True):
        wire.begin(its)
    seen, since = 0, time.monotonic()
    while any(wire.left > 0 for wire in wires):
        time.sleep(0.05)
        done = sum(wire.done for wire in wires)
        progress.at(done, f", {world.heard()} appends reported")
        if done != seen:
            seen, since = done, time.monotonic()
            if seen % LIE_EVERY == 0:
                lie(world.link)
        elif time.monotonic() - since > GIVE_UP_SECONDS:
            score.add("stuck", "nothing goes over the wire any more")
            break
    score.tried = sum(wire.done for wire in wires)
    parts = ", ".join(f"{name}'s {wire.done}" for name, wire in world.wires.items())
    score.remarks.append(f"cut: {parts}")
