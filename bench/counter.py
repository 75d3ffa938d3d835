"""One transition of the counter's law, for every class of customer, against a plain call."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import click

from bench.frame import Measure, Plan, Ratio, Target, Way, run
from bench.sealing import CONSIGNMENT, RECIPIENT, SENDER, consignment
from bench.show import options, show
from padpos.counter import events
from padpos.counter.events import Event
from padpos.counter.flow import IDLE, Next, Outcome, State, transition
from padpos.counter.identity import Role
from padpos.counter.prepared import Photo
from padpos.wire.fact_values import MARKS, STEPS_OF, Drawn
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
AGENT_NUMBER, AGENT_BIRTH = "110101190802030015", "19080203"
PHOTO = Photo(bytes(32), 300_000, "ok")
Move = Callable[[State, Event, Policy, int], Next]


def _duty(customer: str) -> Duty:
    return Duty.EXEMPT if customer == "letter" else Duty.REQUIRED


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
            Requirement(customer, step, _duty(customer), "bench")
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


def parcel(customer: str) -> tuple[Event, ...]:
    """A parcel of a class, from the first touch to the printed label; a contract's is drawn."""
    contract = "c-1" if customer == "contract" else None
    clerk = None if customer == "self-service" else "clerk-1"
    return (
        events.Begun(CONSIGNMENT, customer, contract, clerk),
        *_identified(customer),
        *([] if customer == "letter" else [events.PhotoTaken(PHOTO), events.PhotoTaken(PHOTO)]),
        events.SenderGiven(SENDER.phone, SENDER.name, SENDER.address),
        events.RecipientGiven(RECIPIENT),
        events.ContentsGiven("书籍 3 本、文具", 1250, True),
        *([events.Looked("clerk-2", remote=False)] if customer == "self-service" else []),
        events.Confirmed(),
        events.Recorded("PD2611000001"),
        events.LabelEnded("printed"),
    )


def _identified(customer: str) -> tuple[Event, ...]:
    document = consignment().document
    assert document is not None  # a walk-in customer's consignment has one
    agent = replace(
        document, name="陆知微", number=AGENT_NUMBER, sex="男", birth=AGENT_NUMBER[6:14]
    )
    roles = [(document, Role.SENDER)]
    if customer == "agent":
        roles.append((agent, Role.AGENT))
    shown = [events.DocumentRead(shown, "chip", 1, role) for shown, role in roles]
    match customer:
        case "contract":
            drawn: tuple[Event, ...] = (events.DrawMade(Drawn("2026-11-24", 1, True)),)
            return (*drawn, *shown, events.PersonAgreed())
        case "letter":
            return ()
        case "self-service":
            return tuple(shown)
        case "organisation":
            named = events.OrganisationGiven("样例文具有限公司", "91110000000000001H")
            return (named, *shown, events.PersonAgreed())
    return (*shown, events.PersonAgreed())


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
    """One accepted parcel of each class, again and again."""
    law = policy()
    scripts = {customer: parcel(customer) for customer in STEPS_OF}
    for customer, script in scripts.items():
        if walk(transition, script, law).outcome is not Outcome.ACCEPTED:
            raise click.ClickException(f"the bench's {customer} parcel is no longer accepted")
    floor = Way("plain function call", _per_event(_stay, scripts["walk-in"], law))
    yield Plan(
        ways=(
            floor,
            *(
                Way(f"transition, {customer}", _per_event(transition, script, law), Target(0.001))
                for customer, script in scripts.items()
            ),
        ),
        ratios=tuple(
            Ratio(f"{customer} / plain call", f"transition, {customer}", floor.name)
            for customer in scripts
        ),
        notes=("Mean over the events of an accepted parcel of each class.",),
    )


@click.command()
@options(count=2000)
def main(rounds: int, count: int, as_json: bool) -> None:
    """Take parcels of every class through the law of the counter, against plain calls."""
    with plan() as planned:
        show(run("counter", planned, rounds, count), as_json)


if __name__ == "__main__":
    main()
