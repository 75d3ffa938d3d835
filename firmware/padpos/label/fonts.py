"""The typeface of the labels: Noto Sans CJK SC, from Debian's fonts-noto-cjk.

Its Simplified Chinese face holds the rare characters of surnames, which a printer's own fonts
lack. Fonts are kept once loaded; measuring and glyph checks are remembered.
"""

from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

from .errors import LabelError

FAMILY = "Noto Sans CJK SC"
PLACES = (
    Path("/usr/share/fonts/opentype/noto"),
    Path("/usr/share/fonts/noto-cjk"),
    Path("/usr/local/share/fonts"),
)
_FACES_IN_COLLECTION = 10
_NEVER_A_CHARACTER = "\uffff"
_CHECK_SIZE = 24


@lru_cache(maxsize=256)
def font(dots: int, bold: bool) -> ImageFont.FreeTypeFont:
    """The face at an em of `dots` dots; LabelError names the package to install if it is missing.

    Basic layout: nothing here needs shaping, and no sign may re-order its neighbours.
    """
    path, index = _face(bold)
    return ImageFont.truetype(path, dots, index=index, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=65_536)
def advance(sign: str, dots: int, bold: bool) -> float:
    """Width in dots that one character takes."""
    return font(dots, bold).getlength(sign)


@lru_cache(maxsize=65_536)
def has_glyph(sign: str, bold: bool) -> bool:
    """Whether the face draws this character as anything but its box for a missing one."""
    if 0xD800 <= ord(sign) <= 0xDFFF:
        return False
    return _drawn(sign, bold) != _drawn(_NEVER_A_CHARACTER, bold)


@lru_cache(maxsize=4_096)
def _drawn(sign: str, bold: bool) -> tuple[tuple[int, int], bytes]:
    mask = font(_CHECK_SIZE, bold).getmask(sign, mode="1")
    return mask.size, bytes(mask)


@lru_cache(maxsize=2)
def _face(bold: bool) -> tuple[str, int]:
    name = f"NotoSansCJK-{'Bold' if bold else 'Regular'}.ttc"
    for path in (place / name for place in PLACES):
        if not path.is_file():
            continue
        for index in range(_FACES_IN_COLLECTION):
            if ImageFont.truetype(path, 16, index=index).getname()[0] == FAMILY:
                return str(path), index
    raise LabelError(
        "no-font",
        f"缺少字体 {FAMILY}，请安装软件包 fonts-noto-cjk",
        f"The font {FAMILY} is missing; install the Debian package fonts-noto-cjk.",
    )
