"""The books: the ledger's one thread, jobs in turn, and what keeps the counter from opening."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from padpos.ledger import aside
from padpos.ledger.aside import Note
from padpos.ledger.check import Check
from padpos.ledger.errors import LedgerError, LedgerStalled, LedgerUnfit, typed
from padpos.ledger.ledger import Ledger
from padpos.ledger.outbox import Outbox, Waiting
from padpos.ledger.room import Space
from padpos.ledger.status import LedgerStatus, status
from padpos.wire.keys import CannotSign

log = logging.getLogger("padpos.terminal")

P = ParamSpec("P")
R = TypeVar("R")

RETRY_SECONDS = 1.0
LOOK_SECONDS = 2.0
SLICE_SECONDS, PAUSE_SECONDS = 0.004, 0.02
"""A check holds the ledger's thread for so long at a time, a sixth of the time in all."""
CHECK_AGAIN_SECONDS = 24 * 3600.0


class Books:
    """What the station asks of the ledger. `tell` is called whenever something is new."""

    def __init__(
        self, ledger: Ledger, thread: ThreadPoolExecutor, tell: Callable[[], None]
    ) -> None:
        self.waiting = Waiting(0, 0, None)
        self.space: Space | None = None
        self.damage = aside.marked(ledger.folder)
        self.walk: Check | None = None
        self._ledger = ledger
        self._outbox = Outbox(ledger)
        self._thread = thread
        self._tell = tell
        self._stalled: str | None = None
        self._unseen: str | None = None
        self._more = asyncio.Event()

    @property
    def closed(self) -> str | None:
        """The problem code for which no consignment may begin, or None."""
        if self.damage is not None:
            return self.damage.code
        if self._stalled is not None:
            return self._stalled
        if self._unseen is not None:
            return self._unseen
        return str(self.space.closing) if self.space and self.space.closing else None

    async def call(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a call on the one thread that owns the ledger. It succeeds or leaves nothing.

        Raises what it raises; a LedgerUnfit closes the counter.
        """
        try:
            result, waiting = await self._run(partial(self._job, partial(call, *args, **kwargs)))
        except LedgerUnfit as error:
            self.found(error)
            raise
        except LedgerStalled:
            await self.look()
            raise
        if isinstance(waiting, LedgerUnfit):
            self.found(waiting)
        elif isinstance(waiting, Waiting):
            self._count(waiting)
        return result

    async def surely(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The same for what must be recorded: waits for room, or for the key, the counter closed
        meanwhile."""
        while True:
            try:
                result = await self.call(call, *args, **kwargs)
            except (LedgerStalled, CannotSign) as error:
                self.stall(error.code)
                await asyncio.sleep(RETRY_SECONDS)
            else:
                self.stall(None)
                return result

    def stall(self, code: str | None) -> None:
        """Something waits to be recorded, or no longer does."""
        if code != self._stalled:
            self._stalled = code
            log.warning("the ledger takes nothing: %s", code) if code else log.info("it does again")
            self._tell()

    def found(self, error: LedgerUnfit) -> None:
        """The ledger is damaged: nothing new begins; what is whole in it is still uploaded."""
        if self.damage is None:
            log.error("the ledger is damaged: %s: %s", error.code, error)
            self.damage = Note.of(error)
            aside.mark(self._ledger.folder, self.damage)
            self._tell()

    async def status(self) -> LedgerStatus:
        """How the ledger stands. Raises LedgerError."""
        return await self.call(status, self._ledger, self.walk)

    @property
    def next_change(self) -> asyncio.Event:
        """Set when something else waits to be sent than does now."""
        return self._more

    async def more(self, timeout: float, since: asyncio.Event) -> None:
        """Wait, at most `timeout` seconds, for something new to send since `next_change` was
        looked at."""
        try:
            async with asyncio.timeout(timeout):
                await since.wait()
        except TimeoutError:
            return

    def wake(self) -> None:
        """Wake who waits for something to send."""
        self._more.set()
        self._more = asyncio.Event()

    async def look(self) -> None:
        """See how much room there is; closed where the disk does not tell."""
        before = self.closed
        try:
            self.space, self._unseen = await self._run(self._look), None
        except LedgerStalled as error:
            self._unseen = error.code
        except LedgerUnfit as error:
            self.found(error)
        if self.closed != before:
            log.info("room on the disk: %s", self.closed or "enough")
            self._tell()

    async def keep_room(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_SECONDS)

    async def keep_checking(self) -> None:
        """Check the whole ledger bit by bit, once a day, until cancelled or damage is found."""
        while self.damage is None:
            self.walk = self._ledger.walk()
            try:
                while not await self.call(self.walk.advance, SLICE_SECONDS):
                    await asyncio.sleep(PAUSE_SECONDS)
            except LedgerStalled as error:
                log.warning("the ledger can't be checked now: %s", error)
                await asyncio.sleep(LOOK_SECONDS)
                continue
            except LedgerUnfit:
                break
            log.info("all %d entries of the ledger hold", self.walk.entries)
            await asyncio.sleep(CHECK_AGAIN_SECONDS)
        await asyncio.Event().wait()

    def _job(self, job: Callable[[], R]) -> tuple[R, Waiting | LedgerError]:
        result = self._ledger.attempt(job)
        try:
            with typed():
                return result, self._outbox.waiting()
        except LedgerError as error:  # the job is done: said to have failed, it would be done twice
            return result, error

    def _look(self) -> Space | None:
        with typed():
            return self._ledger.look()

    async def _run(self, job: Callable[[], R]) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._thread, job)

    def _count(self, waiting: Waiting) -> None:
        if waiting != self.waiting:
            self.waiting = waiting
            self.wake()
            self._tell()
