"""The counter's state, and what every transition may look at."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from padpos.counter.consignment import Consignment, Identity
from padpos.counter.errors import NotNow
from padpos.counter.events import Effect
from padpos.wire.fact_values import Approval
from padpos.wire.personal import Party
from padpos.wire.policy import Policy


class Phase(StrEnum):
    """Where a consignment stands."""

    IDLE = "idle"
    OPEN = "open"
    RECORDING = "recording"
    PRINTING = "printing"
    LABEL_UNKNOWN = "label-unknown"
    LABEL_BLOCKED = "label-blocked"
    DONE = "done"


class Outcome(StrEnum):
    """How a consignment ended."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    ABANDONED = "abandoned"
    VOIDED = "voided"


@dataclass(frozen=True, slots=True)
class Paper:
    """The label of a recorded consignment."""

    consignment: bytes
    waybill: str
    generation: int


@dataclass(frozen=True, slots=True)
class Visit:
    """A sender who may hand over more parcels: his card still lies there, and time is not up."""

    customer: str
    clerk: str | None
    identity: Identity
    sender: Party = field(repr=False)
    approvals: tuple[Approval, ...]
    parcels: int

    def is_over(self, policy: Policy, now: int) -> bool:
        """Whether its time is up at `now` (ms), or the clock has gone back behind its start."""
        started = self.identity.started
        return started is None or not 0 <= now - started <= policy.visit_seconds * 1000


@dataclass(frozen=True, slots=True)
class State:
    """All the counter knows of the parcel in hand. Once recorded, the plaintext is gone.

    Only a visit keeps its sender's, for as long as his card lies there. `touched` (ms) is when
    anything happened last.
    """

    phase: Phase = Phase.IDLE
    consignment: Consignment | None = None
    paper: Paper | None = None
    problem: str | None = None
    outcome: Outcome | None = None
    reason: str | None = None
    visit: Visit | None = None
    touched: int = 0


Next = tuple[State, tuple[Effect, ...]]
IDLE = State()


@dataclass(frozen=True, slots=True)
class Law:
    """What a transition may look at beside state and event: the policy, and the time in ms."""

    policy: Policy
    now: int


def in_hand(state: State) -> Consignment:
    """The open consignment. Raises NotNow."""
    if state.phase is not Phase.OPEN or state.consignment is None:
        raise NotNow
    return state.consignment


def in_plain_hand(state: State) -> Consignment:
    """The open consignment, if its texts are not sealed yet. Raises NotNow."""
    consignment = in_hand(state)
    if consignment.prepared is not None:
        raise NotNow
    return consignment


def paper_of(state: State, *phases: Phase) -> Paper:
    """The paper, in one of these phases. Raises NotNow."""
    if state.phase not in phases or state.paper is None:
        raise NotNow
    return state.paper


def holding(state: State, consignment: Consignment) -> Next:
    """The same state with that consignment in hand, and nothing wrong."""
    return replace(state, consignment=consignment, problem=None), ()
