"""The training watermark: large words in light dots, drawn once per size and kept."""

from functools import lru_cache

from PIL import Image, ImageChops, ImageDraw

from .fonts import font

_PERIOD = 5  # one dot in five, set like a knight's move: an even grey without lines


@lru_cache(maxsize=8)
def watermark(
    size: tuple[int, int], text: str, dots: int, degrees: float, middles: tuple[int, ...]
) -> Image.Image:
    """A mode "1" mask (white = burn) with `text` aslant, centred on each row of `middles`."""
    width, height = size
    face = font(dots, True)
    left, top, right, bottom = face.getbbox(text)
    word = Image.new("L", (int(right - left), int(bottom - top)), 0)
    ImageDraw.Draw(word).text((-left, -top), text, font=face, fill=255)
    turned = word.rotate(degrees, expand=True, resample=Image.Resampling.BILINEAR)
    sheet = Image.new("L", (width, height), 0)
    for middle in middles:
        sheet.paste(turned, ((width - turned.width) // 2, middle - turned.height // 2), turned)
    solid = sheet.point(lambda grey: 255 if grey > 127 else 0).convert("1")
    return ImageChops.logical_and(solid, _grey(width, height))


def _grey(width: int, height: int) -> Image.Image:
    rows = [
        bytes(255 if (x + 2 * y) % _PERIOD == 0 else 0 for x in range(width))
        for y in range(_PERIOD)
    ]
    data = b"".join(rows) * (height // _PERIOD + 1)
    return Image.frombytes("L", (width, height), data[: width * height]).convert("1")
