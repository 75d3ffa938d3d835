"""From a one-bit picture to the bytes a label printer takes. Pure.

The picture goes out as GS v 0 bands of at most 255 rows (more is too much for many printers),
cut at blank rows, which are fed with ESC J instead, and trimmed at the right. A label is mostly
blank, so this halves the bytes; on a slow line that is the difference between a steady and a
stuttering head.

Real-time bytes. Many printers look for DLE EOT, DLE ENQ and DLE DC4 (10 04, 10 05, 10 14) even
inside a raster, and would answer a question nobody asked or clear their buffer. Where the pair
lies across two rows the band is split between them. Where both bytes are in one row, one dot is
burnt in addition: 10h becomes 18h. The 10h of such a pair is a stroke one dot wide with white on
both sides, which occurs in text and not in bar codes (their modules are wider), so the stroke
only gets one dot thicker in one row; taking a dot away could break it. `scrubbed()` gives the
picture as it will be burnt, for whoever audits it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from . import commands
from .errors import RasterError
from .raster import MonoRaster

MAX_BAND_ROWS = 255
MAX_ROW_BYTES = 255
SLICE_ROWS = 8
"""Bands grow in steps of this many rows, as long as that costs no bytes."""

_HEADER_BYTES = 8
_DLE = 0x10
_DLE_THICKENED = 0x18
_REAL_TIME = (b"\x10\x04", b"\x10\x05", b"\x10\x14")


@dataclass(frozen=True, slots=True)
class Dialect:
    """What differs between printers.

    `head_dots` is the width of the print head; `dots_per_inch` its pitch (203 = 8 dots/mm), or
    None for a printer that does not know GS P (ESC J must then count whole dots by itself).
    """

    head_dots: int = 832
    dots_per_inch: int | None = 203


DEFAULT_DIALECT = Dialect()


@dataclass(frozen=True, slots=True)
class Band:
    """Rows `top` to `bottom` (exclusive) of a picture, of which `row_bytes` from the left."""

    top: int
    bottom: int
    row_bytes: int

    @property
    def cost(self) -> int:
        """Bytes on the wire."""
        return _HEADER_BYTES + (self.bottom - self.top) * self.row_bytes


def encode(raster: MonoRaster, process_id: str, dialect: Dialect = DEFAULT_DIALECT) -> bytes:
    """The whole job: set up, picture, cut, and the request to report `process_id` when done.

    The id follows the cut: its answer then means that the label is out of the printer. Raises
    RasterError when the picture is wider than the head.
    """
    if raster.width > dialect.head_dots or raster.row_bytes > MAX_ROW_BYTES:
        raise RasterError(
            f"The label is {raster.width} dots wide, but the printer has {dialect.head_dots}."
        )
    parts = [commands.initialise(), commands.AUTO_STATUS]
    if dialect.dots_per_inch is not None:
        parts.append(commands.motion_units(dialect.dots_per_inch))
    parts.append(encode_picture(raster))
    parts += [commands.feed_and_cut(), commands.report_process_id(process_id)]
    return b"".join(parts)


def encode_picture(raster: MonoRaster) -> bytes:
    """The picture alone, with its real-time bytes scrubbed; feeds exactly its height."""
    picture = scrubbed(raster)
    parts: list[bytes] = []
    y = 0
    for band in bands(picture):
        parts.append(commands.feed_dots(band.top - y))
        parts.append(commands.raster_header(band.row_bytes, band.bottom - band.top))
        parts += [picture.row(row)[: band.row_bytes] for row in range(band.top, band.bottom)]
        y = band.bottom
    parts.append(commands.feed_dots(picture.height - y))
    return b"".join(parts)


def recovery(longest_band: int) -> bytes:
    """Bring a printer back that may be waiting for the rest of a raster, and push out the waste.

    `longest_band` is the longest raster it may be waiting for, in bytes. NULs fill it up, white;
    outside of a raster they mean nothing. Then ESC @, a short feed, a cut, and GS r 1, whose
    answer says that all this has been processed.
    """
    return b"".join(
        (
            bytes(longest_band + _HEADER_BYTES),
            commands.initialise(),
            commands.AUTO_STATUS,
            commands.feed_lines(2),
            commands.feed_and_cut(),
            commands.QUEUED_STATUS,
        )
    )


def longest_raster(dialect: Dialect = DEFAULT_DIALECT) -> int:
    """Bytes of the largest band this encoder can make for a head."""
    return MAX_BAND_ROWS * ((dialect.head_dots + 7) // 8)


def scrubbed(raster: MonoRaster) -> MonoRaster:
    """The picture as it is burnt: no row holds a real-time command (see the module)."""
    if not any(pair in raster.data for pair in _REAL_TIME):
        return raster
    data = bytearray(raster.data)
    width = raster.row_bytes
    for pair in _REAL_TIME:
        at = data.find(pair)
        while at >= 0:
            if at % width != width - 1:  # across two rows, the band is split instead
                data[at] = _DLE_THICKENED
            at = data.find(pair, at + 1)
    return MonoRaster(raster.width, raster.height, bytes(data))


def bands(picture: MonoRaster) -> Iterator[Band]:
    """The inked rows of a scrubbed picture as bands, from top to bottom."""
    widths = [len(picture.row(y).rstrip(b"\0")) for y in range(picture.height)]
    for top, bottom in _inked_runs(widths):
        for band in _merged(_slices(widths, top, bottom)):
            yield from _split_at_pairs(picture, widths, band)


def _inked_runs(widths: list[int]) -> Iterator[tuple[int, int]]:
    top: int | None = None
    for y, width in enumerate([*widths, 0]):
        if width and top is None:
            top = y
        elif not width and top is not None:
            yield top, y
            top = None


def _slices(widths: list[int], top: int, bottom: int) -> Iterator[Band]:
    for y in range(top, bottom, SLICE_ROWS):
        end = min(y + SLICE_ROWS, bottom)
        yield Band(y, end, max(widths[y:end]))


def _merged(slices: Iterator[Band]) -> Iterator[Band]:
    current = next(slices)
    for band in slices:
        union = Band(current.top, band.bottom, max(current.row_bytes, band.row_bytes))
        if union.bottom - union.top <= MAX_BAND_ROWS and union.cost <= current.cost + band.cost:
            current = union
        else:
            yield current
            current = band
    yield current


def _split_at_pairs(picture: MonoRaster, widths: list[int], band: Band) -> Iterator[Band]:
    """Split a band wherever DLE ends a row and the next row begins with a partner of it."""
    top, row_bytes = band.top, band.row_bytes
    for y in range(band.top, band.bottom - 1):
        pair = bytes((picture.row(y)[row_bytes - 1], picture.row(y + 1)[0]))
        if pair in _REAL_TIME:
            yield Band(top, y + 1, row_bytes)
            top, row_bytes = y + 1, max(widths[y + 1 : band.bottom])
    yield Band(top, band.bottom, row_bytes)
