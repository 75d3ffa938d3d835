"""Readings asked for and not yet done: the seam between callers and the thread with the reader.

A reading has two ways to end: the owner thread finishes it, or the watchdog does when the owner is
stuck in a call that nothing can interrupt.
"""

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, InvalidStateError

from padpos_drivers.idcard.errors import IdCardError
from padpos_drivers.idcard.interface import Access, CardReading


class ReadJob:
    """One reading somebody waits for, at most until ``deadline`` on the monotonic clock.

    What opens a document is forgotten as soon as the job has ended.
    """

    def __init__(self, timeout: float, access: Access | None = None) -> None:
        self.future: Future[CardReading] = Future()
        self.deadline = time.monotonic() + timeout
        self.access: Access | None = access

    @property
    def wanted(self) -> bool:
        """Whether somebody still waits for the outcome."""
        return not self.future.done()

    def finish(self, reading: CardReading) -> None:
        """Hand over a reading; it is dropped if the caller was already told otherwise."""
        self.access = None
        with contextlib.suppress(InvalidStateError):
            self.future.set_result(reading)

    def fail(self, error: IdCardError) -> None:
        """End with an error, unless the job has already ended.

        The error goes out without its traceback: the frames in it still hold card content.
        """
        self.access = error.__context__ = error.__cause__ = None
        with contextlib.suppress(InvalidStateError):
            self.future.set_exception(error.with_traceback(None))


class JobQueue:
    """Jobs in the order they came, and a way to sleep until one comes."""

    def __init__(self) -> None:
        lock = threading.Lock()
        self._work = threading.Condition(lock)  # for the owner
        self._nudge = threading.Condition(lock)  # for the thread that cuts its dozing short
        self._jobs: deque[ReadJob] = deque()
        self._closed = False
        self._dozing = False
        self._ended = False

    @property
    def closed(self) -> bool:
        """Whether the owner was asked to stop."""
        return self._closed

    def end(self) -> None:
        """Say that the owner is gone."""
        with self._nudge:
            self._ended = True
            self._nudge.notify()

    def close(self) -> None:
        """Take no more jobs and wake the owner."""
        with self._work:
            self._closed = True
            self._wake()

    def put(self, job: ReadJob) -> bool:
        """Add a job; False if the queue is closed."""
        with self._work:
            if self._closed:
                return False
            self._jobs.append(job)
            self._wake()
            return True

    def take(self) -> ReadJob | None:
        """Return the next job somebody still waits for, or None."""
        with self._work:
            while self._jobs:
                job = self._jobs.popleft()
                if job.wanted:
                    return job
            return None

    @property
    def pressing(self) -> bool:
        """Whether there is a reason for the owner not to sleep."""
        return self._closed or bool(self._jobs)

    def sleep(self, seconds: float) -> None:
        """Sleep until something presses, at most so long."""
        with self._work:
            if not self.pressing:
                self._work.wait(seconds)

    @contextlib.contextmanager
    def dozing(self) -> Iterator[None]:
        """Mark a call of the owner that may wait long and has to be cut short for a job."""
        self._set_dozing(True)
        try:
            yield
        finally:
            self._set_dozing(False)

    def wait_to_nudge(self) -> bool:
        """Sleep until the owner dozes though a job presses; False when there is no owner left."""
        with self._nudge:
            self._nudge.wait_for(lambda: self._ended or (self._dozing and self.pressing))
            return not self._ended

    def fail_all(self, make_error: Callable[[], IdCardError]) -> None:
        """End every job in the queue with an error of its own."""
        while (job := self.take()) is not None:
            job.fail(make_error())

    def _wake(self) -> None:
        self._work.notify()
        if self._dozing:
            self._nudge.notify()

    def _set_dozing(self, dozing: bool) -> None:
        with self._nudge:
            self._dozing = dozing
            if dozing and self.pressing:
                self._nudge.notify()
