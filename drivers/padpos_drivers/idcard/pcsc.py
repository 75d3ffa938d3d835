"""ID cards behind a PC/SC reader with a security module. All use of pyscard is in this file.

One thread owns the PC/SC context and makes every call but the one that wakes it: a handle that
another thread (or the garbage collector) lets go of late would reset the next card. Only the
low-level API is used: pyscard's CardMonitor ends for good when pcscd does.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial
from typing import Final

from smartcard import scard

from padpos_drivers.idcard.decode import decode_storage
from padpos_drivers.idcard.document import IdDocument
from padpos_drivers.idcard.errors import (
    CardAbsent,
    CardLifted,
    CardUnknown,
    CardUnreadable,
    IdCardError,
    ReaderBusy,
    ReaderForbidden,
    ReaderLost,
    ReaderStopped,
)
from padpos_drivers.idcard.interface import CardReading, ReaderEvent
from padpos_drivers.idcard.jobs import JobQueue, ReadJob
from padpos_drivers.idcard.storage import is_storage_atr, read_image, wipe

_log = logging.getLogger(__name__)

_WATCH_MS: Final = 2000  # some services never tell of a reader unplugged: ask again that often
_NUDGE_SECONDS: Final = 0.001  # a cancel that comes just before the wait begins is lost
_BACKOFF_SECONDS: Final = (0.2, 5.0)
_STOP_SECONDS: Final = 2.0

_ERRORS: Final[dict[int, type[IdCardError]]] = {
    scard.SCARD_W_REMOVED_CARD: CardLifted,
    scard.SCARD_W_RESET_CARD: CardLifted,
    scard.SCARD_E_NOT_TRANSACTED: CardLifted,
    scard.SCARD_E_NO_SMARTCARD: CardAbsent,
    scard.SCARD_W_UNRESPONSIVE_CARD: CardUnreadable,
    scard.SCARD_W_UNPOWERED_CARD: CardUnreadable,
    scard.SCARD_E_PROTO_MISMATCH: CardUnknown,
    scard.SCARD_W_UNSUPPORTED_CARD: CardUnknown,
    scard.SCARD_E_SHARING_VIOLATION: ReaderBusy,
    scard.SCARD_W_SECURITY_VIOLATION: ReaderForbidden,
}
_QUIET: Final = frozenset({scard.SCARD_E_TIMEOUT, scard.SCARD_E_CANCELLED})
_GONE: Final = scard.SCARD_STATE_UNKNOWN | scard.SCARD_STATE_UNAVAILABLE


class PcscStorageReader:
    """Watches one PC/SC reader, chosen by name, and reads ID cards on it.

    ``reader_name`` is the whole name or a part of it that only one reader has: the order of
    readers changes from start to start. ``on_event`` is called in the owning thread and must
    return at once; calling :meth:`read` from it is welcome.
    """

    def __init__(self, reader_name: str, on_event: Callable[[ReaderEvent], None]) -> None:
        self._reader_name = reader_name
        self._on_event = on_event
        self._owner: _Owner | None = None

    def start(self) -> None:
        """Begin to watch the reader. Does nothing if it is being watched."""
        if self._owner is None:
            self._owner = _Owner(self._reader_name, self._on_event)
            self._owner.start()

    def stop(self) -> None:
        """End watching. Readings not yet begun fail with :class:`ReaderStopped`.

        Returns within seconds even if the PC/SC service hangs; its thread is then left behind.
        """
        owner, self._owner = self._owner, None
        if owner is not None:
            owner.stop()

    def read(self, timeout: float) -> Future[CardReading]:
        """Ask for one reading of the card on the reader; ends within ``timeout`` seconds.

        The future's exception is always an :class:`IdCardError`.
        """
        job = ReadJob(timeout)
        owner = self._owner
        if owner is None or not owner.jobs.put(job):
            job.fail(ReaderStopped())
        return job.future


class _Owner:
    """The thread that owns the PC/SC context, and the one that wakes it, from start to stop."""

    def __init__(self, reader_name: str, on_event: Callable[[ReaderEvent], None]) -> None:
        self.jobs = JobQueue()
        self._reader_name = reader_name
        self._on_event = on_event
        self._context: _Context | None = None
        self._lost = False
        self._present = False
        self._threads = (
            threading.Thread(target=self._run, name="idcard-pcsc", daemon=True),
            threading.Thread(target=self._nudge, name="idcard-nudge", daemon=True),
        )

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self.jobs.close()
        if threading.current_thread() is not self._threads[0]:
            self._threads[0].join(_STOP_SECONDS)
        self.jobs.fail_all(ReaderStopped)

    def _run(self) -> None:
        backoff = _BACKOFF_SECONDS[0]
        while not self.jobs.closed:
            try:
                with _established() as context:
                    name = _choose(context.readers(), self._reader_name)
                    backoff = _BACKOFF_SECONDS[0]
                    self._report_found()
                    self._serve(context, name)
            except Exception as error:  # noqa: BLE001 - whatever it was, begin anew
                fault = (
                    error if isinstance(error, IdCardError) else ReaderLost(type(error).__name__)
                )
                self._report_lost(fault)
                self.jobs.fail_all(partial(type(fault), fault.where))
                self.jobs.sleep(backoff)
                backoff = min(backoff * 2, _BACKOFF_SECONDS[1])
        self.jobs.fail_all(ReaderStopped)
        self.jobs.end()

    def _serve(self, context: "_Context", name: str) -> None:
        """Do readings and report cards until stopped; raises when the reader is lost."""
        self._context = context
        state: int = scard.SCARD_STATE_UNAWARE
        while not self.jobs.closed:
            while (job := self.jobs.take()) is not None:
                _do(job, context, name)
            with self.jobs.dozing():
                pressing = self.jobs.pressing
                changed = None if pressing else context.wait(name, state, _WATCH_MS)
            if changed is not None:
                self._report_card(state, changed)
                state = changed

    def _nudge(self) -> None:
        """Cut short the owner's wait whenever there is a job: its own thread, since it can hang."""
        while self.jobs.wait_to_nudge():
            if self._context is not None:
                self._context.cancel()
            time.sleep(_NUDGE_SECONDS)

    def _report_card(self, before: int, after: int) -> None:
        """Report what changed; pcscd counts insertions and removals in the state's high word."""
        present = bool(after & scard.SCARD_STATE_PRESENT)
        swapped = present and self._present and before >> 16 != after >> 16
        if self._present and (swapped or not present):
            self._emit(ReaderEvent.CARD_REMOVED)
        if present and (swapped or not self._present):
            self._emit(ReaderEvent.CARD_PRESENT)
        self._present = present

    def _report_found(self) -> None:
        if self._lost:
            self._lost = False
            _log.info("ID-card reader is back")
            self._emit(ReaderEvent.READER_BACK)

    def _report_lost(self, error: IdCardError) -> None:
        self._context = None
        if self._lost:
            return
        self._lost = True
        _log.warning("ID-card reader lost: %s", error.where)
        if self._present:
            self._present = False
            self._emit(ReaderEvent.CARD_REMOVED)
        self._emit(ReaderEvent.READER_LOST)

    def _emit(self, event: ReaderEvent) -> None:
        if self.jobs.closed:
            return
        try:
            self._on_event(event)
        except Exception as error:  # noqa: BLE001 - a listener's fault must not end the watch
            _log.error("listener failed on %s: %s", event.value, type(error).__name__)


