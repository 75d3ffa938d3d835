"""What all readers have in common: one thread owns the hardware, from start to stop.

The owner thread opens the reader, waits for cards, does the readings asked for, and begins anew
with a short pause whenever the reader is lost. Beside it stand the watchdog, and a thread that
cuts its waiting short when there is a reading to do.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from functools import partial
from typing import Final, Protocol

from padpos_drivers.idcard.errors import (
    IdCardError,
    ReaderHung,
    ReaderLost,
    ReaderStopped,
)
from padpos_drivers.idcard.interface import Access, CardReading, ReaderEvent
from padpos_drivers.idcard.jobs import JobQueue, ReadJob
from padpos_drivers.idcard.protocol import Finding
from padpos_drivers.idcard.reporter import Reporter, Sight
from padpos_drivers.idcard.watchdog import Watchdog

_log = logging.getLogger(__name__)

_NUDGE_SECONDS: Final = 0.001  # a cancel that comes just before the wait begins is lost
_BACKOFF_SECONDS: Final = (0.05, 0.5)  # a reader that is back is used within a second
_STOP_SECONDS: Final = 2.0
_OPEN_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 5.0
_SLACK_SECONDS: Final = 2.0


class Session(Protocol):
    """An open reader. Only :meth:`cancel` is called from another thread than the owner's."""

    def look(self, jobs: JobQueue) -> Sight:
        """Wait until the card may have changed, a job presses, or 3 seconds have passed.

        Raises :class:`IdCardError` when the reader is lost; the session is then closed.
        """

    def read(self, access: Access | None, until: float) -> Finding:
        """Read the card by ``until`` (monotonic clock), all or nothing. Raises IdCardError."""

    def cancel(self) -> None:
        """End a wait in :meth:`look` that was marked as dozing."""


class Backend(Protocol):
    """A reader that can be opened, any number of times, one session at a time."""

    def open(self) -> AbstractContextManager[Session]:
        """Find the reader and open it, within 8 seconds. Raises IdCardError."""


class WatchedReader:
    """Watches one reader and reads cards on it; the common part of every :class:`IdReader`.

    ``on_event`` is called in threads of the reader and must return at once; calling :meth:`read`
    from it is welcome.
    """

    def __init__(self, backend: Backend, on_event: Callable[[ReaderEvent], None]) -> None:
        self._backend = backend
        self._on_event = on_event
        self._owner: _Owner | None = None

    def start(self) -> None:
        """Begin to watch the reader. Does nothing if it is being watched."""
        if self._owner is None:
            self._owner = _Owner(self._backend, self._on_event)
            self._owner.start()

    def stop(self) -> None:
        """End watching. Readings not yet begun fail with :class:`ReaderStopped`.

        Returns within seconds even if the hardware hangs; its thread is then left behind.
        """
        owner, self._owner = self._owner, None
        if owner is not None:
            owner.stop()

    def read(self, timeout: float, access: Access | None = None) -> Future[CardReading]:
        """Ask for one reading of the card on the reader; ends within ``timeout`` seconds.

        The future's exception is always an :class:`IdCardError`.
        """
        job = ReadJob(timeout, access)
        owner = self._owner
        if owner is None:
            job.fail(ReaderStopped())
        else:
            owner.take(job)
        return job.future


class _Owner:
    """The owner thread and the two beside it, from start to stop."""

    def __init__(self, backend: Backend, on_event: Callable[[ReaderEvent], None]) -> None:
        self._jobs = JobQueue()
        self._backend = backend
        self._report = Reporter(on_event, lambda: self._jobs.closed)
        self._watchdog = Watchdog(self._hung)
        self._session: Session | None = None
        self._threads = (
            threading.Thread(target=self._run, name="idcard-owner", daemon=True),
            threading.Thread(target=self._nudge, name="idcard-nudge", daemon=True),
        )

    def start(self) -> None:
        self._watchdog.start()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._jobs.close()
        if threading.current_thread() is not self._threads[0]:
            self._threads[0].join(_STOP_SECONDS)
        self._jobs.fail_all(ReaderStopped)
        self._watchdog.stop()

    def take(self, job: ReadJob) -> None:
        """Queue a job, or end it at once where nobody would do it."""
        if self._report.hangs:
            job.fail(ReaderHung())
            return
        self._watchdog.mind(job)
        if not self._jobs.put(job):
            job.fail(ReaderStopped())

    def _hung(self) -> None:
        self._report.hung()
        self._jobs.fail_all(ReaderHung)

    def _run(self) -> None:
        backoff = _BACKOFF_SECONDS[0]
        while not self._jobs.closed:
            try:
                self._watchdog.expect(_OPEN_SECONDS)
                with self._backend.open() as session:
                    backoff = _BACKOFF_SECONDS[0]
                    self._serve(session)
            except Exception as error:  # noqa: BLE001 - whatever it was, begin anew
                self._lost(error)
                self._jobs.sleep(backoff)
                backoff = min(backoff * 2, _BACKOFF_SECONDS[1])
            finally:
                self._session = None
        self._watchdog.rest()
        self._jobs.fail_all(ReaderStopped)
        self._jobs.end()

    def _lost(self, error: Exception) -> None:
        self._watchdog.rest()
        fault = error if isinstance(error, IdCardError) else ReaderLost(type(error).__name__)
        self._report.lost(fault)
        self._jobs.fail_all(partial(type(fault), fault.where))

    def _serve(self, session: Session) -> None:
        """Do readings and report cards until stopped; raises when the reader is lost."""
        self._session = session
        self._report.found()
        while not self._jobs.closed:
            self._look(session)
            while (job := self._jobs.take()) is not None:
                self._watchdog.expect(job.deadline - time.monotonic() + _SLACK_SECONDS)
                _do(job, session)
                self._report.returned()

    def _look(self, session: Session) -> None:
        self._watchdog.expect(_LOOK_SECONDS)
        sight = session.look(self._jobs)
        self._watchdog.rest()
        self._report.returned()
        self._report.card(sight)

    def _nudge(self) -> None:
        """Cut short the owner's wait whenever there is a job: its own thread, since it can hang."""
        while self._jobs.wait_to_nudge():
            session = self._session
            if session is not None:
                session.cancel()
            time.sleep(_NUDGE_SECONDS)


def _do(job: ReadJob, session: Session) -> None:
    """Carry out one reading; raises a :class:`ReaderLost` on, since the session is then dead."""
    started = time.perf_counter()
    try:
        found = session.read(job.access, job.deadline)
    except ReaderLost as error:
        job.fail(ReaderLost(error.where))
        raise
    except IdCardError as error:
        job.fail(error)
    except Exception as error:  # noqa: BLE001 - whoever waits must hear of it
        _log.error("reading failed: %s", type(error).__name__)
        job.fail(IdCardError(type(error).__name__))
    else:
        took = (time.perf_counter() - started) * 1000
        job.finish(CardReading(found.document, found.proof, took, found.proven, found.unproven))
