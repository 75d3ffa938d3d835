"""One job on one open line: ask, send, and wait for the printer's word."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from . import commands
from .errors import ConnectionLost, PrinterSilent, Reason
from .status import (
    AutoStatus,
    Message,
    Paper,
    PrinterStatus,
    RealTimeAnswer,
    StatusParser,
    with_real_time,
)
from .transport import Transport

TURN_SECONDS = 0.5
"""Longest wait in one turn on the line, so that every limit below is looked at in time."""


class PrintOutcome(Enum):
    """What is known about the paper after a job. There is no fourth."""

    BLOCKED = "blocked"
    """Nothing of the label was accepted by the line: no paper, safe to try again."""
    PRINTED = "printed"
    """The printer itself said, on the same connection, that this very job is printed."""
    UNKNOWN = "unknown"
    """Anything else: no label, half of one, or a whole one. A person has to look."""


@dataclass(frozen=True, slots=True)
class PrintResult:
    """How a print ended. `bytes_accepted` counts label bytes taken by the line, not by the head.

    The times are counted from the call of `print`; there is none to the first byte when none was
    accepted.
    """

    outcome: PrintOutcome
    bytes_accepted: int
    reason: Reason
    milliseconds_to_first_byte: float | None
    milliseconds: float


def trouble_of(status: PrinterStatus) -> Reason | None:
    """Why a printer in this state does not print, the most useful cause first; None if it does."""
    if status.cover_open:  # before paper: many printers report both while the cover is open
        return Reason.COVER_OPEN
    if status.paper is Paper.OUT:
        return Reason.PAPER_OUT
    if status.error:
        return Reason.PRINTER_ERROR
    return None if status.online else Reason.OFFLINE


class Line:
    """A transport and the parser of what comes back on it."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self._parser = StatusParser()

    def turn(self, outgoing: memoryview, timeout: float) -> tuple[int, list[Message]]:
        """One exchange: bytes accepted, and the messages it completed. Raises ConnectionLost."""
        exchange = self.transport.exchange(outgoing, max(0.0, min(timeout, TURN_SECONDS)))
        return exchange.accepted, self._parser.feed(exchange.received)

    def ask_status(self, deadline: float) -> PrinterStatus:
        """DLE EOT 1 to 4, one after the other, because the answers look alike.

        `deadline` is on time.monotonic(). Raises PrinterSilent or ConnectionLost.
        """
        status = PrinterStatus()
        before = commands.CLOSE_COMMAND
        for question in commands.REAL_TIME_QUESTIONS:
            value = self._ask(before + commands.ask(question), deadline)
            status = with_real_time(status, question, value)
            before = b""
        return status

    def _ask(self, question: bytes, deadline: float) -> int:
        outgoing = memoryview(question)
        while (left := deadline - time.monotonic()) > 0:
            waiting_for_answer = not outgoing
            accepted, messages = self.turn(outgoing, left)
            outgoing = outgoing[accepted:]
            answers = [m.value for m in messages if isinstance(m, RealTimeAnswer)]
            if answers and waiting_for_answer:
                return answers[-1]
        raise PrinterSilent


@dataclass(slots=True)
class Delivery:
    """Bytes on their way, until the printer confirms them or something ends the wait.

    `confirms` recognises the printer's word for these bytes; it counts only once all of them were
    accepted. A printer that reports trouble (paper out, cover open) has `grace` seconds to get
    over it. After `run`, `accepted` and `first_byte_at` (time.monotonic()) tell how far it came.
    """

    line: Line
    data: bytes
    confirms: Callable[[Message], bool]
    deadline: float
    grace: float
    accepted: int = 0
    first_byte_at: float | None = None
    _confirmed: bool = False
    _trouble: Reason | None = None
    _trouble_since: float = 0.0

    def run(self) -> Reason:
        """Send and wait; PRINTED when confirmed, otherwise why not. Raises nothing."""
        outgoing = memoryview(self.data)
        while not self._confirmed:
            now = time.monotonic()
            if ended := self._ended(now):
                return ended
            limit = self.deadline
            if self._trouble:
                limit = min(limit, self._trouble_since + self.grace)
            try:
                accepted, messages = self.line.turn(outgoing[self.accepted :], limit - now)
            except ConnectionLost as lost:
                return lost.reason
            self._count(accepted)
            self._listen(messages)
        return Reason.PRINTED

    def _count(self, accepted: int) -> None:
        if accepted and self.first_byte_at is None:
            self.first_byte_at = time.monotonic()
        self.accepted += accepted

    def _listen(self, messages: list[Message]) -> None:
        for message in messages:
            if isinstance(message, AutoStatus):
                self._note_trouble(trouble_of(message.status))
            elif self.accepted == len(self.data) and self.confirms(message):
                self._confirmed = True

    def _note_trouble(self, trouble: Reason | None) -> None:
        if trouble and not self._trouble:
            self._trouble_since = time.monotonic()
        self._trouble = trouble

    def _ended(self, now: float) -> Reason | None:
        if self._trouble and now >= min(self.deadline, self._trouble_since + self.grace):
            return self._trouble
        if now < self.deadline:
            return None
        return Reason.NO_CONFIRMATION if self.accepted == len(self.data) else Reason.STALLED
