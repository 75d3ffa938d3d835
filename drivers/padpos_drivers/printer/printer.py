"""The label printer as the terminal sees it: a status, and a print that never lies.

What a print may claim, and what follows from it:

- BLOCKED: not one byte of the label was accepted. Trying again cannot make a second label.
- PRINTED: the printer answered this job's process id on this job's connection.
- UNKNOWN: everything else. This class never sends a label again by itself; a person decides.

After an UNKNOWN the printer may still wait for the rest of a raster, and would swallow the next
label as part of the last. The next print (or `clear`) therefore first fills that raster up, cuts,
and waits for the printer to say that it has come so far: a half-printed or blank piece of waste
comes out before the next label, never joined to it.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from . import commands
from .errors import (
    PrinterBusy,
    PrinterFault,
    PrinterNotReady,
    PrinterUnreachable,
    Reason,
)
from .escpos import DEFAULT_DIALECT, Dialect, encode, longest_raster, recovery
from .job import Delivery, Line, PrintOutcome, PrintResult, trouble_of
from .raster import MonoRaster
from .status import Message, PrinterStatus, ProcessIdDone, QueuedAnswer
from .transport import TransportFactory

MAX_PROCESS_ID = 9999


class LabelPrinter(Protocol):
    """What the counter needs of a printer. Calls block; one thread at a time gets the device."""

    def status(self, timeout: float = 2.0) -> PrinterStatus:
        """What the printer says about itself now; raises PrinterFault if it says nothing."""

    def encoded(self, raster: MonoRaster) -> bytes:
        """The bytes the next `print` of this picture would send; raises RasterError."""

    def print(
        self,
        raster: MonoRaster,
        on_first_byte: Callable[[], None] | None = None,
        timeout: float = 30.0,
    ) -> PrintResult:
        """Print one label; raises RasterError for a picture that does not fit."""

    def clear(self, timeout: float = 10.0) -> None:
        """Push out whatever an interrupted print left in the printer; raises PrinterFault."""


class EscposPrinter:
    """A LabelPrinter that speaks ESC/POS over any transport; one connection per job.

    `start_id` is the next process id (1 to 9999, then 1 again); `on_next_id` is told the one
    after it before a label is sent, so that ids go on rising after a restart. `recover_first`
    says that the last print before this object was not confirmed. `grace` is how long (s) a
    printer may be in trouble in the middle of a label before the job ends.
    """

    def __init__(
        self,
        open_line: TransportFactory,
        *,
        dialect: Dialect = DEFAULT_DIALECT,
        start_id: int = 1,
        on_next_id: Callable[[int], None] | None = None,
        recover_first: bool = False,
        connect_timeout: float = 3.0,
        preflight_timeout: float = 2.0,
        recovery_timeout: float = 10.0,
        grace: float = 3.0,
    ) -> None:
        if not 1 <= start_id <= MAX_PROCESS_ID:
            raise ValueError(f"a process id is 1 to {MAX_PROCESS_ID}, not {start_id}")
        self._open_line = open_line
        self._dialect = dialect
        self._next_id = start_id
        self._on_next_id = on_next_id
        self._needs_recovery = recover_first
        self._connect_timeout = connect_timeout
        self._preflight_timeout = preflight_timeout
        self._recovery_timeout = recovery_timeout
        self._grace = grace
        self._in_use = threading.Lock()
        commands.initialise()  # loads python-escpos now instead of in the first customer's label

    @property
    def needs_recovery(self) -> bool:
        """Whether the next print begins by pushing out what the last one left."""
        return self._needs_recovery

    def status(self, timeout: float = 2.0) -> PrinterStatus:
        """Ask DLE EOT 1 to 4 within `timeout` seconds.

        Raises PrinterUnreachable, PrinterSilent, PrinterBusy (a print is running) or
        ConnectionLost.
        """
        deadline = time.monotonic() + timeout
        with self._held(deadline), self._line(deadline) as line:
            return line.ask_status(deadline)

    def encoded(self, raster: MonoRaster) -> bytes:
        """The bytes the next `print` of this picture would send, id included.

        Raises RasterError when it is wider than the head.
        """
        return encode(raster, f"{self._next_id:04d}", self._dialect)

    def print(
        self,
        raster: MonoRaster,
        on_first_byte: Callable[[], None] | None = None,
        timeout: float = 30.0,
    ) -> PrintResult:
        """Print one label and wait at most `timeout` seconds for the printer's word.

        `on_first_byte` is called once, just before the first label byte is handed over: the last
        moment to note that a paper may exist. If it raises, nothing was sent, and its exception
        goes to the caller. So does RasterError; every trouble with the printer is in the result.
        """
        started = time.monotonic()
        deadline = started + timeout
        delivery: Delivery | None = None
        try:
            with self._held(deadline):
                data = self.encoded(raster)
                with self._line(deadline) as line:
                    self._make_ready(line, deadline)
                    delivery = self._deliver(line, data, on_first_byte, deadline)
                    reason = self._finish(line, delivery)
        except PrinterFault as fault:
            reason = fault.reason
        return _result(reason, delivery, started)

    def clear(self, timeout: float = 10.0) -> None:
        """Fill up an interrupted raster, cut the waste off, and wait until that is done.

        Raises PrinterFault when the printer is not fit for it, or does not confirm.
        """
        deadline = time.monotonic() + timeout
        with self._held(deadline), self._line(deadline) as line:
            self._needs_recovery = True
            self._make_ready(line, deadline)

    @contextmanager
    def _held(self, deadline: float) -> Iterator[None]:
        if not self._in_use.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise PrinterBusy
        try:
            yield
        finally:
            self._in_use.release()

    @contextmanager
    def _line(self, deadline: float) -> Iterator[Line]:
        left = deadline - time.monotonic()
        if left <= 0:
            raise PrinterUnreachable
        transport = self._open_line(min(left, self._connect_timeout))
        try:
            yield Line(transport)
        finally:
            transport.close()

    def _make_ready(self, line: Line, deadline: float) -> None:
        """Preflight, and recovery if the last job needs it; raises PrinterFault."""
        status = line.ask_status(min(deadline, time.monotonic() + self._preflight_timeout))
        if trouble := trouble_of(status):
            raise PrinterNotReady(trouble)
        if not self._needs_recovery:
            return
        delivery = Delivery(
            line=line,
            data=recovery(longest_raster(self._dialect)),
            confirms=lambda message: isinstance(message, QueuedAnswer),
            deadline=min(deadline, time.monotonic() + self._recovery_timeout),
            grace=self._grace,
        )
        reason = delivery.run()
        if reason is not Reason.PRINTED:
            raise PrinterNotReady(reason)
        self._needs_recovery = False

    def _deliver(
        self,
        line: Line,
        data: bytes,
        on_first_byte: Callable[[], None] | None,
        deadline: float,
    ) -> Delivery:
        process_id = f"{self._next_id:04d}"
        self._next_id = self._next_id % MAX_PROCESS_ID + 1
        if self._on_next_id:
            self._on_next_id(self._next_id)
        if on_first_byte:
            on_first_byte()

        def confirms(message: Message) -> bool:
            return isinstance(message, ProcessIdDone) and message.process_id == process_id

        return Delivery(line, data, confirms, deadline, self._grace)

    def _finish(self, line: Line, delivery: Delivery) -> Reason:
        self._needs_recovery = True  # whatever happens in run(), even an interrupt
        reason = delivery.run()
        self._needs_recovery = reason is not Reason.PRINTED and delivery.accepted > 0
        if reason is not Reason.PRINTED:
            # What the operating system still holds must not become a label later.
            line.transport.abort()
        return reason


def _result(reason: Reason, delivery: Delivery | None, started: float) -> PrintResult:
    accepted = delivery.accepted if delivery else 0
    first = delivery.first_byte_at if delivery else None
    if reason is Reason.PRINTED:
        outcome = PrintOutcome.PRINTED
    else:
        outcome = PrintOutcome.UNKNOWN if accepted else PrintOutcome.BLOCKED
    return PrintResult(
        outcome=outcome,
        bytes_accepted=accepted,
        reason=reason,
        milliseconds_to_first_byte=None if first is None else (first - started) * 1000,
        milliseconds=(time.monotonic() - started) * 1000,
    )
