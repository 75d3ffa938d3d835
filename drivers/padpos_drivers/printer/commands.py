"""The few ESC/POS commands a label needs, apart from its raster.

python-escpos spells those it gets right; the rest follows the Epson ESC/POS reference. Its
import reads a profile database, sets up the root logger and leaves a directory behind, so it
happens once, when a printer is set up, and is tidied up. Its own database takes a fifth of a second
of every start to parse; ours has the one profile that is used.
"""

import functools
import os
import shutil
from pathlib import Path

_DATABASE, _CACHE = "ESCPOS_CAPABILITIES_FILE", "ESCPOS_CAPABILITIES_PICKLE_DIR"

REAL_TIME_QUESTIONS = (1, 2, 3, 4)
"""DLE EOT n: printer, cause of being offline, error, roll paper."""

CLOSE_COMMAND = bytes(16)
"""NULs that end whatever command a broken line cut short; on their own they mean nothing.

Sent before the first question on a line: the bytes of DLE EOT are parameters too, and four of
them in an unfinished raster header would make a raster of megabytes.
"""

QUEUED_STATUS = b"\x1dr\x01"
"""GS r 1: answered when everything before it has been processed."""

AUTO_STATUS = b"\x1da\x0e"
"""GS a: push the status when online state, errors or the roll sensors change."""


@functools.cache
def initialise() -> bytes:
    """ESC @: empty the line buffer, back to default modes."""
    return _spelled("hw", "INIT")


@functools.cache
def feed_and_cut() -> bytes:
    """GS V 66 0: feed the paper to the cutter and cut."""
    # Not cut(): that one adds six lines of paper before a cut at the head.
    return _spelled("cut", feed=False)


@functools.cache
def feed_lines(lines: int) -> bytes:
    """ESC d n: feed `lines` text lines (0-255)."""
    return _spelled("print_and_feed", lines)


def ask(question: int) -> bytes:
    """DLE EOT n: ask for a status byte, answered at once even while offline."""
    return bytes((0x10, 0x04, question))


def motion_units(dots_per_inch: int) -> bytes:
    """GS P x y: feed in steps of one dot (some label heads count half dots by default)."""
    return bytes((0x1D, 0x50, dots_per_inch, dots_per_inch))


def feed_dots(dots: int) -> bytes:
    """ESC J n, as often as needed: feed `dots` blank rows."""
    full, rest = divmod(dots, 255)
    return b"\x1bJ\xff" * full + (bytes((0x1B, 0x4A, rest)) if rest else b"")


def raster_header(row_bytes: int, rows: int) -> bytes:
    """GS v 0: the head of a raster of `rows` rows (1-255) of `row_bytes` bytes (1-255)."""
    return bytes((0x1D, 0x76, 0x30, 0, row_bytes, 0, rows, 0))


def report_process_id(process_id: str) -> bytes:
    """GS ( H fn 48: answer `37 22 id 00` once everything before has been printed.

    `process_id` is four digits. Printers without the command skip it by its length.
    """
    return b"\x1d(H\x06\x0000" + process_id.encode("ascii")


def _spelled(method: str, *arguments: object, **options: object) -> bytes:
    dummy = _dummy_class()()
    getattr(dummy, method)(*arguments, **options)
    return bytes(dummy.output)


@functools.cache
def _dummy_class() -> type:
    if os.environ.keys() & {_DATABASE, _CACHE}:  # somebody's own, to be left as it is
        return _imported()
    os.environ[_DATABASE] = str(Path(__file__).with_name("profile.json"))
    try:
        return _imported()
    finally:
        del os.environ[_DATABASE]


def _imported() -> type:
    # Here and not above: see the module's docstring.
    from escpos import capabilities, printer  # noqa: PLC0415

    if _CACHE not in os.environ:
        shutil.rmtree(capabilities.pickle_dir, ignore_errors=True)
    dummy: type = printer.Dummy
    return dummy
