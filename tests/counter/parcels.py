"""Parcels of the tests: the usual events, and the states they lead to."""

from __future__ import annotations

from dataclasses import replace

from padpos.counter import events
from padpos.counter.consignment import Photo
from padpos.counter.flow import IDLE, State, transition
from padpos.wire.fact_values import Drawn
from padpos.wire.policy import Duty, Policy
from tests.wire.vector_objects import DAY, DOCUMENT, RECIPIENT, SENDER, START, the_policy

POLICY = the_policy()
ID = bytes(16)
PHOTO = Photo(bytes(32), 1000, "plausible")
WALK_IN = events.Begun(ID, "walk-in")
CONTRACT = events.Begun(ID, "contract", "c-1")
DRAWN, SPARED = (events.DrawMade(Drawn(DAY, 1, drawn)) for drawn in (True, False))
READ = events.DocumentRead(DOCUMENT, "chip", 1)
PHOTOGRAPHED = events.PhotoTaken(PHOTO)
SENDS = events.SenderGiven(SENDER.phone, SENDER.name, SENDER.address)
RECEIVES = events.RecipientGiven(RECIPIENT)
HOLDS = events.ContentsGiven("文具", 1250, True)
CONFIRMED = events.Confirmed()
RECORDED = events.Recorded("PPT00000000000")
WHOLE_WALK_IN = (WALK_IN, READ, PHOTOGRAPHED, SENDS, RECEIVES, HOLDS, CONFIRMED)
UNKNOWN = events.LabelEnded("unknown", "no-confirmation")
BLOCKED = events.LabelEnded("blocked", "paper-out")


def after(*happened: events.Event, policy: Policy = POLICY) -> State:
    """The state these events lead to."""
    state = IDLE
    for event in happened:
        state, _ = transition(state, event, policy, START)
    return state


def effects_of(
    event: events.Event, state: State, policy: Policy = POLICY
) -> tuple[events.Effect, ...]:
    return transition(state, event, policy, START)[1]


def with_duties(**duties: Duty) -> Policy:
    """The policy with other duties, by names like walk_in_identify."""
    return the_policy(
        requirements=tuple(
            replace(r, duty=duties.get(f"{r.customer}_{r.step}".replace("-", "_"), r.duty))
            for r in POLICY.requirements
        )
    )
