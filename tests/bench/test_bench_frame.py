"""The frame: what a figure is allowed to claim."""

import math

import pytest

from bench.frame import Fact, Measure, Plan, Ratio, Target, Way, run
from bench.show import table


def scripted(values: list[float], log: list[str], name: str) -> Measure:
    left = iter([math.nan, *values])  # the first call only warms up

    def measure(count: int) -> float:
        log.append(f"{name}{count}")
        return next(left)

    return measure


def plan(subject: list[float], floor: list[float], log: list[str], target: Target | None) -> Plan:
    return Plan(
        ways=(Way("s", scripted(subject, log, "s")), Way("f", scripted(floor, log, "f"))),
        ratios=(Ratio("s / f", "s", "f", target),),
        facts=(Fact("size", 7, "bytes", Target(6)),),
    )


def test_the_warming_up_is_not_counted_and_no_way_always_goes_first() -> None:
    log: list[str] = []

    run("x", plan([1, 1, 1], [1, 1, 1], log, None), rounds=3, count=4)

    assert log == ["s1", "f1", "s4", "f4", "f4", "s4", "s4", "f4"]


def test_a_ratio_is_taken_within_each_round_before_its_median() -> None:
    # The second round is ten times slower for both: that must not show in the ratio.
    report = run("x", plan([2, 20, 3], [1, 10, 1], [], None), rounds=3, count=1)

    (ratio,) = report.ratios
    assert (ratio.median, ratio.lowest, ratio.highest) == (2, 2, 3)
    assert [row.median for row in report.times] == [3, 1]


@pytest.mark.parametrize(
    ("target", "met"),
    [
        (Target(2), True),
        (Target(1.9), False),
        (Target(2, at_least=True), True),
        (Target(2.1, at_least=True), False),
        (None, None),
    ],
)
def test_a_target_is_judged_by_the_median_and_on_its_own_side(
    target: Target | None, met: bool | None
) -> None:
    report = run("x", plan([2, 1, 9], [1, 1, 1], [], target), rounds=3, count=1)

    assert report.ratios[0].met is met


def test_a_missed_target_is_said_so_to_a_person() -> None:
    text = table(run("x", plan([2], [1], [], Target(1.5)), rounds=1, count=1))

    ratio, fact = (line for line in text.splitlines() if "≤" in line)
    assert ratio.split() == ["s", "/", "f", "2", "2", "–", "2", "≤", "1.5", "MISSED"]
    assert fact.split() == ["size", "7", "bytes", "≤", "6", "MISSED"]
