"""The one-bit picture a thermal head burns: what a label layout hands to a printer."""

from dataclasses import dataclass
from typing import Self

from PIL import Image

from .errors import RasterError

MAX_SIDE = 65_535
"""Longest side in dots; more than any command or any roll of labels takes."""

_INVERT = bytes(255 - byte for byte in range(256))


@dataclass(frozen=True, slots=True)
class MonoRaster:
    """Rows of dots, packed eight to a byte.

    `width` and `height` are in dots (8 dots/mm on a 203 dpi head). `data` holds the rows from top
    to bottom, each `row_bytes` long, leftmost dot in the most significant bit, 1 = black. Bits
    beyond `width` in the last byte of a row are 0, so equal pictures are equal values.

    Raises RasterError when the numbers and the data do not agree.
    """

    width: int
    height: int
    data: bytes

    def __post_init__(self) -> None:
        if not (1 <= self.width <= MAX_SIDE and 1 <= self.height <= MAX_SIDE):
            raise RasterError(f"A raster of {self.width} x {self.height} dots cannot be printed.")
        expected = self.row_bytes * self.height
        if len(self.data) != expected:
            raise RasterError(f"The raster holds {len(self.data)} bytes instead of {expected}.")
        if self._padding and any(
            last & self._padding for last in self.data[self.row_bytes - 1 :: self.row_bytes]
        ):
            raise RasterError("The raster has black dots beyond its right edge.")

    def __repr__(self) -> str:
        # The data is a label: whatever is printed on it stays out of logs.
        return f"MonoRaster(width={self.width}, height={self.height})"

    @property
    def row_bytes(self) -> int:
        """Bytes in one row."""
        return (self.width + 7) // 8

    @property
    def _padding(self) -> int:
        return (1 << (self.row_bytes * 8 - self.width)) - 1

    def row(self, y: int) -> bytes:
        """Row `y` (0 = top), packed; IndexError outside of the picture."""
        if not 0 <= y < self.height:
            raise IndexError(y)
        return self.data[y * self.row_bytes : (y + 1) * self.row_bytes]

    def dot(self, x: int, y: int) -> bool:
        """Whether the dot at column `x`, row `y` is black; IndexError outside of the picture."""
        if not 0 <= x < self.width:
            raise IndexError(x)
        return bool(self.row(y)[x >> 3] & (0x80 >> (x & 7)))

    @classmethod
    def from_image(cls, image: Image.Image) -> Self:
        """Pack a Pillow image of mode "1" (0 = black, as Pillow draws it).

        Other modes raise RasterError: how grey becomes black or white is the layout's choice,
        and dithering blurs text and bar codes.
        """
        if image.mode != "1":
            raise RasterError(f'A label is drawn in mode "1", not "{image.mode}".')
        width, height = image.size
        row_bytes = (width + 7) // 8
        packed = bytearray(image.tobytes().translate(_INVERT))
        if width % 8:
            keep = 0xFF00 >> (width % 8) & 0xFF
            last = packed[row_bytes - 1 :: row_bytes]
            packed[row_bytes - 1 :: row_bytes] = bytes(byte & keep for byte in last)
        return cls(width, height, bytes(packed))

    def to_image(self) -> Image.Image:
        """The same picture as a Pillow image of mode "1" (0 = black)."""
        return Image.frombytes("1", (self.width, self.height), self.data.translate(_INVERT))
