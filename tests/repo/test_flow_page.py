"""Promise: docs/flow.md shows the flow that the code takes, and that flow has no way round."""

from __future__ import annotations

from padpos.counter.consignment import Step
from padpos.counter.flow import Phase, step_of
from tests.repo import flow_diagram, law_page


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
    assert all(held.document and held.photos and held.identity.agreed for held in walk_ins)


def test_no_child_is_ready_to_confirm_without_a_guardian_and_no_kiosk_without_a_look() -> None:
    policy = flow_diagram.packaged_policy()
    ready = [
        arrow.after.consignment
        for arrow in flow_diagram.explore(policy)
        if step_of(arrow.after, policy) is Step.CONFIRM
    ]
    children = [h for h in ready if h and h.document == flow_diagram.YOUNG_PAPER]
    kiosks = [h for h in ready if h and h.customer == "self-service"]
    assert {h.customer for h in children} >= {"walk-in", "self-service"}
    assert all(h.identity.helper for h in children)
    assert kiosks
    assert all(h.look for h in kiosks)


def test_the_page_of_the_law_is_what_policy_and_code_say_today() -> None:
    written = law_page.PAGE.read_text("utf-8")
    assert written == law_page.page(), "run: python -m tests.repo.law_page --write"


def test_the_law_page_asks_the_code_and_would_show_a_change_of_it() -> None:
    policy = flow_diagram.packaged_policy()
    cells = {c: law_page.cell(c, Step.LOOK, policy) for c in flow_diagram.CUSTOMERS}
    assert cells.pop("self-service") == "required"
    assert set(cells.values()) == {"–"}
    assert law_page.cell("walk-in", Step.GUARDIAN, policy) == "under 14"
    assert law_page.cell("letter", Step.PERSON, policy) == "–"
