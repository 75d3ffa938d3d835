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
from padpos.counter.consignment import Consignment, Photo
from padpos.counter.errors import CounterError
from padpos.counter.flow import IDLE, Phase, State, step_of, transition
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
    type="citizen", name="测试", number="", sex=None, birth=None, valid_from=None,
    valid_until="20400101", address=None, ethnicity=None, issuer=None, chinese_name=None,
    nationality=None, permit_number=None, times_issued=None,
)  # fmt: skip
OLD_PAPER = replace(PAPER, valid_until="19900101")


@dataclass(frozen=True)
class Happening:
    """An event as the page names it."""

    name: str
    event: events.Event


HAPPENINGS = (
    Happening("Begun walk-in", events.Begun(bytes(16), "walk-in")),
    Happening("Begun contract", events.Begun(bytes(16), "contract", "C-1001")),
    Happening("DrawMade drawn", events.DrawMade(Drawn("2026-01-01", 1, True))),
    Happening("DrawMade not drawn", events.DrawMade(Drawn("2026-01-01", 1, False))),
    Happening("DocumentRead", events.DocumentRead(PAPER, "chip", 1)),
    Happening("DocumentRead, not acceptable", events.DocumentRead(OLD_PAPER, "chip", 1)),
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
        walk_in="\n".join(_steps(arrows, policy, "walk-in")),
        contract="\n".join(_steps(arrows, policy, "contract")),
        effects="\n".join(_effects(arrows)),
    )


def _key(state: State) -> tuple[object, ...]:
    # A second photo, or a second telling of the same, leads nowhere new.
    held = state.consignment
    has = () if held is None else (held.customer, held.draw, *_filled(held))
    generation = state.paper.generation if state.paper else 0
    return (state.phase, state.problem is None, generation, *has)


def _filled(held: Consignment) -> tuple[bool, ...]:
    return (
        held.document is not None,
        bool(held.photos),
        held.sender is not None,
        held.recipient is not None,
        held.contents is not None,
    )


def _phases(arrows: Iterable[Arrow]) -> Iterator[str]:
    found: dict[tuple[Phase, Phase], set[str]] = defaultdict(set)
    for arrow in arrows:
        before, after = arrow.before.phase, arrow.after.phase
        if (before, after) != (Phase.OPEN, Phase.OPEN):
            outcome = f", {arrow.after.outcome}" if arrow.after.outcome else ""
            found[before, after].add(arrow.name.removesuffix(" walk-in").removesuffix(" contract")
                                     + outcome)  # fmt: skip
    yield "    [*] --> idle"
    for (start, end), names in found.items():
        for name in sorted(names):
            yield f"    {_id(start)} --> {_id(end)}: {name}"


def _steps(arrows: Iterable[Arrow], policy: Policy, customer: str) -> Iterator[str]:
    lines = set()
    for arrow in arrows:
        held = arrow.after.consignment
        if arrow.after.phase is not Phase.OPEN or held is None or held.customer != customer:
            continue
        asked, asks = step_of(arrow.before, policy), step_of(arrow.after, policy)
        if asked != asks and arrow.before.phase in (Phase.IDLE, Phase.OPEN):
            lines.add(f"    {asked or '[*]'} --> {asks}: {arrow.name.removesuffix(f' {customer}')}")
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
authority (walk-ins are identified and inspected, contract customers drawn). Left out are only
events after which it asks for the same as before: a device that failed, one more photo, a
correction. Every other event is refused and changes nothing.

## A consignment's phases

```mermaid
stateDiagram-v2
{phases}
```

Between `Confirmed` and `Recorded` the entry is sealed and made durable; the plaintext is gone from
the state from then on, and only then does a label print. `LabelOwed` comes after a restart that
finds a label nobody vouched for. `LabelSaid not whole` prints the next generation, and after the
third voids the number.

## While it is open: a walk-in

What the screen asks for next. Data may come in any order, so an arrow may skip what was given
ahead; no order leads to `confirm` without a document and a photo.

```mermaid
stateDiagram-v2
{walk_in}
```

## While it is open: a contract customer

```mermaid
stateDiagram-v2
{contract}
```

## What a transition asks for

| event | effects |
|---|---|
{effects}
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
