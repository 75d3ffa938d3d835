"""One transition of the counter's law, against a plain function call."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import click

from bench.frame import Measure, Plan, Ratio, Target, Way, run
from bench.sealing import CONSIGNMENT, RECIPIENT, SENDER, consignment
from bench.show import options, show
from padpos.counter import events
from padpos.counter.consignment import Photo
from padpos.counter.events import Event
from padpos.counter.flow import IDLE, Next, Outcome, State, transition
from padpos.wire.fact_values import MARKS, STEPS_OF
from padpos.wire.policy import (
    Choice,
    DocumentClass,
    Duty,
    Limit,
    MarkText,
    NumberRule,
    Policy,
    Requirement,
    Subject,
    Switch,
)

NOW = 1_795_000_000_000  # ms since the Unix epoch; a day on which the document is valid
Move = Callable[[State, Event, Policy, int], Next]


def policy() -> Policy:
    """A policy by which everybody is identified and inspected."""
    return Policy(
        version=1,
        audience="bench",
        valid_from=NOW - 1,
        valid_until=NOW + 1,
        document_classes=(
            DocumentClass("citizen", "居民身份证", "ID card", NumberRule.CITIZEN, True),
        ),
        requirements=tuple(
            Requirement(customer, step, Duty.REQUIRED, "bench")
            for customer, steps in STEPS_OF.items()
            for step in steps
        ),
        draw_rate=0,
        commitments={},
        typed_per_day=0,
        freeze_hours=72,
        freeze_count=1000,
        prohibited=(),
        marks=tuple(MarkText(mark, "标识") for mark in sorted(MARKS)),
        retention_days=180,
        limits=tuple(Limit(subject, 5, 20, 50) for subject in Subject),
        switches=tuple(Switch(choice, True, "bench") for choice in Choice),
        guardian_under=14,
        adult_at=18,
        visit_seconds=600,
    )


def walk_in() -> tuple[Event, ...]:
    """A walk-in customer's parcel, from the clerk's first touch to the printed label."""
    document = consignment().document
    assert document is not None  # a walk-in customer's consignment has one
    return (
        events.Begun(CONSIGNMENT, "walk-in", clerk="clerk-1"),
        events.DocumentRead(document, "chip", 1),
        events.PersonAgreed(),
        events.PhotoTaken(Photo(bytes(32), 300_000, "ok")),
        events.PhotoTaken(Photo(bytes([1]) * 32, 300_000, "ok")),
        events.SenderGiven(SENDER.phone),
        events.RecipientGiven(RECIPIENT),
        events.ContentsGiven("书籍 3 本、文具", 1250, True),
        events.Confirmed(),
        events.Recorded("PD2611000001"),
        events.LabelEnded("printed"),
    )


def walk(move: Move, script: Sequence[Event], law: Policy) -> State:
    """Take a new counter through all events."""
    state = IDLE
    for event in script:
        state, _effects = move(state, event, law, NOW)
    return state


def _stay(state: State, event: Event, law: Policy, now: int) -> Next:  # noqa: ARG001 - a floor
    return state, ()


def _per_event(move: Move, script: Sequence[Event], law: Policy) -> Measure:
    def measure(count: int) -> float:
        started = time.perf_counter()
        for _ in range(count):
            walk(move, script, law)
        return (time.perf_counter() - started) / count / len(script)

    return measure


@contextmanager
def plan() -> Iterator[Plan]:
    """One accepted parcel, again and again."""
    script, law = walk_in(), policy()
    if walk(transition, script, law).outcome is not Outcome.ACCEPTED:
        raise click.ClickException("the bench's parcel is no longer accepted; its events are old")
    yield Plan(
        ways=(
            Way("plain function call", _per_event(_stay, script, law)),
            Way("transition", _per_event(transition, script, law), Target(0.001)),
        ),
        ratios=(Ratio("transition / plain call", "transition", "plain function call"),),
        notes=(f"Mean over the {len(script)} events of an accepted walk-in parcel.",),
    )


@click.command()
@options(count=2000)
def main(rounds: int, count: int, as_json: bool) -> None:
    """Take a parcel through the law of the counter, against plain function calls."""
    with plan() as planned:
        show(run("counter", planned, rounds, count), as_json)


if __name__ == "__main__":
    main()
