"""Who stands at the counter: clerks by PIN or card, hand-over, leavers, a technician in service.

Three credentials never mix: a clerk's opens consignments, a technician's opens none, and the
terminal's own keys are nobody's.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import ParamSpec, Protocol, TypeVar

from padpos.counter import events
from padpos.counter.errors import Invalid
from padpos.counter.reasons import words
from padpos.counter.state import Phase, State
from padpos.ledger.errors import LedgerError
from padpos.terminal.clerks import Lockout, pin_fits
from padpos.terminal.config import TerminalConfig
from padpos.terminal.daybook import Daybook
from padpos.terminal.recorder import Recorder
from padpos.terminal.standing import Standing
from padpos.wire.ids import day_of

log = logging.getLogger("padpos.terminal")

P = ParamSpec("P")
R = TypeVar("R")
_PATIENCE_S = 2.0
_BETWEEN = (Phase.IDLE, Phase.DONE)


class Host(Protocol):
    """What people need of the station."""

    config: TerminalConfig
    standing: Standing
    daybook: Daybook
    state: State
    clerk: str | None
    technician: str | None
    shut: str | None
    now: Callable[[], int]

    def post(self, event: events.Event) -> None:
        """Let an event happen. Raises CounterError."""

    def tell(self) -> None:
        """Wake everybody who watches."""

    def end_visit(self) -> None:
        """Whoever sends next shows a document again."""

    async def settled(self) -> None:
        """Wait until nothing is being made durable or printed."""

    async def in_ledger(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a call on the ledger's thread."""

    async def own_card(self) -> str:
        """The number of the card that lies there; it serves no sender. Raises Invalid."""


class People:
    """Signs people in and out, and puts that on record."""

    def __init__(self, host: Host, recorder: Recorder, lockout: Lockout) -> None:
        self._host = host
        self._recorder = recorder
        self._lockout = lockout
        self._one_at_a_time = asyncio.Lock()

    async def check_pin(self, clerk: str, pin: str) -> None:
        """Raises Invalid on a wrong PIN, of a leaver, or too soon after wrong ones.

        Nobody is told whether the clerk exists.
        """
        left = self._host.standing.has_left(clerk)
        await self._check(clerk, pin, None if left else self._host.config.pins.get(clerk))

    async def sign_in(self, clerk: str, pin: str, *, card: bool = False) -> None:
        """Sign in by PIN; with `card`, the card on the reader is the clerk's own for today.

        Raises Invalid where another is signed in, or as `check_pin` does.
        """
        self._check_free()
        await self.check_pin(clerk, pin)
        if card:
            number = await self._host.own_card()
            self._host.daybook.enrol_clerk(clerk, number, self._today())
        await self._enter(clerk)

    async def sign_in_by_card(self) -> None:
        """Sign in by the card that was laid beside a PIN earlier today. Raises Invalid."""
        self._check_free()
        number = await self._host.own_card()
        clerk = self._host.daybook.clerk_of(number, self._today())
        if clerk is None or clerk not in self._host.config.pins:
            raise Invalid("card-not-enrolled", *words("card-not-enrolled"))
        if self._host.standing.has_left(clerk):
            raise Invalid("wrong-pin", *words("wrong-pin"))
        await self._enter(clerk)

    async def hand_over(self, clerk: str, pin: str) -> None:
        """The next clerk takes the counter over: out and in stand together. Raises Invalid."""
        host = self._host
        if clerk == host.clerk:
            raise Invalid("second-clerk", *words("second-clerk"))
        await self._between(host.clerk)
        await self.check_pin(clerk, pin)
        leaving = await self._between(host.clerk)
        await self._record(self._recorder.hand_over, leaving, clerk)
        host.end_visit()
        host.clerk = clerk
        host.tell()

    async def sign_out(self) -> None:
        """The clerk leaves; not while a consignment is in hand. Raises Invalid."""
        await self._leave(await self._between(self._host.clerk))

    async def send_away(self) -> None:
        """A leaver still signed in goes now; what he has in hand is abandoned.

        A label being printed ends first; one that waits for a person waits for the next.
        """
        host = self._host
        held = host.state.consignment
        if host.state.phase is Phase.OPEN and held is not None and held.attended:
            host.post(events.Abandoned("clerk-left"))
        try:
            async with asyncio.timeout(_PATIENCE_S):  # a full disk must not hold up whoever asks
                await host.settled()
        except TimeoutError:
            return
        if host.clerk is not None and host.state.phase not in (Phase.RECORDING, Phase.PRINTING):
            log.warning("a clerk on the leavers' list was signed out")
            await self._leave(host.clerk)

    async def enter_service(self, technician: str, pin: str) -> None:
        """Open service mode, in which nothing can be accepted. Raises Invalid."""
        self._check_free()
        if self._host.state.phase not in _BETWEEN:
            raise Invalid("not-now", "现在不能进入维护。", "Not while a consignment is in hand.")
        await self._check(technician, pin, self._host.config.service.get(technician))
        self._check_free()
        self._host.end_visit()
        self._host.technician = technician
        log.info("service mode opened by %s", technician)
        self._host.tell()

    def leave_service(self) -> None:
        """Close service mode. Raises Invalid."""
        if self._host.technician is None:
            raise Invalid("not-now", "不在维护模式。", "Not in service mode.")
        log.info("service mode closed by %s", self._host.technician)
        self._host.technician = None
        self._host.tell()

    async def _check(self, name: str, pin: str, stored: str | None) -> None:
        # One at a time: tries side by side must not outrun the wait, nor the memory.
        async with self._one_at_a_time:
            wait = self._lockout.wait(name)
            if wait > 0:
                seconds = int(wait) + 1
                raise Invalid(
                    "locked-out",
                    f"口令错误次数过多，请等待 {seconds} 秒。",
                    f"Too many wrong PINs: wait {seconds} seconds.",
                )
            if not await asyncio.to_thread(pin_fits, pin, stored):
                self._lockout.missed(name)
                raise Invalid("wrong-pin", *words("wrong-pin"))
            self._lockout.passed(name)

    def _check_free(self) -> None:
        host = self._host
        if host.shut is not None:
            raise Invalid(host.shut, *words(host.shut))
        if host.technician is not None:
            raise Invalid("service-mode", *words("service-mode"))
        if host.clerk is not None:
            raise Invalid("not-now", "请先退出当前收寄员。", "Another clerk is still signed in.")

    async def _enter(self, clerk: str) -> None:
        self._check_free()  # again: somebody else may have been quicker
        self._host.clerk = clerk
        try:
            await self._record(self._recorder.clerk, clerk, True)
        except BaseException:
            self._host.clerk = None
            raise
        self._host.tell()

    async def _leave(self, clerk: str) -> None:
        await self._record(self._recorder.clerk, clerk, False)
        self._host.end_visit()
        self._host.clerk = None
        self._host.tell()

    async def _record(self, call: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            await self._host.in_ledger(call, *args, **kwargs)
        except LedgerError as error:
            raise Invalid(error.code, *words(error.code)) from error

    async def _between(self, clerk: str | None) -> str:
        """The clerk, once all he began is on record. Raises Invalid with a consignment in hand."""
        await self._host.settled()
        if clerk is None or clerk != self._host.clerk or self._host.state.phase not in _BETWEEN:
            raise Invalid("not-now", "现在不能退出或交接。", "Not while a consignment is in hand.")
        return clerk

    def _today(self) -> str:
        return day_of(self._host.now())
