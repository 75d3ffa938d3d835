"""The vocabulary of a label's layout. All lengths are millimetres; sizes are of the type's em."""

from dataclasses import dataclass
from enum import Enum, auto


class Field(Enum):
    """What of a `LabelContent` a text box shows."""

    TITLE = auto()
    REPRINT = auto()
    ROUTE = auto()
    WAYBILL = auto()
    RECIPIENT_NAME = auto()
    RECIPIENT_PHONE = auto()
    RECIPIENT_ADDRESS = auto()
    SENDER_NAME = auto()
    SENDER_PHONE = auto()
    SENDER_ADDRESS = auto()
    CONTENTS = auto()
    WEIGHT = auto()
    WEIGHT_SOURCE = auto()
    MARK = auto()
    OUTLET = auto()
    AREA = auto()
    PRINTED_AT = auto()
    CAPTION = auto()
    """Fixed words of the form itself."""


class Align(Enum):
    """Where a line stands between the sides of its box."""

    LEFT = auto()
    CENTRE = auto()
    RIGHT = auto()


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: left and top edge from the label's corner, width, height."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Style:
    """How a text is set.

    It shrinks from `size` to `least`, over at most `lines` lines; what still does not fit is cut
    with … where `may_cut`, else the label is refused. `top` sets it at the top of its box, not
    in the middle; `inverse` is white on black.
    """

    size: float
    least: float
    lines: int = 1
    bold: bool = False
    align: Align = Align.LEFT
    may_cut: bool = True
    top: bool = False
    inverse: bool = False


@dataclass(frozen=True, slots=True)
class TextBox:
    """A text in its place; `text` is set only for captions."""

    field: Field
    box: Box
    style: Style
    text: str = ""


@dataclass(frozen=True, slots=True)
class MarksBox:
    """Marks in outlined boxes, set one after another and row under row; never cut."""

    box: Box
    style: Style
    padding: float
    gap: float


@dataclass(frozen=True, slots=True)
class Rule:
    """A horizontal line. There are no vertical ones: each would ink, and so send, every row."""

    x: float
    y: float
    width: float
    thickness: float


@dataclass(frozen=True, slots=True)
class BarcodeBox:
    """Code 128 with modules of `module_dots` dots, centred; the quiet zones lie inside the box."""

    box: Box
    module_dots: int


@dataclass(frozen=True, slots=True)
class QrBox:
    """A QR code with modules of `module_dots` dots; the quiet zone lies inside the box."""

    box: Box
    module_dots: int


@dataclass(frozen=True, slots=True)
class Watermark:
    """Words laid across the label in light dots, behind everything else."""

    text: str
    size: float
    degrees: float
    middles: tuple[float, ...]
    """Heights on which a copy is centred."""


@dataclass(frozen=True, slots=True)
class LabelTemplate:
    """One size of label."""

    name: str
    width: float
    height: float
    dots_per_mm: int
    texts: tuple[TextBox, ...]
    marks: MarksBox
    rules: tuple[Rule, ...]
    barcode: BarcodeBox
    label_code: QrBox
    training: Watermark

    def dots(self, length: float) -> int:
        """Millimetres in whole dots of the head."""
        return round(length * self.dots_per_mm)
