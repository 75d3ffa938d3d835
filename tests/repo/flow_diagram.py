"""docs/flow.md, drawn from the code: every state the law of the counter can reach, explored.

`python -m tests.repo.flow_diagram` prints the page, `--write` puts it in its place. Nothing in it
is drawn by hand: each arrow is a transition that `padpos.counter.flow.transition` took.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import click

from padpos.counter import events
from padpos.counter.consignment import Consignment
from padpos.counter.errors import CounterError
from padpos.counter.flow import IDLE, Phase, State, step_of, transition
from padpos.counter.identity import Role
from padpos.counter.prepared import Photo
from padpos.counter.reasons import ABANDONED, REFUSALS
from padpos.wire.fact_values import Drawn
from padpos.wire.personal import Document, Party
from padpos.wire.policy import Policy
from padpos_services.authority.policyfile import Frame, read_policy

PAGE = Path(__file__).parents[2] / "docs" / "flow.md"
NOW = 1_767_225_600_000  # 2026-01-01, any day will do
WAYBILL = "PPT00000000000"
NOBODY = Party("测试", "13800000000", "湖南省")
PAPER = Document(
    type="passport", name="测试", number="P19050312", sex=None, birth="19050312", valid_from=None,
    valid_until="20400101", address=None, ethnicity=None, issuer=None, chinese_name=None,
    nationality=None, permit_number=None, times_issued=None,
)  # fmt: skip
OTHER_PAPER = replace(PAPER, number="P19080203")
YOUNG_PAPER = replace(PAPER, number="P20150312", birth="20150312")
OLD_PAPER = replace(PAPER, valid_until="19900101")
CLERK, SECOND = "clerk-1", "clerk-2"
CUSTOMERS = {
    "walk-in": "a walk-in",
    "contract": "a contract customer",
    "agent": "an agent for a principal",
    "organisation": "an organisation",
    "letter": "a letter",
    "self-service": "self-service",
}


@dataclass(frozen=True)
class Happening:
    """An event as the page names it."""

    name: str
    event: events.Event


HAPPENINGS = (
    *(
        Happening(
            f"Begun {customer}",
            events.Begun(bytes(16), customer, "C-1001" if customer == "contract" else None, CLERK),
        )
        for customer in CUSTOMERS
    ),
    Happening(
        "Begun, the same visit", events.Begun(bytes(16), "walk-in", clerk=CLERK, same_visit=True)
    ),
    Happening("VisitEnded", events.VisitEnded()),
    Happening("OrganisationGiven", events.OrganisationGiven("测试", "91110000000000001H")),
    Happening("DrawMade drawn", events.DrawMade(Drawn("2026-01-01", 1, True))),
    Happening("DrawMade not drawn", events.DrawMade(Drawn("2026-01-01", 1, False))),
    Happening("DocumentRead", events.DocumentRead(PAPER, "chip", 1)),
    Happening("DocumentRead of a child", events.DocumentRead(YOUNG_PAPER, "chip", 1)),
    Happening("DocumentRead, not acceptable", events.DocumentRead(OLD_PAPER, "chip", 1)),
    *(
        Happening(f"DocumentRead, the {role}'s", events.DocumentRead(OTHER_PAPER, "chip", 1, role))
        for role in (Role.AGENT, Role.GUARDIAN)
    ),
    Happening("DocumentTyped", events.DocumentTyped(PAPER, "chip-damaged", 1, 0, 0)),
    Happening("PersonAgreed", events.PersonAgreed()),
    Happening("Approved", events.Approved(SECOND)),
    Happening("Looked", events.Looked(SECOND, remote=False)),
    Happening("DeviceFailed", events.DeviceFailed("card-lifted")),
    Happening("PhotoTaken", events.PhotoTaken(Photo(bytes(32), 1, "plausible"))),
    Happening("SenderGiven", events.SenderGiven(NOBODY.phone, NOBODY.name, NOBODY.address)),
    Happening("RecipientGiven", events.RecipientGiven(NOBODY)),
    Happening("ContentsGiven", events.ContentsGiven("文具", 1, from_scale=False)),
    Happening("Confirmed", events.Confirmed()),
    Happening("Refused", events.Refused(next(iter(REFUSALS)))),
    Happening("Abandoned", events.Abandoned(next(iter(ABANDONED)))),
    Happening("Recorded", events.Recorded(WAYBILL)),
    Happening("RecordFailed", events.RecordFailed("sealing-refused")),
    Happening("LabelEnded printed", events.LabelEnded("printed")),
    Happening("LabelEnded unknown", events.LabelEnded("unknown", "silent")),
    Happening("LabelEnded blocked", events.LabelEnded("blocked", "paper-out")),
    Happening("LabelSaid whole", events.LabelSaid(whole=True)),
    Happening("LabelSaid not whole", events.LabelSaid(whole=False)),
    Happening("RetryLabel", events.RetryLabel()),
    *(
        Happening(f"LabelOwed {status}", events.LabelOwed(bytes(16), WAYBILL, 1, status))
        for status in ("unknown", "blocked")
    ),
)


@dataclass(frozen=True)
class Arrow:
    """One transition the law took."""

    before: State
    name: str
    after: State
    effects: tuple[str, ...]


def packaged_policy() -> Policy:
    """The policy that ships with the authority: what a walk-in owes, what a contract customer."""
    return read_policy(None, Frame(1, "pad-1", NOW - 1, NOW + 1, 0, {}))


def explore(policy: Policy) -> Iterator[Arrow]:
    """Every transition between states that can be reached from an idle counter."""
    seen, waiting = {_key(IDLE)}, [IDLE]
    while waiting:
        state = waiting.pop()
        for happening in HAPPENINGS:
            try:
                after, effects = transition(state, happening.event, policy, NOW)
            except CounterError:
                continue
            yield Arrow(state, happening.name, after, tuple(type(e).__name__ for e in effects))
            if _key(after) not in seen:
                seen.add(_key(after))
                waiting.append(after)


def page() -> str:
    """The whole of docs/flow.md."""
    policy = packaged_policy()
    arrows = list(explore(policy))
    return _PAGE.format(
        phases="\n".join(_phases(arrows)),
        customers="\n".join(_customers(arrows, policy)),
        effects="\n".join(_effects(arrows)),
    )


def _key(state: State) -> tuple[object, ...]:
    # A second photo, or a second telling of the same, leads nowhere new.
    held = state.consignment
    has = () if held is None else (held.customer, held.draw, *_filled(held))
    generation = state.paper.generation if state.paper else 0
    return (
        state.phase,
        state.problem is None,
        generation,
        state.visit and state.visit.customer,
        *has,
    )


def _filled(held: Consignment) -> tuple[object, ...]:
    identity = held.identity
    return (
        identity.document and identity.document.birth,
        identity.reading,
        identity.role,
        identity.organisation is not None,
        identity.agreed,
        identity.started is None,
        held.unapproved,
        held.look is not None,
        bool(held.photos),
        held.sender is not None,
        held.recipient is not None,
        held.contents is not None,
    )


def _phases(arrows: Iterable[Arrow]) -> Iterator[str]:
    found: dict[tuple[Phase, Phase], set[str]] = defaultdict(set)
    for arrow in arrows:
        before, after = arrow.before.phase, arrow.after.phase
        if before != after:
            outcome = f", {arrow.after.outcome}" if arrow.after.outcome else ""
            found[before, after].add(_plain(arrow.name) + outcome)
    yield "    [*] --> idle"
    for (start, end), names in found.items():
        for name in sorted(names):
            yield f"    {_id(start)} --> {_id(end)}: {name}"


def _plain(name: str) -> str:
    return "Begun" if name.removeprefix("Begun ") in CUSTOMERS else name


def _customers(arrows: list[Arrow], policy: Policy) -> Iterator[str]:
    for customer, called in CUSTOMERS.items():
        lines = "\n".join(_steps(arrows, policy, customer))
        yield _CUSTOMER.format(called=called, lines=lines)


def _steps(arrows: Iterable[Arrow], policy: Policy, customer: str) -> Iterator[str]:
    lines = set()
    for arrow in arrows:
        held = arrow.after.consignment
        if arrow.after.phase is not Phase.OPEN or held is None or held.customer != customer:
            continue
        asked, asks = step_of(arrow.before, policy), step_of(arrow.after, policy)
        if asked != asks and arrow.before.phase in (Phase.IDLE, Phase.OPEN):
            lines.add(f"    {asked or '[*]'} --> {asks}: {_plain(arrow.name)}")
    yield from sorted(lines)


def _effects(arrows: Iterable[Arrow]) -> Iterator[str]:
    found: dict[str, set[str]] = defaultdict(set)
    for arrow in arrows:
        if arrow.effects:
            found[arrow.name].add(", ".join(f"`{effect}`" for effect in arrow.effects))
    for name in (happening.name for happening in HAPPENINGS):
        if name in found:
            yield f"| {name} | {' or '.join(sorted(found[name]))} |"


def _id(phase: Phase) -> str:
    return str(phase).replace("-", "_")


_PAGE = """\
# The counter's flow

