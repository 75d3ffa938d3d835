"""How consignments and visits begin and end in time: transitions of `flow`."""

from __future__ import annotations

from dataclasses import replace

from padpos.counter import checks, limits
from padpos.counter.consignment import UNATTENDED, Consignment, Step, must
from padpos.counter.errors import Invalid, NotNow
from padpos.counter.events import (
    Begun,
    DrawMade,
    Effect,
    PutToDraw,
    RecordBegun,
    VisitEnded,
)
from padpos.counter.freeze import frozen
from padpos.counter.identity import document_problem
from padpos.counter.limits import Findings
from padpos.counter.prepared import Prepared
from padpos.counter.reasons import words
from padpos.counter.state import Law, Next, Phase, State, Visit, holding, in_hand
from padpos.wire.ids import day_of
from padpos.wire.policy import Choice


def begun(state: State, event: Begun, law: Law) -> Next:
    """Open a consignment, of a new sender or of the visit's."""
    if state.phase not in (Phase.IDLE, Phase.DONE):
        raise NotNow
    checks.customer(event.customer, event.contract)
    _check_hands(event, law)
    if code := frozen(law.policy, event.books.unreceipted, law.now, event.books.behind):
        raise Invalid(code, *words(code))
    consignment = _opened(event, law)
    if event.prepared is not None:
        consignment = _of_batch(event.prepared, consignment, event, law)
    if event.same_visit:
        consignment = _of_visit(_visit(state, event, law), consignment, event, law)
    effects: tuple[Effect, ...] = (RecordBegun(consignment),)
    if event.customer == "contract":
        effects = (*effects, PutToDraw(consignment))
    return State(Phase.OPEN, consignment), effects


def _check_hands(event: Begun, law: Law) -> None:
    if event.customer in UNATTENDED:
        if not law.policy.allows(Choice.SELF_SERVICE):
            raise Invalid("self-service-off", *words("self-service-off"))
    elif event.clerk is None:
        raise Invalid("signed-out", "请先登录。", "Sign in first.")


def _opened(event: Begun, law: Law) -> Consignment:
    attended = event.customer not in UNATTENDED
    counts = limits.of_clerk(event.books.clerk, event.customer) if attended else ()
    found = refuse_beyond(limits.judge(law.policy, counts))
    return Consignment(
        event.id,
        event.customer,
        event.contract,
        law.now,
        clerk=event.clerk if attended else None,
        categories=event.categories,
        notices=found.notices,
        concerns=found.concerns,
    )


def _of_batch(row: Prepared, fresh: Consignment, event: Begun, law: Law) -> Consignment:
    if event.customer != "contract" or event.same_visit:
        raise Invalid("customer", "客户类别不对。", "Batches are for contract customers.")
    if event.categories and row.category not in event.categories:
        raise Invalid("batch-contract", *words("batch-contract"))
    if must(fresh, Step.IDENTIFY, law.policy):  # what was sealed at import names no document
        raise Invalid("batch-policy", *words("batch-policy"))
    return replace(
        fresh,
        prepared=row,
        contents=row.contents,
        grams=row.grams,
        category=row.category if event.categories else None,
        photos=row.photos,
    )


def refuse_beyond(found: Findings) -> Findings:
    """The findings, where none of them is a refusal. Raises Invalid."""
    if found.refusal is not None:
        raise Invalid(found.refusal, *words(found.refusal))
    return found


def _visit(state: State, event: Begun, law: Law) -> Visit:
    visit = state.visit
    same = visit is not None and (visit.customer, visit.clerk) == (event.customer, event.clerk)
    if visit is None or not same or visit.is_over(law.policy, law.now):
        raise Invalid("visit-over", *words("visit-over"))
    for document, _ in visit.identity.shown:
        if problem := document_problem(document, law.policy, day_of(law.now)):
            raise Invalid(problem, *words(problem))
    return visit


def _of_visit(visit: Visit, fresh: Consignment, event: Begun, law: Law) -> Consignment:
    counts = limits.of_document(event.books.times_today, clerks_own=visit.identity.clerks_own)
    found = refuse_beyond(limits.judge(law.policy, counts))
    return replace(
        fresh,
        identity=visit.identity,
        sender=visit.sender,
        times_today=event.books.times_today,
        parcel_of_visit=visit.parcels + 1,
        notices=(*fresh.notices, *found.notices),
        concerns=(*fresh.concerns, *found.concerns),
        approvals=visit.approvals,
    )


def visit_of(consignment: Consignment) -> Visit | None:
    """The visit that an accepted consignment leaves: one whose card was read and still lies.

    A contract's parcels stand each for itself, as its draws do.
    """
    identity, sender = consignment.identity, consignment.sender
    if identity.started is None or sender is None or not identity.by_chip:
        return None
    if consignment.contract is not None:
        return None
    return Visit(
        consignment.customer,
        consignment.clerk,
        identity,
        sender,
        consignment.approvals,
        consignment.parcel_of_visit,
    )


def visit_ended(state: State, event: VisitEnded, law: Law) -> Next:  # noqa: ARG001
    """Forget the visit's sender; a parcel in hand keeps its own evidence."""
    held = state.consignment
    if held is not None and held.identity.started is not None:
        card_gone = replace(held, identity=replace(held.identity, started=None))
        return replace(state, consignment=card_gone, visit=None), ()
    if state.visit is None:
        raise NotNow
    return replace(state, visit=None), ()


def draw_made(state: State, event: DrawMade, law: Law) -> Next:  # noqa: ARG001
    """Take the draw's result, once."""
    consignment = in_hand(state)
    if consignment.customer != "contract" or consignment.draw is not None:
        raise NotNow
    return holding(state, replace(consignment, draw=event.draw, check_owed=event.check_owed))
