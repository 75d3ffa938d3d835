"""Promise: no sequence of events, under any lawful policy, gets past the law of the counter."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from padpos.counter import flow, opening, showing
from padpos.counter.consignment import Consignment, Identity, owed
from padpos.counter.flow import Visit
from padpos.wire.fact_values import STEPS_OF
from padpos.wire.policy import Policy
from tests.counter.walk import Walk
from tests.counter.walk_policies import policies

STEPS = 40_000


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_no_walk_finds_a_way_round(seed: int) -> None:
    """Rules 4, 5 and 6: no label without what is owed, no mark without evidence, one paper.

    The demand is worked out by tests/counter/shadow.py, which shares nothing with `owed`.
    """
    walk = Walk(seed)
    walk.run(STEPS)
    for effect in (
        "PutToDraw", "RecordAccepted", "RecordEnded", "PrintLabel", "RecordLabelSaid", "RecordVoid",
        "RecordOverride", "continued", "of a batch", "put aside",
        *(f"accepted {customer}" for customer in STEPS_OF),
    ):  # fmt: skip
        assert walk.shadow.counts[effect] > 50, f"the walk hardly met {effect}"
    refusals = {name.removeprefix("refused ") for name in walk.met if name.startswith("refused")}
    assert refusals >= {
        "not-now", "still-owed", "name", "frozen-age", "frozen-count", "clock-back", "visit-over",
        "typed-cap", "second-clerk", "organisation-code", "letter-photo", "remote-look",
        "category",
    }  # fmt: skip
    assert all(walk.met[f"phase {phase}"] for phase in flow.Phase if phase != "idle")


def test_the_walks_go_through_every_lawful_combination_of_duties() -> None:
    """36 for walk-ins and contract customers together, all for each other class."""
    found = policies()

    def combinations(*customers: str) -> set[tuple[str, ...]]:
        return {
            tuple(str(p.requirement(c, s).duty) for c in customers for s in STEPS_OF[c])
            for p in found
        }

    assert len(combinations("walk-in", "contract")) == 36
    for customer, many in (("agent", 8), ("organisation", 8), ("self-service", 4), ("letter", 2)):
        assert len(combinations(customer)) == many, customer


def walk_until_noticed(what: str) -> None:
    """The judge itself is no rubber stamp: it stops the walk, for that reason."""
    with pytest.raises(AssertionError, match=what):
        for seed in itertools.count(1):
            Walk(seed).run(STEPS)
            assert seed < 5, "nobody noticed"


@pytest.mark.parametrize(
    "step",
    ["draw", "organisation", "identify", "agent", "guardian", "person", "approve", "inspect",
     "look", "sender", "recipient", "contents"],
)  # fmt: skip
def test_the_second_opinion_notices_a_law_that_forgot_a_step(
    step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rule 4: each step alone stands between a parcel and its label."""

    def forgetful(consignment: Consignment, policy: Policy) -> tuple[str, ...]:
        return tuple(s for s in owed(consignment, policy) if s != step)

    monkeypatch.setattr(flow, "owed", forgetful)
    walk_until_noticed("accepted without")


GUARDS: dict[str, tuple[object, str, Callable[..., Any], str]] = {
    "an unlawful document": (
        showing, "document_problem", lambda *_: None,
        "another document|half taken|accepted|let pass|nobody asked|no concern",
    ),
    "a child for an agent": (
        showing, "age", lambda *_: 99, "another document|half taken|accepted|no concern",
    ),
    "a limit that nobody reads": (
        showing.limits, "judge", lambda *_: showing.limits.Findings((), (), None),
        "beyond a limit|accepted without|another document|half taken",
    ),
    "a counter that never freezes": (opening, "frozen", lambda *_: None, "frozen counter"),
    "a visit without end": (Visit, "is_over", lambda *_: False, "visit"),
    "a typed document that passes for a read one": (
        Identity, "by_chip", property(lambda _: True), "mark|typed document",
    ),
}  # fmt: skip


@pytest.mark.parametrize("guard", GUARDS)
def test_the_second_opinion_notices_a_guard_taken_out(
    guard: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rules 4 and 5: what the flow guards, it guards for a reason that somebody else can name."""
    where, name, instead, noticed = GUARDS[guard]
    monkeypatch.setattr(where, name, instead)
    walk_until_noticed(noticed)
