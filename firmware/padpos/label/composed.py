"""A drawn label: the dots, and what was put where, for the audit and for the tests."""

from dataclasses import dataclass
from dataclasses import field as attribute
from enum import Enum, auto

from padpos_drivers.printer.raster import MonoRaster

from .layout import Field


class CodeKind(Enum):
    """The two codes on a label."""

    WAYBILL = auto()
    LABEL_CODE = auto()


@dataclass(frozen=True, slots=True)
class PlacedText:
    """A text on the label: whole as it was given (cleaned), the lines as set, place in dots."""

    field: Field
    text: str = attribute(repr=False)
    lines: tuple[str, ...] = attribute(repr=False)
    x: int
    y: int
    width: int
    height: int
    em: int
    cut: bool


@dataclass(frozen=True, slots=True)
class PlacedCode:
    """A code on the label, its quiet zone included, in dots."""

    kind: CodeKind
    text: str = attribute(repr=False)
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class ComposedLabel:
    """What goes to the audit and then to the printer."""

    raster: MonoRaster
    texts: tuple[PlacedText, ...]
    codes: tuple[PlacedCode, ...]
