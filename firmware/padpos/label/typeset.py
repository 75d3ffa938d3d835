"""Text into lines: cleaned, checked for glyphs, shrunk until it fits, cut as the last resort."""

import unicodedata
from dataclasses import dataclass, field

from .errors import LabelError
from .fonts import advance, has_glyph
from .layout import Style

LINE_HEIGHT = 1.25
"""Distance of two baselines, in ems."""

_CUT = "…"
_STEP = 2  # dots by which a text shrinks
_LONGEST = 400  # signs; no box shows more, and measuring them costs time
_NOT_FIRST = "，。、；：！？）》」』】…·%"


@dataclass(frozen=True, slots=True)
class Setting:
    """A text as it will stand: its lines, the em in dots, and whether something was cut off."""

    lines: tuple[str, ...] = field(repr=False)
    dots: int
    cut: bool


def clean(text: str) -> str:
    """`text` as one line: white space of any kind is one space, controls and marks of direction go.

    Characters are composed (NFC) but not replaced by look-alikes: a surname keeps its own form.
    """
    kept = []
    for sign in unicodedata.normalize("NFC", text[: 4 * _LONGEST]):
        category = unicodedata.category(sign)
        if sign.isspace() or category in ("Zs", "Zl", "Zp"):
            kept.append(" ")
        elif category not in ("Cc", "Cf") and not _is_variation_selector(sign):
            kept.append(sign)
    return " ".join("".join(kept).split())[:_LONGEST]


def check_glyphs(text: str, bold: bool, where: str) -> None:
    """Raise LabelError when the typeface cannot draw a character; `where` names the field."""
    for sign in text:
        if unicodedata.category(sign)[0] == "M" or not has_glyph(sign, bold):
            raise LabelError(
                "no-glyph",
                f"面单无法打印其中的字符（{where}），请改写",
                f"The label cannot show a character ({where}); write it another way.",
            )


def width(text: str, dots: int, bold: bool) -> float:
    """Width of one line in dots."""
    return sum(advance(sign, dots, bold) for sign in text)


def fit(text: str, style: Style, box: tuple[int, int], dots_per_mm: int, where: str) -> Setting:
    """Set clean `text` in a box of (width, height) dots.

    LabelError when it may not be cut and does not fit even at its least size.
    """
    least = round(style.least * dots_per_mm)
    dots = round(style.size * dots_per_mm)
    while True:
        room = max(1, min(style.lines, int((box[1] - dots) / (dots * LINE_HEIGHT)) + 1))
        lines = _wrap(text, dots, style.bold, box[0])
        if len(lines) <= room:
            return Setting(tuple(lines), dots, False)
        if dots <= least:
            break
        dots = max(least, dots - _STEP)
    if not style.may_cut:
        raise LabelError(
            "too-long",
            f"内容过长，面单放不下（{where}）",
            f"A text is too long for the label ({where}).",
        )
    return Setting(
        (*lines[: room - 1], _cut(lines[room - 1], dots, style.bold, box[0])), dots, True
    )


def _wrap(text: str, dots: int, bold: bool, limit: int) -> list[str]:
    """Lines no wider than `limit`, broken at a space inside Latin words, else anywhere."""
    lines, line, used = [], "", 0.0
    for sign in text:
        step = advance(sign, dots, bold)
        if line and used + step > limit:
            head, line = _break(line, sign)
            lines.append(head)
            used = width(line, dots, bold)
        if line or sign != " ":
            line += sign
            used += step
    return [*lines, line]


def _break(line: str, following: str) -> tuple[str, str]:
    space = line.rfind(" ")
    inside_word = following.isascii() and following.isalnum() and line[-1].isascii()
    if inside_word and space > len(line) // 2:
        return line[:space], line[space + 1 :]
    if following in _NOT_FIRST and len(line) > 1:
        return line[:-1], line[-1]
    return line.rstrip(), ""


def _cut(line: str, dots: int, bold: bool, limit: int) -> str:
    while line and width(line + _CUT, dots, bold) > limit:
        line = line[:-1]
    return line + _CUT


def _is_variation_selector(sign: str) -> bool:
    return "\ufe00" <= sign <= "\ufe0f" or "\U000e0100" <= sign <= "\U000e01ef"