Drawn from the code by `python -m tests.repo.flow_diagram --write`; a test compares. Every arrow is
a transition that `padpos.counter.flow.transition` takes under the policy that ships with the
authority. Left out are only events after which it asks for the same as before: a device that
failed, one more photo, a correction, time that passes. Every other event is refused and changes
nothing.

## A consignment's phases

```mermaid
stateDiagram-v2
{phases}
```

Between `Confirmed` and `Recorded` the entry is sealed and made durable; the plaintext is gone from
the state from then on, and only then does a label print. `LabelOwed` comes after a restart that
finds a label nobody vouched for. `LabelSaid not whole` prints the next generation, and after the
third voids the number.

A visit (`Begun, the same visit`) lasts while the card lies there and its time is not up: its next
parcel keeps the document that was read and the sender, and needs its own inspection and label.

## While it is open

What the screen asks for next. Data may come in any order, so an arrow may skip what was given
ahead; no order leads to `confirm` without what [the law](law.md) of the class demands.

{customers}
## What a transition asks for

| event | effects |
|---|---|
{effects}
"""


_CUSTOMER = """\
### {called}

```mermaid
stateDiagram-v2
{lines}
```
"""


@click.command(help=__doc__)
@click.option("--write", is_flag=True, help="Write docs/flow.md instead of printing it.")
def main(write: bool) -> None:
    if write:
        PAGE.write_text(page(), "utf-8")
    else:
        click.echo(page(), nl=False)


if __name__ == "__main__":
    main()
