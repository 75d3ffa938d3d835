"""What can go wrong between the terminal and its label printer.

Messages are for the person at the counter: what happened, what to do next. None of them holds
anything of what was to be printed.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Why a job ended as it did: a code for logs, entries and the screen's own words."""

    PRINTED = "printed"
    PAPER_OUT = "paper-out"
    COVER_OPEN = "cover-open"
    PRINTER_ERROR = "printer-error"
    OFFLINE = "offline"
    SILENT = "silent"
    UNREACHABLE = "unreachable"
    BUSY = "busy"
    CONNECTION_LOST = "connection-lost"
    STALLED = "stalled"
    """The printer stopped taking bytes, and did not say why."""
    NO_CONFIRMATION = "no-confirmation"
    """Every byte was taken, but the printer never said that it printed them."""


_ADVICE = {
    Reason.PAPER_OUT: "The label printer is out of paper: load a new roll.",
    Reason.COVER_OPEN: "The label printer's cover is open: close it.",
    Reason.PRINTER_ERROR: "The label printer reports an error: see its lamp, then restart it.",
    Reason.OFFLINE: "The label printer is offline: see its panel.",
    Reason.SILENT: "The label printer does not answer: switch it off and on again.",
    Reason.UNREACHABLE: "The label printer cannot be reached: check power and cable.",
    Reason.BUSY: "The label printer is still busy with the previous label: wait for it.",
    Reason.CONNECTION_LOST: "The connection to the label printer was lost: check power and cable.",
    Reason.STALLED: "The label printer stopped in the middle: see its panel.",
    Reason.NO_CONFIRMATION: "The label printer did not confirm: look whether the label came out.",
}


class PrinterError(Exception):
    """The root of everything this package raises."""


class RasterError(PrinterError, ValueError):
    """A picture that cannot be printed as it is: wrong size, wrong data, too wide for the head."""


class PrinterFault(PrinterError):
    """The printer or the line to it is not fit to print; `reason` says why."""

    reason: Reason

    def __init__(self, reason: Reason) -> None:
        super().__init__(_ADVICE[reason])
        self.reason = reason


class PrinterUnreachable(PrinterFault):
    """No connection could be made."""

    def __init__(self) -> None:
        super().__init__(Reason.UNREACHABLE)


class PrinterSilent(PrinterFault):
    """A connection was made, but the printer did not answer a status question in time."""

    def __init__(self) -> None:
        super().__init__(Reason.SILENT)


class PrinterBusy(PrinterFault):
    """Another call is using the printer and did not finish in time."""

    def __init__(self) -> None:
        super().__init__(Reason.BUSY)


class ConnectionLost(PrinterFault):
    """The connection ended while it was in use."""

    def __init__(self) -> None:
        super().__init__(Reason.CONNECTION_LOST)


class PrinterNotReady(PrinterFault):
    """The printer answers, but says itself that it cannot print now."""
