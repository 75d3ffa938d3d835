"""Label printers: one interface, the ESC/POS driver, and its simulator (`sim`)."""

from .errors import (
    ConnectionLost,
    PrinterBusy,
    PrinterError,
    PrinterFault,
    PrinterNotReady,
    PrinterSilent,
    PrinterUnreachable,
    RasterError,
    Reason,
)
from .escpos import Dialect, scrubbed
from .job import PrintOutcome, PrintResult
from .printer import EscposPrinter, LabelPrinter
from .raster import MonoRaster
from .status import Paper, PrinterStatus
from .transport import TcpPrinterAddress, TcpTransport, Transport, TransportFactory

__all__ = [
    "ConnectionLost",
    "Dialect",
    "EscposPrinter",
    "LabelPrinter",
    "MonoRaster",
    "Paper",
    "PrintOutcome",
    "PrintResult",
    "PrinterBusy",
    "PrinterError",
    "PrinterFault",
    "PrinterNotReady",
    "PrinterSilent",
    "PrinterStatus",
    "PrinterUnreachable",
    "RasterError",
    "Reason",
    "TcpPrinterAddress",
    "TcpTransport",
    "Transport",
    "TransportFactory",
    "scrubbed",
]
