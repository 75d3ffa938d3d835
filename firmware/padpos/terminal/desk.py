"""What people ask of the counter, as events that carry the day's counts."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from padpos.counter import events, flow
from padpos.counter.consignment import UNATTENDED
from padpos.counter.errors import Invalid, NotNow
from padpos.counter.flow import State
from padpos.counter.freeze import Unreceipted, frozen
from padpos.counter.limits import Books, Tallies
from padpos.counter.prepared import Prepared
from padpos.ledger.outbox import Waiting
from padpos.terminal.admission import admit
from padpos.terminal.clockwatch import ClockWatch
from padpos.terminal.daybook import Daybook
from padpos.terminal.people import People
from padpos.terminal.standing import Standing
from padpos.wire.ids import day_of
from padpos.wire.personal import Document


class Host(Protocol):
    """What the desk needs of the station."""

    standing: Standing
    daybook: Daybook
    state: State
    clerk: str | None
    now: Callable[[], int]
    clock: ClockWatch
    people: People

    @property
    def waiting(self) -> Waiting:
        """What waits for a receipt."""

    def post(self, event: events.Event) -> None:
        """Let an event happen. Raises CounterError."""


@dataclass(frozen=True, slots=True)
class Begin:
    """What is asked for: a customer class, its contract, the same sender as just now.

    `row` is a batch's, with the id its consignment has had since the import.
    """

    customer: str
    contract: str | None = None
    same_visit: bool = False
    row: tuple[bytes, Prepared] | None = None


class Desk:
    """Turns what people ask for into events, with what the books say beside them."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def begin(self, wanted: Begin) -> None:
        """Open a consignment. Raises CounterError."""
        host = self._host
        attended = wanted.customer not in UNATTENDED
        if attended and host.clerk is None:
            raise Invalid("signed-out", "请先登录。", "Sign in first.")
        categories = admit(host.standing, wanted.customer, wanted.contract, host.now())
        consignment, prepared = wanted.row or (secrets.token_bytes(16), None)
        begun = events.Begun(
            consignment,
            wanted.customer,
            wanted.contract,
            clerk=host.clerk if attended else None,
            same_visit=wanted.same_visit,
            categories=categories,
            books=self._books(consignment, same_visit=wanted.same_visit),
            prepared=prepared,
        )
        host.post(begun)

    def document_read(self, document: Document, reading: str, consignment: bytes) -> events.Event:
        """The event of a document read from its chip, counted."""
        role = self._role()
        return events.DocumentRead(
            document,
            reading,
            self._times(document, consignment),
            role,
            clerks_own=self._host.daybook.is_clerks(document.number, self._day()),
        )

    def type_document(self, document: Document, reason: str) -> None:
        """Take a document by keyboard. Raises CounterError."""
        host, held = self._host, self._host.state.consignment
        if held is None or held.clerk is None:
            raise NotNow
        day = self._day()
        typed = events.DocumentTyped(
            document,
            reason,
            self._times(document, held.id),
            typed_here=host.daybook.typed_here(day),
            typed_by_clerk=host.daybook.tallies(held.clerk, day).typed,
            role=self._role(),
            clerks_own=host.daybook.is_clerks(document.number, day),
        )
        host.post(typed)
        host.daybook.note_typed(held.clerk, day)

    async def approve(self, clerk: str, pin: str) -> None:
        """A second clerk lets pass what is open. Raises CounterError."""
        await self._host.people.check_pin(clerk, pin)
        self._host.post(events.Approved(clerk))

    async def look(self, clerk: str, pin: str) -> None:
        """A clerk at the kiosk has seen sender, document and open parcel. Raises CounterError."""
        await self._host.people.check_pin(clerk, pin)
        self._host.post(events.Looked(clerk, remote=False))

    def frozen(self) -> str | None:
        """The code for which no consignment is opened now, or None."""
        policy = self._host.standing.policy
        if policy is None:
            return None
        return frozen(policy, self._unreceipted(), self._host.now(), self._host.clock.behind())

    def note(self, effect: events.Effect, clerk: str) -> None:
        """Count what bears on the clerk's day."""
        daybook, day = self._host.daybook, self._day()
        match effect:
            case events.RecordVoid():
                daybook.note_void(clerk, day)
            case events.PrintLabel(_, generation) if generation > 1:
                daybook.note_reprint(clerk, day)
            case events.RecordEnded(consignment=held, reason=reason) if reason != "interrupted":
                fell = held.check_owed or (held.draw is not None and held.draw.drawn)
                if fell:
                    daybook.note_dropped_drawn(clerk, day)

    def _books(self, consignment: bytes, *, same_visit: bool) -> Books:
        host, visit = self._host, self._host.state.visit
        times = 1
        if same_visit and visit is not None:
            shown = [document for document, _ in visit.identity.shown]
            times = max(self._times(document, consignment) for document in shown)
        return Books(
            host.daybook.tallies(host.clerk, self._day()) if host.clerk else Tallies(),
            self._unreceipted(),
            times,
            host.clock.behind(),
        )

    def _unreceipted(self) -> Unreceipted:
        return Unreceipted(self._host.waiting.entries, self._host.waiting.oldest)

    def _times(self, document: Document, consignment: bytes) -> int:
        return self._host.daybook.count(document.number, self._day(), consignment)

    def _role(self) -> flow.Role:
        policy = self._host.standing.policy
        role = flow.role_wanted(self._host.state, policy) if policy else None
        if role is None:
            raise NotNow
        return role

    def _day(self) -> str:
        return day_of(self._host.now())
