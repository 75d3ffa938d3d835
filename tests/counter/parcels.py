"""Parcels of the tests: the usual events, and the states they lead to."""

from __future__ import annotations

from dataclasses import replace

from padpos.counter import events
from padpos.counter.flow import IDLE, State, transition
from padpos.counter.prepared import Photo
from padpos.wire.fact_values import Drawn
from padpos.wire.policy import Duty, Policy
from tests.wire.vector_objects import DAY, DOCUMENT, RECIPIENT, SENDER, START, the_policy

POLICY = the_policy()
ID = bytes(16)
PHOTO = Photo(bytes(32), 1000, "plausible")
CLERK = "clerk-03"
WALK_IN = events.Begun(ID, "walk-in", clerk=CLERK)
CONTRACT = events.Begun(ID, "contract", "c-1", CLERK)
AGENT = events.Begun(ID, "agent", clerk=CLERK)
ORGANISATION = events.Begun(ID, "organisation", clerk=CLERK)
LETTER = events.Begun(ID, "letter", clerk=CLERK)
KIOSK = events.Begun(ID, "self-service")
DRAWN, SPARED = (events.DrawMade(Drawn(DAY, 1, drawn)) for drawn in (True, False))
READ = events.DocumentRead(DOCUMENT, "chip", 1)
AGREED = events.PersonAgreed()
PHOTOGRAPHED = events.PhotoTaken(PHOTO)
SENDS = events.SenderGiven(SENDER.phone, SENDER.name, SENDER.address)
RECEIVES = events.RecipientGiven(RECIPIENT)
HOLDS = events.ContentsGiven("文具", 1250, True)
CONFIRMED = events.Confirmed()
RECORDED = events.Recorded("PPT00000000000")
WHOLE_WALK_IN = (WALK_IN, READ, AGREED, PHOTOGRAPHED, SENDS, RECEIVES, HOLDS, CONFIRMED)
UNKNOWN = events.LabelEnded("unknown", "no-confirmation")
BLOCKED = events.LabelEnded("blocked", "paper-out")


def after(
    *happened: events.Event, policy: Policy = POLICY, state: State = IDLE, now: int = START
) -> State:
    """The state these events lead to."""
    for event in happened:
        state, _ = transition(state, event, policy, now)
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
