"""Promise: no sequence of events, under any lawful policy, gets past the law of the counter."""

import pytest

from padpos.counter import flow
from padpos.counter.consignment import owed
from tests.counter.walk import Walk, policies

STEPS = 25_000


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_no_walk_finds_a_way_round(seed: int) -> None:
    """Rules 4, 5 and 6: no label without what is owed, no mark without evidence, one paper.

    The demand is worked out by tests/counter/shadow.py, which shares nothing with `owed`.
    """
    walk = Walk(seed)
    walk.run(STEPS)
    for effect in (
        "PutToDraw", "RecordAccepted", "RecordEnded", "PrintLabel", "RecordLabelSaid", "RecordVoid",
    ):  # fmt: skip
        assert walk.shadow.counts[effect] > 50, f"the walk hardly met {effect}"
    refusals = {name for name in walk.met if name.startswith("refused")}
    assert {"refused not-now", "refused still-owed", "refused name"} <= refusals
    assert all(walk.met[f"phase {phase}"] for phase in flow.Phase if phase != "idle")


def test_the_walks_go_through_every_lawful_combination_of_duties() -> None:
    assert len({policy.requirements for policy in policies()}) == 36


@pytest.mark.parametrize("step", ["identify", "inspect", "draw"])
def test_the_second_opinion_notices_a_law_that_forgot_a_step(
    step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rule 4: the judge itself is no rubber stamp."""
    real = owed
    monkeypatch.setattr(flow, "owed", lambda *held: tuple(s for s in real(*held) if s != step))
    with pytest.raises(AssertionError, match="accepted without"):
        Walk(1).run(STEPS)
