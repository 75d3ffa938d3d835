"""One thread that only waits, beside the thread that calls into the hardware.

No call into PC/SC or a serial port can be ended from outside. So the caller says, before it makes
one, how long it may take; when that has passed, or when a reading somebody waits for has had its
time, the watchdog says so to whoever waits and leaves the stuck thread where it is.
"""

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Final

from padpos_drivers.idcard.errors import IdCardError, ReaderHung, ReadTimeout
from padpos_drivers.idcard.jobs import ReadJob

_TICK_SECONDS: Final = 0.2  # shorter waits wake it; longer ones it finds at its next tick


class Watchdog:
    """Ends jobs whose time is over, and tells once of a call that is overdue."""

    def __init__(self, on_hung: Callable[[], None]) -> None:
        self._on_hung = on_hung
        self._condition = threading.Condition()
        self._jobs: list[ReadJob] = []
        self._wake = 0.0
        self._due: float | None = None
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="idcard-watchdog", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End; every job still minded is left to its owner."""
        with self._condition:
            self._stopped = True
            self._condition.notify_all()

    def expect(self, seconds: float) -> None:
        """Say that the owner begins a call which ends within so many seconds."""
        self._due = time.monotonic() + seconds

    def rest(self) -> None:
        """Say that the owner is in no call."""
        self._due = None

    def mind(self, job: ReadJob) -> None:
        """Take care that a job ends by its deadline."""
        with self._condition:
            self._jobs.append(job)
            if job.deadline < self._wake:
                self._condition.notify_all()

    def _run(self) -> None:
        with self._condition:
            while not self._stopped:
                now = time.monotonic()
                self._jobs = [job for job in self._jobs if job.wanted]
                self._wake = min([now + _TICK_SECONDS, *(job.deadline for job in self._jobs)])
                self._condition.wait(max(0.0, self._wake - now))
                self._bite(time.monotonic())

    def _bite(self, now: float) -> None:
        for job in self._jobs:
            if job.deadline <= now:
                job.fail(ReadTimeout())
        due = self._due
        if due is not None and due <= now:
            self._due = None
            self._fail_all(ReaderHung)
            with contextlib.suppress(Exception):
                self._on_hung()

    def _fail_all(self, error: type[IdCardError]) -> None:
        for job in self._jobs:
            job.fail(error())
