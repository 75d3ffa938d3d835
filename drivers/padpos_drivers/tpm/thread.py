"""One thread for one connection, so that a TPM that hangs holds up nobody but that thread."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from padpos_drivers.tpm.errors import TpmSilent

T = TypeVar("T")
R = TypeVar("R")


class Owned(Generic[T]):
    """Makes a thing in a thread of its own, makes every call on it there, and closes it there."""

    def __init__(self, make: Callable[[], T], close: Callable[[T], None], limit: float) -> None:
        """``limit``: seconds that anybody waits for a call, or for the making."""
        self._make = make
        self._close = close
        self._limit = limit
        self._made: Future[None] = Future()
        self._jobs: queue.SimpleQueue[Callable[[T], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="tpm", daemon=True)
        self._thread.start()

    def call(self, job: Callable[[T], R]) -> R:
        """The job's result. Raises what it, or the making, raised; TpmSilent after the limit."""
        self._wait(self._made)
        future: Future[R] = Future()
        self._jobs.put(lambda thing: _settle(future, lambda: job(thing)))
        return self._wait(future)

    def close(self) -> bool:
        """Let go of the thing as soon as a call under way comes back: whether it did, in time."""
        self._jobs.put(None)
        self._thread.join(self._limit)
        return self.gone

    @property
    def gone(self) -> bool:
        """Whether the thread has ended."""
        return not self._thread.is_alive()

    def _wait(self, future: Future[R]) -> R:
        try:
            return future.result(self._limit)
        except TimeoutError:
            self._jobs.put(None)
            raise TpmSilent from None

    def _run(self) -> None:
        try:
            thing = self._make()
        except Exception as error:  # noqa: BLE001 - whoever waits must hear of it
            self._made.set_exception(error)
            return
        self._made.set_result(None)
        while (job := self._jobs.get()) is not None:
            job(thing)
        self._close(thing)


def _settle(future: Future[R], work: Callable[[], R]) -> None:
    try:
        future.set_result(work())
    except Exception as error:  # noqa: BLE001 - whoever waits must hear of it
        future.set_exception(error)
