"""Printing a batch: row after row through the same law, the same recorder and the same press.

Nothing of a run is kept: what the ledger says of each row is all that a restart needs.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import ParamSpec, Protocol, TypeVar

from padpos.batch.table import refused
from padpos.counter import events
from padpos.counter.consignment import Consignment, Step, must, owed
from padpos.counter.errors import CounterError, NotNow
from padpos.counter.prepared import Photo, Prepared
from padpos.counter.state import Phase, State
from padpos.ledger.batches import Batches, BatchState, Line, SealedRow, Stage
from padpos.ledger.errors import LedgerError
from padpos.ledger.held import Held
from padpos.ledger.ledger import Ledger
from padpos.terminal.desk import Begin
from padpos.terminal.labels import masked_recipient
from padpos.terminal.recorder import Recorder
from padpos.terminal.standing import Standing
from padpos.wire.errors import WireError
from padpos.wire.keys import CannotSign

log = logging.getLogger("padpos.terminal")

P = ParamSpec("P")
R = TypeVar("R")
KEPT = "kept"
"""The verdict of a photograph that passed the gates before a pause or a crash."""


class Host(Protocol):
    """What a run needs of the station."""

    standing: Standing
    state: State
    clerk: str | None

    @property
    def busy(self) -> bool:
        """Whether something is being made durable or printed."""

    def begin(self, wanted: Begin) -> None:
        """Open a consignment. Raises CounterError."""

    def confirm(self) -> None:
        """Accept what is in hand. Raises CounterError."""

    def post(self, event: events.Event) -> None:
        """Let an event happen. Raises CounterError."""

    def hands(self) -> str:
        """Whose hands work the counter."""

    def tell(self) -> None:
        """Wake everybody who watches."""

    def changes(self) -> AsyncIterator[None]:
        """Yields whenever something is new."""

    async def in_ledger(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a call on the ledger's thread."""


class BatchRun:
    """One batch at a time. A row that must be inspected, or whose label is in doubt, waits."""

    def __init__(self, host: Host, ledger: Ledger, recorder: Recorder) -> None:
        self.states: tuple[BatchState, ...] = ()
        self.running: BatchState | None = None
        self.problem: str | None = None
        self._host = host
        self._held = Held(ledger)
        self._batches = Batches(ledger)
        self._recorder = recorder
        self._aside: set[int] = set()
        self._last = False
        self._task: asyncio.Task[None] | None = None

    async def refresh(self) -> None:
        """Look how the batches stand."""
        self.states = await self._host.in_ledger(self._batches.states)
        self._host.tell()

    async def start(self, batch: bytes) -> None:
        """Print what is left of a batch. Raises Invalid."""
        await self.refresh()
        if self.running is not None:
            raise refused("batch-busy")
        self.running = self._found(batch)
        self.problem = None
        self._aside, self._last = set(), False
        self._task = asyncio.create_task(self._run())

    def pause(self) -> None:
        """Stop after the row in hand, or with it where it waits for a person."""
        self._last = True
        self._host.tell()

    def put_aside(self) -> None:
        """Let the row in hand wait, and go on with the others. Raises NotNow."""
        held = self._host.state.consignment
        self._host.post(events.PutAside())
        if held is not None and held.prepared is not None:
            self._aside.add(held.prepared.row)

    async def let_go(self, batch: bytes) -> None:
        """Give up what is left of a batch. Raises Invalid, or NotNow with one of it in hand."""
        await self.refresh()
        found = self._found(batch)
        held = self._host.state.consignment
        if held is not None and held.prepared is not None:
            raise NotNow
        if self.running is not None and self.running.id == found.id:
            raise refused("batch-busy")
        await self._host.in_ledger(self._recorder.let_go, batch, self._host.hands())
        while await self._host.in_ledger(self._batches.clear):
            await self.refresh()
        await self.refresh()

    async def lines(self, batch: bytes, after: int, most: int) -> list[Line]:
        """Rows of a batch behind a number, masked."""
        return await self._host.in_ledger(self._batches.lines, batch, after, most)

    async def left(self, batch: bytes) -> list[int]:
        """The file's rows that have no label yet, or one that was voided."""
        stages = (Stage.WAITING, Stage.OPEN, Stage.ENDED, Stage.VOIDED)
        return await self._host.in_ledger(self._batches.numbers, batch, *stages)

    # --- the run -----------------------------------------------------------------------------

    async def _run(self) -> None:
        try:
            async for _ in self._host.changes():
                if self.running is None:
                    return
                if not self._host.busy:
                    await self._step(self.running)
        except (CounterError, LedgerError, CannotSign, WireError) as error:
            self._stop(error.code)

    async def _step(self, batch: BatchState) -> None:
        held = self._host.state.consignment
        if self._host.clerk is None:
            self._stop("signed-out")
        elif held is not None and held.prepared is not None and self._may_accept(held):
            self._host.confirm()
        elif held is not None and held.prepared is not None and self._wants_document(held):
            self._stop("batch-document")
        elif self._last:
            self._stop(None)
        elif self._host.state.phase in (Phase.IDLE, Phase.DONE):
            await self._next(batch)
        # Else a row or a label waits for a person, or somebody serves another sender.

    def _may_accept(self, held: Consignment) -> bool:
        """Whether nobody has to look at this parcel; a problem is for a person to see."""
        policy, state = self._host.standing.policy, self._host.state
        if policy is None or state.phase is not Phase.OPEN or state.problem is not None:
            return False
        return not owed(held, policy) and not must(held, Step.INSPECT, policy)

    def _wants_document(self, held: Consignment) -> bool:
        policy = self._host.standing.policy
        return policy is not None and must(held, Step.IDENTIFY, policy)

    async def _next(self, batch: BatchState) -> None:
        await self.refresh()
        row = await self._host.in_ledger(self._batches.next, batch.id, self._aside)
        if row is None:
            self._stop("batch-aside" if self._aside else None)
            return
        self._recorder.maker.check_fresh(batch.keys, row.waybill)
        photos = await self._host.in_ledger(self._photos, row)
        if self.running is not None and self._host.state.phase in (Phase.IDLE, Phase.DONE):
            self._host.begin(
                Begin("contract", batch.contract, row=(row.consignment, _prepared(row, photos)))
            )

    def _photos(self, row: SealedRow) -> tuple[Photo, ...]:
        kept = self._held.unnamed_photos(row.consignment)
        return tuple(Photo(photo.sha256, photo.size, KEPT) for photo in kept)

    def _stop(self, problem: str | None) -> None:
        if problem is not None:
            log.warning("the batch stops: %s", problem)
        self.running, self.problem = None, problem
        self._host.tell()

    def _found(self, batch: bytes) -> BatchState:
        for state in self.states:
            if state.id == batch and state.stage == Stage.READY:
                return state
        raise refused("batch-none")


def _prepared(row: SealedRow, photos: tuple[Photo, ...]) -> Prepared:
    recipient, contents = masked_recipient(row.shown)
    return Prepared(row.batch, row.number, recipient, contents, row.grams, row.category, photos)
