"""The station: one loop that turns screen and hardware into events, and effects into calls."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from padpos.counter import events, flow
from padpos.counter.consignment import Consignment, Step, may_photograph
from padpos.counter.errors import CounterError, Invalid
from padpos.counter.flow import IDLE, Phase, State
from padpos.counter.reasons import words
from padpos.ledger.errors import LedgerError, LedgerStalled
from padpos.ledger.held import Held
from padpos.ledger.ledger import Appended, Ledger
from padpos.ledger.outbox import Outbox, Waiting
from padpos.ledger.papers import Papers
from padpos.terminal.acceptance import accept
from padpos.terminal.batch_run import BatchRun
from padpos.terminal.books import RETRY_SECONDS, Books
from padpos.terminal.cards import Cards
from padpos.terminal.clerks import Lockout
from padpos.terminal.clockwatch import watched
from padpos.terminal.closing import Closing
from padpos.terminal.config import TerminalConfig
from padpos.terminal.daybook import Daybook, uptime
from padpos.terminal.desk import Begin, Desk
from padpos.terminal.devices import Devices
from padpos.terminal.importing import Importer
from padpos.terminal.people import People
from padpos.terminal.press import Press
from padpos.terminal.recorder import Recorder
from padpos.terminal.recovery import settle
from padpos.terminal.standing import Standing
from padpos.terminal.stopwatch import Stopwatch
from padpos.terminal.volatile import Volatile
from padpos.wire.errors import WireError
from padpos.wire.keys import CannotSign
from padpos_drivers.camera.interface import CameraError
from padpos_drivers.idcard.interface import ReaderEvent

log = logging.getLogger("padpos.terminal")

P = ParamSpec("P")
R = TypeVar("R")


class Station:
    """Owns the state; everything that changes it goes through `post`."""

    def __init__(
        self,
        *,
        config: TerminalConfig,
        ledger: Ledger,
        standing: Standing,
        recorder: Recorder,
        devices: Devices,
        now: Callable[[], int],
        ledger_thread: ThreadPoolExecutor,
        closed: str | None = None,
        volatile: Volatile | None = None,
    ) -> None:
        """`closed`: a code for which nobody may sign in; what is in the ledger is still sent."""
        self.config = config
        self.standing = standing
        self.devices = devices
        self.state: State = IDLE
        self.clerk: str | None = None
        self.technician: str | None = None
        self.shut = closed
        self.reader_present = True
        self.card_present = False
        self.stopwatch = Stopwatch()
        self.last: Appended | None = None
        self.books = Books(ledger, ledger_thread, self.tell)
        self.daybook = Daybook(volatile)
        self.desk = Desk(self)
        self.cards = Cards(self)
        self.people = People(self, recorder, Lockout(uptime, volatile))
        self.closing = Closing(self, ledger, recorder)
        self.importer = Importer(self, ledger, recorder)
        self.batches = BatchRun(self, ledger, recorder)
        self.frozen: str | None = None
        self._recorder = recorder
        self._press = Press(self, Papers(ledger), config.label_prefix)
        self._outbox = Outbox(ledger)
        self._held = Held(ledger)
        self.now = now
        self._effects: asyncio.Queue[events.Effect] = asyncio.Queue()
        self._busy = 0
        self._changed = asyncio.Event()
        self.clock = watched(ledger, self.books.found)
        self._unrecovered = False

    # --- what the screen and the hardware say ------------------------------------------------

    def post(self, event: events.Event) -> None:
        """Let an event happen. Raises CounterError, and nothing has changed then."""
        policy = self.standing.policy
        if policy is None:
            raise Invalid("no-policy", "终端尚未收到政策文件。", "This terminal has no policy yet.")
        self.state, effects = flow.transition(self.state, event, policy, self.now())
        for effect in effects:
            self._busy += 1
            self._effects.put_nowait(effect)
        self.tell()
        self.cards.read_if_wanted()

    def begin(self, wanted: Begin) -> None:
        """Open a consignment. Raises CounterError."""
        if self.closed is not None:
            raise Invalid(self.closed, *words(self.closed))
        if self.technician is not None:
            raise Invalid("service-mode", *words("service-mode"))
        self.cards.consignment_begins()
        self.desk.begin(wanted)
        self.stopwatch.restart()
        if self.cards.spent:
            self.post(events.DeviceFailed("card-used"))

    async def photograph(self) -> None:
        """Take, judge, seal and keep a picture of the open parcel. Raises CounterError."""
        consignment = self.state.consignment
        if self.state.phase is not Phase.OPEN or consignment is None:
            raise Invalid("not-now", "现在不能拍照。", "There is no open consignment.")
        if consignment.customer == "letter":
            raise Invalid("letter-photo", *words("letter-photo"))
        if not may_photograph(consignment):
            raise Invalid("photos", "照片已够。", "There are enough photographs.")
        try:
            with self.stopwatch.running("inspect"):
                jpeg, verdict = await self.devices.photograph()
                photo = await self.in_ledger(self._recorder.photo, consignment.id, jpeg, verdict)
        except (CameraError, WireError, LedgerError) as error:
            self.post(events.DeviceFailed(error.code))
            return
        if not self.if_same(consignment, events.PhotoTaken(photo)):
            await self.in_ledger(self._held.drop_photo, photo.sha256)

    async def own_card(self) -> str:
        """The number of the card that lies there; it serves no sender. Raises Invalid."""
        return await self.cards.own_number()

    def confirm(self) -> None:
        """Clerk and sender agree. Raises CounterError."""
        self.stopwatch.input()
        self.post(events.Confirmed())

    def reader_said(self, event: ReaderEvent) -> None:
        """A card or reader came or went."""
        self.reader_present = event not in {ReaderEvent.READER_LOST, ReaderEvent.READER_HUNG}
        self.card_present = event is ReaderEvent.CARD_PRESENT
        self.cards.changed(event)
        if not self.card_present:
            self.end_visit()
        self.tell()
        self.cards.read_if_wanted()

    # --- what others watch -------------------------------------------------------------------

    @property
    def waiting(self) -> Waiting:
        """What waits for a receipt."""
        return self.books.waiting

    @property
    def closed(self) -> str | None:
        """The problem code for which no consignment may begin, whoever asks; or None."""
        return self.shut or self.books.closed

    @property
    def busy(self) -> bool:
        """Whether something is still being made durable or printed."""
        return self._busy > 0

    @property
    def step(self) -> Step | None:
        """What an open consignment asks for."""
        policy = self.standing.policy
        return flow.step_of(self.state, policy) if policy else None

    def tell(self) -> None:
        """Wake everybody who watches."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def changes(self) -> AsyncIterator[None]:
        """Yields whenever there is something new to show, and at once."""
        while True:
            changed = self._changed
            yield
            await changed.wait()

    async def settled(self) -> None:
        """Wait until nothing is being made durable or printed."""
        async for _ in self.changes():
            if not self.busy:
                return

    async def outbox_changed(self, timeout: float, since: asyncio.Event) -> None:
        """Wait, at most `timeout` seconds, for something new to send since `books.next_change`
        was looked at."""
        await self.books.more(timeout, since)

    def send_again(self) -> None:
        """Wake who waits for something to send."""
        self.books.wake()

    async def in_ledger(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a call on the one thread that owns the ledger."""
        return await self.books.call(call, *args, **kwargs)

    async def surely(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The same for what must be recorded: waits until it can be."""
        return await self.books.surely(call, *args, **kwargs)

    # --- the loop ----------------------------------------------------------------------------

    async def recover(self) -> None:
        """Settle what a crash left: open consignments, and a paper nobody vouched for.

        Where no room or key is there for that, or damage in the way, the counter comes up closed.
        """
        await self.closing.look_back()
        if self.standing.policy is None:
            return
        self._unrecovered = False
        try:
            owed = await settle(self.books, self._recorder, self._press)
            await self.closing.recall()
            await self.importer.clear()
            await self.batches.refresh()
        except (LedgerStalled, CannotSign) as error:
            self._unrecovered = True
            self.books.stall(error.code)
        except LedgerError:
            log.error("what a crash left can't be settled")  # the books have said why
        else:
            self.books.stall(None)
            if owed is not None:
                self.post(owed)

    async def run(self) -> None:
        """Carry out effects, one after the other, until cancelled."""
        while self._unrecovered:
            await asyncio.sleep(RETRY_SECONDS)
            await self.recover()
        while True:
            effect = await self._effects.get()
            try:
                await self._carry_out(effect)
            except LedgerError:
                log.error("an effect can't be carried out")  # the books have said why
            finally:
                self._busy -= 1
                self.tell()

    def checkpoint(self) -> None:
        """Record what the terminal holds; on the ledger's thread."""
        waiting = self._outbox.waiting()
        newest = self._outbox.newest_receipt()
        self._recorder.checkpoint(newest, waiting.entries, self.closed or "ok")

    async def _carry_out(self, effect: events.Effect) -> None:
        self.desk.note(effect, self.hands())
        match effect:
            case events.RecordBegun(consignment):
                await self.surely(self._recorder.begun, consignment, self.hands())
            case events.PutToDraw(consignment):
                drawn, owed = await self.surely(self._recorder.draw, consignment)
                self.if_same(consignment, events.DrawMade(drawn, owed))
            case events.RecordAccepted(consignment):
                self.post(await accept(self, self._recorder, self._press, consignment))
            case events.RecordOverride(consignment, what, approved_by):
                await self.surely(
                    self._recorder.override, consignment, self.hands(), what, approved_by
                )
            case events.RecordEnded():
                await self.surely(self._recorder.ended, effect, self.hands())
            case events.PrintLabel(consignment_id, generation):
                self.post(await self._press.print(consignment_id, generation))
            case events.RecordLabelSaid(consignment_id, generation, status):
                await self._press.said(consignment_id, generation, status)
            case events.RecordVoid(consignment_id, reason):
                await self.surely(self._recorder.void, consignment_id, self.hands(), reason)

    # --- small things ------------------------------------------------------------------------

    def end_visit(self) -> None:
        """Whoever sends next shows a document again."""
        with contextlib.suppress(CounterError):  # there is none
            self.post(events.VisitEnded())

    def if_same(self, consignment: Consignment, event: events.Event) -> bool:
        """Post, unless that consignment has ended meanwhile: whether it was taken."""
        current = self.state.consignment
        if current is None or current.id != consignment.id:
            return False
        try:
            self.post(event)
        except CounterError as error:
            log.info("came too late: %s", error.code)
            return False
        return True

    def hands(self) -> str:
        """Whose hands work the counter, for the record."""
        return self.clerk or "nobody"
