"""The card on the reader: when it is read, and that one laying serves one document."""

from __future__ import annotations

import asyncio
from typing import Protocol

from padpos.counter import events, flow
from padpos.counter.consignment import Consignment
from padpos.counter.errors import Invalid, NotNow
from padpos.counter.flow import State
from padpos.counter.reasons import words
from padpos.terminal.desk import Desk
from padpos.terminal.devices import Devices, to_document
from padpos.terminal.standing import Standing
from padpos.terminal.stopwatch import Stopwatch
from padpos_drivers.idcard.errors import IdCardError
from padpos_drivers.idcard.interface import Access, ReaderEvent

# The clerk mends these in what was typed; the document stays where it lies.
_MISREAD = frozenset({"access-needed", "access-wrong", "mrz-invalid"})


class Host(Protocol):
    """What the cards need of the station."""

    devices: Devices
    standing: Standing
    state: State
    clerk: str | None
    desk: Desk
    stopwatch: Stopwatch
    card_present: bool

    def if_same(self, consignment: Consignment, event: events.Event) -> bool:
        """Post, unless that consignment has ended meanwhile: whether it was taken."""

    def end_visit(self) -> None:
        """Whoever sends next shows a document again."""


class Cards:
    """Reads what is laid once a document is owed; what opens a travel document is never kept."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._tried = False
        self._used = False
        self._task: asyncio.Task[str | None] | None = None  # one that nobody holds may be collected

    @property
    def reading(self) -> bool:
        """Whether a reading is under way."""
        return self._task is not None and not self._task.done()

    @property
    def spent(self) -> bool:
        """Whether a document is owed, and the card that lies there has had its turn."""
        return self._host.card_present and self._used and self._wanted()

    def changed(self, event: ReaderEvent) -> None:
        """A card or reader came or went."""
        self._tried = False
        if event is ReaderEvent.CARD_REMOVED:  # a lost reader tells nothing of what lies on it
            self._used = False

    def consignment_begins(self) -> None:
        """A card that lies there may be tried for it."""
        self._tried = False

    def read_if_wanted(self) -> None:
        """Begin to read a fresh card, where a document is owed."""
        if self._host.card_present and not self._tried and not self._used and self._wanted():
            self._begin(None)

    async def open(self, access: Access) -> None:
        """Read the travel document that lies there by what is printed on it. Raises CounterError.

        Raises Invalid where it does not open to that; any other failure becomes the problem in
        sight, as with a card.
        """
        ready = self._host.card_present and not self._used and not self.reading
        if not ready or not self._wanted():
            raise NotNow
        failed = await self._begin(access)
        if failed in _MISREAD:
            raise Invalid(failed, *words(failed))

    async def own_number(self) -> str:
        """The number of a clerk's card that lies there; it serves no sender. Raises Invalid."""
        self._tried = self._used = True
        try:
            reading = await self._host.devices.read_card()
        except IdCardError as error:
            raise Invalid(error.code, *words(error.code)) from error
        return reading.document.number

    def _begin(self, access: Access | None) -> asyncio.Task[str | None]:
        self._tried = True
        self._task = asyncio.get_running_loop().create_task(self._read(access))
        return self._task

    async def _read(self, access: Access | None) -> str | None:
        """Read for the consignment in hand; the code of what went wrong, or None."""
        host, consignment = self._host, self._host.state.consignment
        if consignment is None:
            return None
        try:
            reading = await host.devices.read_card(access)
        except IdCardError as error:
            host.if_same(consignment, events.DeviceFailed(error.code))
            return error.code
        # One laying serves one document and its visit, or the next sender could lean on it.
        self._used = True
        host.stopwatch.add("identify", reading.milliseconds)
        if self._wanted():
            document = to_document(reading.document)
            read = host.desk.document_read(document, reading.proof, consignment.id)
            host.if_same(consignment, read)
        if not host.card_present:
            host.end_visit()
        return None

    def _wanted(self) -> bool:
        """Whether a document is owed, and somebody stands by who may take it."""
        held, policy = self._host.state.consignment, self._host.standing.policy
        if held is None or policy is None or (held.attended and self._host.clerk is None):
            return False
        return flow.role_wanted(self._host.state, policy) is not None
