"""A slip of plain lines, for the day's end: no code, no mark, nobody's data."""

from PIL import Image, ImageDraw

from padpos_drivers.printer.raster import MonoRaster

from .fonts import font
from .templates import LABEL_100X180
from .typeset import check_glyphs, clean

MOST_LINES = 200
_EM_MM, _LINE_MM, _MARGIN_MM = 3.0, 4.25, 4.0
_WHITE, _BLACK = 1, 0


def slip(text: str) -> MonoRaster:
    """Lines under each other, as wide as a label; what is too wide is cut at the edge.

    Raises LabelError where a character has no glyph or the font is missing.
    """
    dots = LABEL_100X180.dots
    lines = [clean(line) for line in text.splitlines()[:MOST_LINES]]
    size = (dots(LABEL_100X180.width), dots(2 * _MARGIN_MM + _LINE_MM * len(lines)))
    image = Image.new("1", size, _WHITE)
    draw = ImageDraw.Draw(image)
    draw.fontmode = "1"
    for number, line in enumerate(lines):
        check_glyphs(line, False, "slip")
        at = (dots(_MARGIN_MM), dots(_MARGIN_MM + number * _LINE_MM))
        draw.text(at, line, font=font(dots(_EM_MM), False), fill=_BLACK)
    return MonoRaster.from_image(image)
