"""Drawn parcels: an open box on the tray, with things in it, never twice the same."""

from __future__ import annotations

import io
import random

from PIL import Image, ImageDraw, ImageFilter

STILL = (2304, 1296)
PREVIEW = (640, 360)
_THINGS = ((196, 62, 58), (62, 120, 180), (232, 190, 70), (90, 150, 90), (150, 100, 170))


def draw(seed: int, size: tuple[int, int], *, covered: bool = False) -> Image.Image:
    """The tray as the camera sees it; `seed` is the parcel."""
    if covered:
        return Image.new("RGB", size, (9, 8, 8))
    chance = random.Random(seed)  # noqa: S311 - a drawing
    image = Image.new("RGB", PREVIEW, (118, 122, 124))
    pen = ImageDraw.Draw(image)
    for x in range(0, PREVIEW[0], 40):
        pen.line((x, 0, x, PREVIEW[1]), fill=(108, 112, 114))
    left, top = chance.randint(80, 140), chance.randint(40, 70)
    right, bottom = PREVIEW[0] - left, PREVIEW[1] - top
    pen.rectangle((left - 14, top - 14, right + 14, bottom + 14), fill=(171, 128, 80))
    pen.rectangle((left, top, right, bottom), fill=(112, 80, 48))
    for _ in range(chance.randint(4, 7)):
        _thing(pen, chance, (left, top, right, bottom))
    return _grain(image.resize(size, Image.Resampling.BICUBIC), chance)


def jpeg(image: Image.Image) -> bytes:
    """JPEG bytes at the evidence quality."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def _thing(pen: ImageDraw.ImageDraw, chance: random.Random, box: tuple[int, ...]) -> None:
    left, top, right, bottom = box
    x, y = chance.randint(left, right - 90), chance.randint(top, bottom - 70)
    area = (x, y, x + chance.randint(40, 90), y + chance.randint(30, 70))
    colour = chance.choice(_THINGS)
    shape = chance.choice((pen.rectangle, pen.ellipse))
    shape(area, fill=colour, outline=(30, 30, 30), width=2)


def _grain(image: Image.Image, chance: random.Random) -> Image.Image:
    noise = Image.frombytes("L", (256, 144), chance.randbytes(256 * 144)).resize(image.size)
    return Image.blend(image, noise.convert("RGB"), 0.04).filter(ImageFilter.SHARPEN)
