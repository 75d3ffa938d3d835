"""A consignment as the counter holds it in memory, and what is still owed on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from padpos.wire.fact_values import Drawn
from padpos.wire.personal import Document, Party
from padpos.wire.policy import Duty, Policy


class Step(StrEnum):
    """The steps of a consignment, in the order they are asked for."""

    DRAW = "draw"
    IDENTIFY = "identify"
    INSPECT = "inspect"
    SENDER = "sender"
    RECIPIENT = "recipient"
    CONTENTS = "contents"
    CONFIRM = "confirm"


@dataclass(frozen=True, slots=True)
class Photo:
    """An accepted photograph: sealed already, known by its Envelope's hash, size and verdict."""

    sha256: bytes
    size: int
    verdict: str


@dataclass(frozen=True, slots=True)
class Consignment:
    """One parcel's way across the counter. Personal fields never show in its repr."""

    id: bytes
    customer: str
    contract: str | None
    started: int
    draw: Drawn | None = None
    check_owed: bool = False
    document: Document | None = field(default=None, repr=False)
    reading: str = "none"
    photos: tuple[Photo, ...] = ()
    sender: Party | None = field(default=None, repr=False)
    recipient: Party | None = field(default=None, repr=False)
    contents: str | None = field(default=None, repr=False)
    grams: int | None = None
    from_scale: bool = False
    times_today: int = 0


def duty(consignment: Consignment, step: Step, policy: Policy) -> Duty:
    """What the policy says of identifying or inspecting this customer class."""
    return policy.requirement(consignment.customer, str(step)).duty


def must(consignment: Consignment, step: Step, policy: Policy) -> bool:
    """Whether this consignment owes the step: by rule, or because a draw fell on its contract."""
    drawn = consignment.check_owed or (consignment.draw is not None and consignment.draw.drawn)
    owed_by = duty(consignment, step, policy)
    return owed_by is Duty.REQUIRED or (owed_by is Duty.BY_DRAW and drawn)


def owed(consignment: Consignment, policy: Policy) -> tuple[Step, ...]:
    """What is still missing before this consignment may be accepted: the one gate to a label."""
    missing = []
    if consignment.customer == "contract" and consignment.draw is None:
        missing.append(Step.DRAW)
    if must(consignment, Step.IDENTIFY, policy) and consignment.document is None:
        missing.append(Step.IDENTIFY)
    if must(consignment, Step.INSPECT, policy) and not consignment.photos:
        missing.append(Step.INSPECT)
    if consignment.sender is None:
        missing.append(Step.SENDER)
    if consignment.recipient is None:
        missing.append(Step.RECIPIENT)
    if consignment.contents is None or consignment.grams is None:
        missing.append(Step.CONTENTS)
    return tuple(missing)


def current_step(consignment: Consignment, policy: Policy) -> Step:
    """What to ask for next."""
    missing = owed(consignment, policy)
    return missing[0] if missing else Step.CONFIRM
