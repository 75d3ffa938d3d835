"""The frame of every bench: ways to do one thing, measured in turn, and the ratios between them.

A figure in seconds says more about the machine than about the program. So each bench measures its
subject beside a floor (the least that could do) or a peer (somebody else's program for the same
thing), in rounds in which all ways come by turns: what slows the machine slows them alike. A ratio
is taken within each round; what is reported is the median of the rounds.
"""

import gc
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

Measure = Callable[[int], float]
"""Does a thing so many times and returns the seconds that one time took."""


@dataclass(frozen=True, slots=True)
class Target:
    """The bound that a figure is held to, in the figure's own unit."""

    limit: float
    at_least: bool = False

    def met_by(self, value: float) -> bool:
        """Whether the value is on the right side of the bound."""
        return value >= self.limit if self.at_least else value <= self.limit


@dataclass(frozen=True, slots=True)
class Way:
    """One way to do the thing. `target` is a bound in seconds, where somebody waits for it."""

    name: str
    measure: Measure
    target: Target | None = None


@dataclass(frozen=True, slots=True)
class Ratio:
    """The time of the way `over` divided by that of the way `under`, both by their names."""

    name: str
    over: str
    under: str
    target: Target | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """A number that no clock was needed for, such as bytes on a wire."""

    name: str
    value: float
    unit: str = ""
    target: Target | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What one bench measures. `notes` say what a reader must know to judge the figures."""

    ways: Sequence[Way]
    ratios: Sequence[Ratio]
    facts: Sequence[Fact] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: median of the rounds, the lowest and highest of them, and its target."""

    name: str
    median: float
    lowest: float
    highest: float
    target: Target | None
    met: bool | None

    @classmethod
    def of(cls, name: str, values: Iterable[float], target: Target | None) -> Self:
        """Sum up the values of all rounds."""
        ordered = sorted(values)
        median = statistics.median(ordered)
        met = None if target is None else target.met_by(median)
        return cls(name, median, ordered[0], ordered[-1], target, met)


@dataclass(frozen=True, slots=True)
class Report:
    """All figures of one run; `times` in seconds."""

    bench: str
    machine: str
    rounds: int
    count: int
    times: tuple[Row, ...]
    ratios: tuple[Row, ...]
    facts: tuple[Fact, ...]
    notes: tuple[str, ...]


def repeated(once: Callable[[], object], *, after: Callable[[], object] | None = None) -> Measure:
    """Measure the mean of calls in a row; `after` tidies up behind them, untimed.

    For what is too short to be timed alone, or presents its bill only now and then.
    """

    def measure(count: int) -> float:
        gc.collect()
        started = time.perf_counter()
        for _ in range(count):
            once()
        spent = time.perf_counter() - started
        if after is not None:
            after()
        return spent / count

    return measure


def each(once: Callable[[], object]) -> Measure:
    """Measure the median of calls timed one by one: for what somebody waits for."""

    def seconds() -> float:
        started = time.perf_counter()
        once()
        return time.perf_counter() - started

    return told(seconds)


def told(once: Callable[[], float]) -> Measure:
    """Measure the median of calls of which each returns the seconds that it wants counted."""

    def measure(count: int) -> float:
        gc.collect()
        return statistics.median(once() for _ in range(count))

    return measure


def run(bench: str, plan: Plan, rounds: int, count: int) -> Report:
    """Warm every way up once, then measure all of them by turns, `rounds` times."""
    for way in plan.ways:
        way.measure(1)
    taken: dict[str, list[float]] = {way.name: [] for way in plan.ways}
    for number in range(rounds):
        first = number % len(plan.ways)  # nobody always follows the same neighbour
        for way in (*plan.ways[first:], *plan.ways[:first]):
            taken[way.name].append(way.measure(count))
    return Report(
        bench=bench,
        machine=f"{platform.machine()}, Python {platform.python_version()}",
        rounds=rounds,
        count=count,
        times=tuple(Row.of(way.name, taken[way.name], way.target) for way in plan.ways),
        ratios=tuple(_ratio(ratio, taken) for ratio in plan.ratios),
        facts=tuple(plan.facts),
        notes=tuple(plan.notes),
    )


def _ratio(ratio: Ratio, taken: dict[str, list[float]]) -> Row:
    pairs = zip(taken[ratio.over], taken[ratio.under], strict=True)
    return Row.of(ratio.name, [over / under for over, under in pairs], ratio.target)