def _do(job: ReadJob, context: "_Context", name: str) -> None:
    """Carry out one reading; raises :class:`ReaderLost` on, since the context is then dead."""
    started = time.perf_counter()
    try:
        document = _read_document(context, name)
    except ReaderLost as error:
        job.fail(ReaderLost(error.where))
        raise
    except IdCardError as error:
        job.fail(error)
    except Exception as error:  # noqa: BLE001 - whoever waits must hear of it
        _log.error("reading failed: %s", type(error).__name__)
        job.fail(IdCardError(type(error).__name__))
    else:
        job.finish(CardReading(document, "chip", (time.perf_counter() - started) * 1000))


def _read_document(context: "_Context", name: str) -> IdDocument:
    """Read and decode the whole card in one transaction, or raise."""
    with context.transaction(name) as card:
        if not is_storage_atr(card.atr()):
            raise CardUnknown("ATR")
        image = read_image(card.transmit)
    try:
        return decode_storage(image)
    finally:
        wipe(image)


def _choose(names: list[str], wanted: str) -> str:
    """Return the reader of that name, or the only one whose name contains it."""
    if wanted in names:
        return wanted
    found = [name for name in names if wanted in name]
    if len(found) != 1:
        raise ReaderLost("no reader of that name" if not found else "reader name not unique")
    return found[0]


def _check(code: int, step: str) -> None:
    """Raise what a PC/SC return code other than success means."""
    if code != scard.SCARD_S_SUCCESS:
        raise _ERRORS.get(code, ReaderLost)(f"{step} returned {code & 0xFFFFFFFF:08X}")


@contextlib.contextmanager
def _established() -> "Iterator[_Context]":
    code, handle = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    _check(code, "establish")
    try:
        yield _Context(handle)
    finally:
        scard.SCardReleaseContext(handle)


class _Context:
    """A PC/SC context."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def readers(self) -> list[str]:
        code, names = scard.SCardListReaders(self._handle, [])
        _check(code, "list readers")
        return list(names)

    def wait(self, name: str, state: int, milliseconds: int) -> int | None:
        """Wait for a reader's state to differ from ``state``; None if it did not."""
        code, states = scard.SCardGetStatusChange(self._handle, milliseconds, [(name, state)])
        if code in _QUIET:
            return None
        _check(code, "status")
        after: int = states[0][1]
        if after & _GONE:
            raise ReaderLost("reader state")
        return after if after != state else None

    def cancel(self) -> None:
        scard.SCardCancel(self._handle)

    @contextlib.contextmanager
    def transaction(self, name: str) -> "Iterator[_Card]":
        """Connect shared and hold the card for one transaction; always lets go of both."""
        code, handle, protocol = scard.SCardConnect(
            self._handle,
            name,
            scard.SCARD_SHARE_SHARED,
            scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1,
        )
        _check(code, "connect")
        try:
            _check(scard.SCardBeginTransaction(handle), "transaction")
            try:
                yield _Card(handle, protocol)
            finally:
                scard.SCardEndTransaction(handle, scard.SCARD_LEAVE_CARD)
        finally:
            scard.SCardDisconnect(handle, scard.SCARD_LEAVE_CARD)


class _Card:
    """A connected card."""

    def __init__(self, handle: int, protocol: int) -> None:
        self._handle = handle
        self._pci = scard.SCARD_PCI_T1 if protocol & scard.SCARD_PROTOCOL_T1 else scard.SCARD_PCI_T0

    def atr(self) -> bytes:
        status = scard.SCardStatus(self._handle)
        _check(status[0], "card status")
        return bytes(status[4])

    def transmit(self, apdu: bytes) -> bytes:
        """Send one APDU; an empty answer means that the card went in the middle of it."""
        code, answer = scard.SCardTransmit(self._handle, self._pci, list(apdu))
        _check(code, "transmit")
        return bytes(answer)
