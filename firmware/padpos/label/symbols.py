"""The two codes as black modules: Code 128 (ISO/IEC 15417) and QR (ISO/IEC 18004)."""

import barcode
import segno
from PIL import Image

from .errors import LabelError

QR_QUIET = 4
"""Modules of white around a QR code."""
CODE128_QUIET = 10
"""Modules of white on either side of a Code 128."""

_LARGEST_VERSION = 14  # 309 sealed bytes; formats §10


def code128_modules(text: str) -> str:
    """The bars of `text` as `1` and `0`, without quiet zones."""
    (modules,) = barcode.get("code128", text).build()
    return str(modules)


def code128(text: str, module_dots: int, height: int) -> Image.Image:
    """Bars of `height` dots with their quiet zones, mode "1"."""
    quiet = "0" * CODE128_QUIET
    row = bytes(0 if bar == "1" else 255 for bar in quiet + code128_modules(text) + quiet)
    line = Image.frombytes("L", (len(row), 1), row)
    return _enlarged(line, len(row) * module_dots, height)


def qr(text: str, module_dots: int) -> Image.Image:
    """`text` at error level M in the least version that holds it, with its quiet zone, mode "1".

    LabelError when the text is not alphanumeric in the sense of QR, or needs more than version 14.
    """
    try:
        code = segno.make(text, error="m", mode="alphanumeric", micro=False, boost_error=False)
    except ValueError as error:
        raise _unfit() from error
    if int(code.version) > _LARGEST_VERSION:
        raise _unfit()
    rows = list(code.matrix_iter(scale=1, border=QR_QUIET))
    side = len(rows)
    dots = b"".join(bytes(0 if module else 255 for module in row) for row in rows)
    return _enlarged(Image.frombytes("L", (side, side), dots), *[side * module_dots] * 2)


def _enlarged(modules: Image.Image, width: int, height: int) -> Image.Image:
    whole = modules.resize((width, height), Image.Resampling.NEAREST)
    return whole.convert("1", dither=Image.Dither.NONE)


def _unfit() -> LabelError:
    return LabelError(
        "label-code-unfit",
        "面单码无法生成，请重新封装",
        "The label code cannot be drawn as a QR code of the label; seal it again.",
    )
