"""A week's parcels, by the terminal's clock, queued behind a dead broker that then comes back."""

import sqlite3
import time
from contextlib import closing
from random import Random

from bench.faults.campaign import Fault
from bench.faults.liar import queued
from bench.faults.score import Progress, Score
from bench.faults.world import GIVE_UP_SECONDS, TERMINAL, World

DAY_MS = 86_400_000
WINDOW = 8  # messages that the uplink has in flight at once


def backlog(number: int) -> list[Fault]:
    """So many consignments in the queue."""
    return [Fault("backlog", _week, number)]


def _week(world: World, number: int, _chance: Random, score: Score) -> None:
    world.children["broker"].kill()
    before = _parcels(world)
    world.week(number)
    progress = Progress("a week behind a dead broker", number)
    started = seen_at = time.monotonic()
    while score.tried < number and time.monotonic() - seen_at < GIVE_UP_SECONDS:
        time.sleep(0.1)
        made = _parcels(world) - before
        progress.at(made)
        if made != score.tried:
            score.tried, seen_at = made, time.monotonic()
    if score.tried < number:
        score.add("stuck", "the week is not over and no more parcels come")
    waited = queued(world.link) or 0
    score.remarks.append(f"{waited} waited, written in {time.monotonic() - started:.0f} s")
    world.start("broker")
    seconds = _drain(world, score)
    score.remarks.append(f"all receipted {seconds:.0f} s after the broker came back")
    _order(world, score)


def _parcels(world: World) -> int:
    world.heard()
    return sum("consignment" in report for report in world.reports)


def _drain(world: World, score: Score) -> float:
    progress = Progress("the broker is back")
    started = seen_at = time.monotonic()
    least: int | None = None
    while time.monotonic() - seen_at < GIVE_UP_SECONDS:
        waiting = queued(world.link)
        progress.at(waiting or 0, " waiting")
        if waiting == 0:
            return time.monotonic() - started
        if waiting is not None and (least is None or waiting < least):
            least, seen_at = waiting, time.monotonic()
        time.sleep(0.2)
    score.add("stuck", "wait though the broker is back", least or 1)
    return time.monotonic() - started


def _order(world: World, score: Score) -> None:
    """The entries were stored in the chain's order, but for what was in flight together."""
    with closing(sqlite3.connect(world.home.database)) as database:
        rows = database.execute(
            "SELECT seq, time FROM entry WHERE terminal = ? ORDER BY id", (TERMINAL,)
        ).fetchall()
    moved = [abs(seq - expected) for expected, (seq, _) in enumerate(rows) if seq != expected]
    if max(moved, default=0) > WINDOW:
        score.add("altered", "entries that did not arrive in their order", len(moved))
    span = (max(when for _, when in rows) - min(when for _, when in rows)) / DAY_MS
    score.remarks.append(f"{len(rows)} entries over {span:.2f} days, {len(moved)} out of order")
