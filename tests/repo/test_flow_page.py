"""Promise: docs/flow.md shows the flow that the code takes, and that flow has no way round."""

from __future__ import annotations

from padpos.counter.consignment import Step
from padpos.counter.flow import Phase, step_of
from tests.repo import flow_diagram


def test_the_page_is_what_the_code_draws_today() -> None:
    written = flow_diagram.PAGE.read_text("utf-8")
    assert written == flow_diagram.page(), "run: python -m tests.repo.flow_diagram --write"


def test_the_exploration_reaches_every_phase() -> None:
    arrows = list(flow_diagram.explore(flow_diagram.packaged_policy()))
    assert {arrow.after.phase for arrow in arrows} | {Phase.IDLE} == set(Phase)


def test_no_walk_in_is_ready_to_confirm_without_a_document_and_a_photo() -> None:
    policy = flow_diagram.packaged_policy()
    ready = [
        arrow.after.consignment
        for arrow in flow_diagram.explore(policy)
        if step_of(arrow.after, policy) is Step.CONFIRM
    ]
    walk_ins = [held for held in ready if held and held.customer == "walk-in"]
    assert walk_ins
    assert all(held.document and held.photos for held in walk_ins)
