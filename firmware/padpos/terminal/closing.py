"""The day's end: what served that day alone is forgotten; a checkpoint and its sums stay."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from typing import ParamSpec, Protocol, TypeVar

from padpos.counter.errors import Invalid
from padpos.counter.limits import Tallies
from padpos.counter.reasons import words
from padpos.counter.state import Phase, State
from padpos.counter.summary import NOBODY, Summary
from padpos.counter.summary_text import as_text
from padpos.label.errors import LabelProblem
from padpos.label.slip import slip
from padpos.ledger.days import Days
from padpos.ledger.errors import LedgerError, LedgerStalled
from padpos.ledger.ledger import Ledger
from padpos.terminal.books import Books
from padpos.terminal.daybook import Daybook
from padpos.terminal.devices import Devices
from padpos.terminal.recorder import Recorder
from padpos.terminal.standing import Standing
from padpos.wire.ids import day_of
from padpos.wire.keys import CannotSign
from padpos_drivers.printer import PrintOutcome

log = logging.getLogger("padpos.terminal")

P = ParamSpec("P")
R = TypeVar("R")


class Host(Protocol):
    """What closing needs of the station."""

    standing: Standing
    daybook: Daybook
    devices: Devices
    state: State
    clerk: str | None
    books: Books
    now: Callable[[], int]

    def checkpoint(self) -> None:
        """Record what the terminal holds; on the ledger's thread."""

    async def settled(self) -> None:
        """Wait until nothing is being made durable or printed."""

    async def in_ledger(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a call on the ledger's thread."""


class Closing:
    """Closes days, by hand or because they are over, and tells their sums."""

    def __init__(self, host: Host, ledger: Ledger, recorder: Recorder) -> None:
        self._host = host
        self._recorder = recorder
        self._days = Days(ledger)
        self._day: str | None = None

    async def close(self) -> None:
        """A clerk closes the day. Raises Invalid with a parcel in hand or a label unsettled.

        The counts against fraud go on until the calendar's day is over: closing resets no limit.
        """
        await self._host.settled()
        if self._host.state.phase not in (Phase.IDLE, Phase.DONE):
            raise Invalid("not-now", "现在不能日结。", "Not while a consignment is in hand.")
        if await self._host.in_ledger(self._days.unsettled):
            raise Invalid("day-open-label", *words("day-open-label"))
        await self._close()

    async def look_back(self) -> None:
        """Remember which day the ledger's newest entry is of, before there is one of today."""
        if self._day is None:
            with contextlib.suppress(LedgerError):  # the books have said why; the next tick asks
                self._day = await self._host.in_ledger(self._days.last_day)

    async def turn(self) -> None:
        """Close the day that is over, if one is; the terminal may have been off meanwhile."""
        today = self._today()
        self._host.daybook.turn_to(today)
        await self.look_back()
        # A clock set back closes no day: what serves it may still be needed.
        if self._day is None or today <= self._day:
            self._day = today
        elif self._host.books.damage is None:  # a damaged ledger is evidence: nothing goes from it
            with contextlib.suppress(LedgerError):  # tried again at the next tick
                await self._close()
                log.info("the day %s is closed", self._day)
                self._day = today

    async def recall(self) -> None:
        """Bring back what the ledger knows of the clerks' doings today, as after a power cut."""
        found = await self._host.in_ledger(self._days.summary, self._today())
        for clerk, sums in found.clerks.items():
            if clerk != NOBODY:
                dropped = sum(
                    self._recorder.fell(each.draw) for each in found.dropped if each.clerk == clerk
                )
                recorded = Tallies(sums.typed, sums.voided, sums.reprints, dropped)
                self._host.daybook.at_least(clerk, self._today(), recorded)

    async def summary(self, kind: str) -> tuple[str, Summary]:
        """(title, sums) of today, or of the shift of the clerk at the counter. Raises Invalid."""
        if kind == "day":
            today = self._today()
            return today, await self._host.in_ledger(self._days.summary, today)
        if kind == "shift" and self._host.clerk is not None:
            found = await self._host.in_ledger(self._days.shift, self._host.clerk)
            return f"{self._today()} {self._host.clerk}", found
        raise Invalid("summary", "没有这种汇总。", "There is no such summary.")

    async def print(self, kind: str) -> None:
        """Print a summary. Raises Invalid where the printer does not say it is whole."""
        if self._host.state.phase not in (Phase.IDLE, Phase.DONE):
            raise Invalid("not-now", "现在不能打印汇总。", "Not while a consignment is in hand.")
        title, found = await self.summary(kind)
        await self._host.settled()
        try:
            result = await self._host.devices.print(slip(as_text(found, title)), lambda: None)
        except LabelProblem as error:
            raise Invalid(error.code, *words(error.code)) from error
        if result.outcome is not PrintOutcome.PRINTED:
            raise Invalid(str(result.reason), *words(str(result.reason)))

    async def _close(self) -> None:
        gone = await self._host.in_ledger(self._days.close)
        log.info("the codes and masked texts of %d papers are forgotten", gone)
        self._host.standing.forget_keys_before(self._today())
        with contextlib.suppress(CannotSign, LedgerStalled):  # closed then anyway, and said so
            await self._host.in_ledger(self._host.checkpoint)

    def _today(self) -> str:
        return day_of(self._host.now())
