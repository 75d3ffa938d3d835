"""What a scenario file says, read: who comes, what goes wrong, how it should end."""

from __future__ import annotations

from dataclasses import dataclass

from padpos_services.demo.cards import Card


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong, and before which step."""

    kind: str
    at: str


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """Whom a clerk types: what is not given comes from the document."""

    name: str
    phone: str
    address: str


@dataclass(frozen=True, slots=True)
class Organisation:
    """Who sends, where that is nobody in person: its name and credit code."""

    name: str
    code: str


@dataclass(frozen=True, slots=True)
class Around:
    """What changes at the counter before a parcel, and stays for those behind it.

    `clerk` takes over; `network` is cut ("down") or restored ("up").
    """

    draw_rate: int | None
    clerk: str | None
    network: str | None


@dataclass(frozen=True, slots=True, repr=False)
class Shown:
    """How the sender is identified: documents laid, typed for a reason, or those of the visit."""

    card: Card | None
    agent: Card | None
    organisation: Organisation | None
    typed: str | None
    same_visit: bool


@dataclass(frozen=True, slots=True, repr=False)
class Play:
    """One consignment to be played."""

    title: str
    customer: str
    contract: str | None
    shown: Shown
    around: Around
    sender: Person
    recipient: Person
    contents: str
    grams: int
    photos: int
    faults: tuple[Fault, ...]
    leaves_at: str | None
    refuses: str | None
    expected: str
    expected_reason: str | None
    expected_drawn: bool | None

    @property
    def cards(self) -> tuple[Card, ...]:
        """Every card that is laid or typed."""
        return tuple(card for card in (self.shown.card, self.shown.agent) if card is not None)

    def fault(self, kind: str, at: str | None = None) -> bool:
        """Whether this goes wrong, at that step."""
        return any(f.kind == kind and at in (None, f.at) for f in self.faults)


@dataclass(frozen=True, slots=True)
class Scenario:
    """A whole play. `freeze_count`: entries without a receipt at which the policy stops the
    counter, None for the packaged policy's; `closes_day`: whether the day is closed at the end."""

    draw_rate: int
    plays: tuple[Play, ...]
    freeze_count: int | None = None
    closes_day: bool = False
