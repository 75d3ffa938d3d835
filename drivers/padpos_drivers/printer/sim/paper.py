"""The roll of paper in the simulated printer, and the pieces that leave it."""

from dataclasses import asdict, dataclass
from pathlib import Path

from PIL import Image

WASTE_BELOW_DOTS = 200
"""A piece with fewer black dots than this is nobody's label."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of paper that left the printer.

    `rows` are packed rows of the full head width, 1 = black. `complete` means that it began at a
    cut and ended with one: not torn off, not the end or the start of a roll.
    """

    number: int
    rows: tuple[bytes, ...]
    commands: bytes
    complete: bool

    @property
    def black(self) -> int:
        """Burnt dots."""
        return sum(int.from_bytes(row).bit_count() for row in self.rows)

    def image(self, width: int) -> Image.Image:
        """The piece as a mode "1" image, `width` dots wide, 0 = black."""
        return Image.frombytes("1", (width, len(self.rows)), b"".join(self.rows), "raw", "1;I")


@dataclass(frozen=True, slots=True)
class PaperReport:
    """What the control socket tells about a piece; the names are file names."""

    n: int
    png: str
    escpos: str
    rows: int
    complete: bool
    waste: bool
    black: int

    def as_json(self) -> dict[str, object]:
        """The same as a JSON object."""
        return asdict(self)


class Roll:
    """Endless paper under a head of `width` dots; also remembers the bytes that made each piece."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.pieces: list[Piece] = []
        self.consumed = bytearray()
        self._rows: list[bytes] = []
        self._whole = True

    @property
    def row_bytes(self) -> int:
        """Bytes in a row of the full width."""
        return (self.width + 7) // 8

    @property
    def rows(self) -> int:
        """Rows burnt or fed since the last cut."""
        return len(self._rows)

    def append(self, row: bytes) -> None:
        """One step of the motor with these dots under the head; what lies beyond it is lost."""
        fitted = bytearray(row[: self.row_bytes].ljust(self.row_bytes, b"\0"))
        if self.width % 8:
            fitted[-1] &= 0xFF00 >> (self.width % 8) & 0xFF
        self._rows.append(bytes(fitted))

    def cut(self) -> Piece | None:
        """The cutter: the piece that falls off, or None when no paper moved since the last cut."""
        return self._take_off(complete=self._whole, next_is_whole=True)

    def tear(self) -> Piece | None:
        """A hand: the piece is torn off, and is not complete whatever is on it."""
        piece = self._take_off(complete=False, next_is_whole=True)
        self.consumed = bytearray()
        return piece

    def change(self) -> Piece | None:
        """A new roll: what was under way is torn, and goes on, without its start, on new paper."""
        under_way = bool(self._rows)
        return self._take_off(complete=False, next_is_whole=not under_way)

    def _take_off(self, *, complete: bool, next_is_whole: bool) -> Piece | None:
        self._whole = next_is_whole
        if not self._rows:
            return None
        piece = Piece(len(self.pieces) + 1, tuple(self._rows), bytes(self.consumed), complete)
        self.pieces.append(piece)
        self._rows = []
        self.consumed = bytearray()
        return piece


def save(piece: Piece, width: int, folder: Path) -> PaperReport:
    """Write `NNN.png` (as burnt, 1-bit) and `NNN.escpos` (the bytes since the last cut)."""
    report = PaperReport(
        n=piece.number,
        png=f"{piece.number:03d}.png",
        escpos=f"{piece.number:03d}.escpos",
        rows=len(piece.rows),
        complete=piece.complete,
        waste=piece.black < WASTE_BELOW_DOTS,
        black=piece.black,
    )
    (folder / report.escpos).write_bytes(piece.commands)
    piece.image(width).save(folder / report.png)
    return report
