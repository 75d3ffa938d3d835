"""The station: one loop that turns screen and hardware into events, and effects into calls."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from padpos.counter import events, flow
from padpos.counter.checks import MOST_PHOTOS
from padpos.counter.consignment import Consignment, Step
from padpos.counter.errors import CounterError, Invalid
from padpos.counter.flow import IDLE, Phase
from padpos.counter.reasons import words
from padpos.label.errors import LabelProblem
from padpos.ledger.errors import WaybillsSpent
from padpos.ledger.held import Held
from padpos.ledger.ledger import Appended, Ledger
from padpos.ledger.outbox import Outbox, Waiting
from padpos.ledger.papers import Papers
from padpos.terminal.admission import admit
from padpos.terminal.clerks import pin_fits
from padpos.terminal.config import TerminalConfig
from padpos.terminal.devices import Devices, to_document
from padpos.terminal.press import Press
from padpos.terminal.recorder import Recorder
from padpos.terminal.standing import Standing
from padpos.terminal.stopwatch import Stopwatch
from padpos.terminal.tally import Tally
from padpos.wire.errors import WireError
from padpos.wire.ids import day_of
from padpos.wire.keys import CannotSign
from padpos_drivers.camera.interface import CameraError
from padpos_drivers.idcard.errors import IdCardError
from padpos_drivers.idcard.interface import ReaderEvent

log = logging.getLogger("padpos.terminal")

P = ParamSpec("P")
R = TypeVar("R")
CHECKPOINT_SECONDS = 3600.0


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
    ) -> None:
        """`closed`: a code for which nobody may sign in; what is in the ledger is still sent."""
        self.config = config
        self.standing = standing
        self.devices = devices
        self.state = IDLE
        self.clerk: str | None = None
        self.reader_present = True
        self.card_present = False
        self.stopwatch = Stopwatch()
        self.last: Appended | None = None
        self.waiting = Waiting(0, 0, None)
        self._recorder = recorder
        self._press = Press(self, Papers(ledger), config.label_prefix)
        self._outbox = Outbox(ledger)
        self._held = Held(ledger)
        self._now = now
        self._closed = closed
        self._ledger_thread = ledger_thread
        self._tally = Tally()
        self._effects: asyncio.Queue[events.Effect] = asyncio.Queue()
        self._busy = 0
        self._changed = asyncio.Event()
        self._waiting_changed = asyncio.Event()
        self._read_tried = False
        self._card_used = False

    # --- what the screen and the hardware say ------------------------------------------------

    def post(self, event: events.Event) -> None:
        """Let an event happen. Raises CounterError, and nothing has changed then."""
        policy = self.standing.policy
        if policy is None:
            raise Invalid("no-policy", "终端尚未收到政策文件。", "This terminal has no policy yet.")
        self.state, effects = flow.transition(self.state, event, policy, self._now())
        for effect in effects:
            self._busy += 1
            self._effects.put_nowait(effect)
        self.tell()
        self._read_if_wanted()

    def begin(self, customer: str, contract: str | None) -> None:
        """Open a consignment. Raises CounterError."""
        if self.clerk is None:
            raise Invalid("signed-out", "请先登录。", "Sign in first.")
        admit(self.standing, self.waiting, customer, contract, self._now())
        consignment_id = secrets.token_bytes(16)
        self._read_tried = False
        self.post(events.Begun(consignment_id, customer, contract))
        self.stopwatch.restart()
        if self.card_present and self._card_used:
            self.post(events.DeviceFailed("card-used"))

    async def sign_in(self, clerk: str, pin: str) -> None:
        """Raises Invalid on a wrong PIN, telling nobody whether the clerk exists."""
        if self._closed is not None:
            raise Invalid(self._closed, *words(self._closed))
        if self.clerk is not None:
            raise Invalid("not-now", "请先退出当前收寄员。", "Another clerk is still signed in.")
        stored = self.config.pins.get(clerk, "")
        if not await asyncio.to_thread(pin_fits, pin, stored):
            raise Invalid("wrong-pin", "工号或口令不对。", "Clerk or PIN is wrong.")
        await self.in_ledger(self._recorder.clerk, clerk, True)
        self.clerk = clerk
        self.tell()

    async def sign_out(self) -> None:
        """The clerk leaves; not while a consignment is in hand. Raises CounterError."""
        if self.clerk is None or self.state.phase not in (Phase.IDLE, Phase.DONE):
            raise Invalid("not-now", "现在不能退出。", "Not while a consignment is in hand.")
        await self.in_ledger(self._recorder.clerk, self.clerk, False)
        self.clerk = None
        self.tell()

    async def photograph(self) -> None:
        """Take, judge, seal and keep a picture of the open parcel. Raises CounterError."""
        consignment = self.state.consignment
        if self.state.phase is not Phase.OPEN or consignment is None:
            raise Invalid("not-now", "现在不能拍照。", "There is no open consignment.")
        if len(consignment.photos) >= MOST_PHOTOS:
            raise Invalid("photos", "照片已够。", "There are enough photographs.")
        try:
            with self.stopwatch.running("inspect"):
                jpeg, verdict = await self.devices.photograph()
                photo = await self.in_ledger(self._recorder.photo, consignment.id, jpeg, verdict)
        except (CameraError, WireError) as error:
            self.post(events.DeviceFailed(error.code))
            return
        if not self._if_same(consignment, events.PhotoTaken(photo)):
            await self.in_ledger(self._held.drop_photo, photo.sha256)

    def confirm(self) -> None:
        """Clerk and sender agree. Raises CounterError."""
        self.stopwatch.input()
        self.post(events.Confirmed())

    def reader_said(self, event: ReaderEvent) -> None:
        """A card or reader came or went."""
        self.reader_present = event is not ReaderEvent.READER_LOST
        self.card_present = event is ReaderEvent.CARD_PRESENT
        self._read_tried = self._card_used = False
        self.tell()
        self._read_if_wanted()

    # --- what others watch -------------------------------------------------------------------

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

    async def outbox_changed(self, timeout: float) -> None:
        """Wait for something new to send, at most `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                await self._waiting_changed.wait()
        except TimeoutError:
            return

    async def in_ledger(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a call on the one thread that owns the ledger."""
        loop = asyncio.get_running_loop()
        result = await loop.run_in_executor(self._ledger_thread, partial(call, *args, **kwargs))
        await self._count()
        return result

    # --- the loop ----------------------------------------------------------------------------

    async def recover(self) -> None:
        """Settle what a crash left: open consignments, and a paper nobody vouched for."""
        if self.standing.policy is None:
            return
        interrupted = await self.in_ledger(self._recorder.interrupted)
        if interrupted:
            log.warning("%d consignments were interrupted and recorded as abandoned", interrupted)
        swept = await self.in_ledger(self._held.sweep)
        if swept:
            log.warning("%d sealed files that nothing named were removed", swept)
        await self._resume_paper()

    async def run(self) -> None:
        """Carry out effects, one after the other, until cancelled."""
        while True:
            effect = await self._effects.get()
            try:
                await self._carry_out(effect)
            finally:
                self._busy -= 1
                self.tell()

    async def keep_checkpoints(self) -> None:
        """Record what the terminal holds, hourly."""
        while True:
            await asyncio.sleep(CHECKPOINT_SECONDS)
            await self.in_ledger(self._checkpoint)

    def _checkpoint(self) -> None:
        waiting = self._outbox.waiting()
        self._recorder.checkpoint(self._outbox.newest_receipt(), waiting.entries)

    async def _carry_out(self, effect: events.Effect) -> None:
        match effect:
            case events.RecordBegun(consignment):
                await self.in_ledger(self._recorder.begun, consignment, self._clerk())
            case events.PutToDraw(consignment):
                drawn, owed = await self.in_ledger(self._recorder.draw, consignment)
                self._if_same(consignment, events.DrawMade(drawn, owed))
            case events.RecordAccepted(consignment):
                await self._record(consignment)
            case events.RecordEnded(kind, consignment, reason, step):
                await self.in_ledger(
                    self._recorder.ended, kind, consignment, self._clerk(), reason, step
                )
            case events.PrintLabel(consignment_id, generation):
                self.post(await self._press.print(consignment_id, generation))
            case events.RecordLabelSaid(consignment_id, generation, status):
                await self._press.said(consignment_id, generation, status)
            case events.RecordVoid(consignment_id, reason):
                await self.in_ledger(self._recorder.void, consignment_id, self._clerk(), reason)

    async def _record(self, consignment: Consignment) -> None:
        try:
            with self.stopwatch.running("seal"):
                accepted = await self.in_ledger(
                    self._recorder.accepted, consignment, self._clerk(), self.stopwatch.rounded()
                )
        except (WireError, CannotSign) as error:
            self._record_failed(error.code)
        except WaybillsSpent as error:
            self._record_failed(error.code)
        except LabelProblem as error:
            log.error("a label was refused before it was recorded: %s", error.code)
            self._record_failed("label-refused")
        else:
            self.last = accepted.appended
            self._press.drawn(consignment.id, accepted.label)
            self.post(events.Recorded(accepted.waybill))

    def _record_failed(self, code: str) -> None:
        log.error("a consignment could not be recorded: %s", code)
        self.post(events.RecordFailed(code))

    async def _resume_paper(self) -> None:
        owed = await self._press.owed()
        if owed is not None:
            self.post(owed)

    # --- small things ------------------------------------------------------------------------

    def _read_if_wanted(self) -> None:
        fresh = self.card_present and not self._read_tried and not self._card_used
        if fresh and self.step is Step.IDENTIFY and self.clerk is not None:
            self._read_tried = True
            task = asyncio.get_running_loop().create_task(self._read_card())
            self._reading = task  # a task nobody holds may be collected

    async def _read_card(self) -> None:
        consignment = self.state.consignment
        if consignment is None:
            return
        try:
            reading = await self.devices.read_card()
        except IdCardError as error:
            self._if_same(consignment, events.DeviceFailed(error.code))
            return
        self._card_used = (
            True  # one laying serves one consignment, or the next sender could lean on it
        )
        self.stopwatch.add("identify", reading.milliseconds)
        document = to_document(reading.document)
        times = self._tally.count(document.number, day_of(self._now()), consignment.id)
        self._if_same(consignment, events.DocumentRead(document, reading.proof, times))

    def _if_same(self, consignment: Consignment, event: events.Event) -> bool:
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

    async def _count(self) -> None:
        loop = asyncio.get_running_loop()
        waiting = await loop.run_in_executor(self._ledger_thread, self._outbox.waiting)
        if waiting != self.waiting:
            self.waiting = waiting
            self._waiting_changed.set()
            self._waiting_changed = asyncio.Event()
            self.tell()

    def _clerk(self) -> str:
        return self.clerk or "nobody"
