"""A one-bit sheet on which texts, marks, rules and codes are put by their boxes in millimetres."""

from collections.abc import Iterable

from PIL import Image, ImageDraw

from padpos_drivers.printer.raster import MonoRaster

from . import symbols
from .composed import CodeKind, ComposedLabel, PlacedCode, PlacedText
from .errors import LabelError
from .fonts import font
from .layout import Align, Box, Field, LabelTemplate, MarksBox, Style, TextBox
from .typeset import LINE_HEIGHT, Setting, check_glyphs, clean, fit, width
from .watermark import watermark

_WHITE, _BLACK = 1, 0
_BASELINE = 0.88  # of the em: the height of Han characters over their baseline
_BORDER = 2  # dots of the line around a mark


class Canvas:
    """One label while it is drawn. Mode "1" throughout: nothing is ever dithered."""

    def __init__(self, template: LabelTemplate) -> None:
        self._template = template
        self._size = (template.dots(template.width), template.dots(template.height))
        self._image = Image.new("1", self._size, _WHITE)
        self._draw = ImageDraw.Draw(self._image)
        self._draw.fontmode = "1"
        self._texts: list[PlacedText] = []
        self._codes: list[PlacedCode] = []

    def training(self) -> None:
        """Lay the training watermark under everything drawn after it."""
        mark = self._template.training
        dots, middles = self._template.dots, mark.middles
        mask = watermark(
            self._size, mark.text, dots(mark.size), mark.degrees, tuple(map(dots, middles))
        )
        self._image.paste(_BLACK, (0, 0), mask)

    def rules(self) -> None:
        """Draw the template's horizontal lines."""
        for rule in self._template.rules:
            x, y, wide, thick = self._dots(Box(rule.x, rule.y, rule.width, rule.thickness))
            self._draw.rectangle((x, y, x + wide - 1, y + max(thick, 1) - 1), fill=_BLACK)

    def text(self, box: TextBox, text: str) -> None:
        """Put one text in its box; an empty one leaves the place white. LabelError as `fit`."""
        line = clean(text)
        if not line:
            return
        x, y, wide, high = self._dots(box.box)
        where = box.field.name.lower()
        check_glyphs(line, box.style.bold, where)
        setting = fit(line, box.style, (wide, high), self._template.dots_per_mm, where)
        if box.style.inverse:
            self._draw.rectangle((x, y, x + wide - 1, y + high - 1), fill=_BLACK)
        self._lines(setting, box.style, (x, y, wide, high))
        self._placed(box.field, line, setting, (x, y, wide, high))

    def marks(self, marks: Iterable[str]) -> None:
        """Put each mark in an outlined box; LabelError when they do not all fit."""
        place = self._template.marks
        lines = [line for line in map(clean, marks) if line]
        for line in lines:
            check_glyphs(line, True, "mark")
        dots, least = self._template.dots(place.style.size), self._template.dots(place.style.least)
        while dots >= least:
            boxes = self._flow(lines, place, dots)
            if boxes is not None:
                for line, box in zip(lines, boxes, strict=True):
                    self._mark(line, box, dots, place)
                return
            dots -= 2
        raise LabelError("too-long", "标识过多，面单放不下", "The marks do not fit on the label.")

    def codes(self, waybill: str, label_code: str) -> None:
        """Draw both codes, each on white. LabelError when one is wider than its box."""
        bars, square = self._template.barcode, self._template.label_code
        high = self._dots(bars.box)[3]
        self._code(
            CodeKind.WAYBILL, waybill, symbols.code128(waybill, bars.module_dots, high), bars.box
        )
        picture = symbols.qr(label_code, square.module_dots)
        self._code(CodeKind.LABEL_CODE, label_code, picture, square.box)

    def finished(self) -> ComposedLabel:
        """The label as it stands."""
        raster = MonoRaster.from_image(self._image)
        return ComposedLabel(raster, tuple(self._texts), tuple(self._codes))

    def _code(self, kind: CodeKind, text: str, picture: Image.Image, box: Box) -> None:
        x, y, wide, high = self._dots(box)
        if picture.width > wide or picture.height > high:
            raise LabelError(
                "code-too-wide",
                "条码过长，面单放不下",
                f"The {kind.name.lower().replace('_', ' ')} is too wide for the label.",
            )
        x, y = x + (wide - picture.width) // 2, y + (high - picture.height) // 2
        self._image.paste(picture, (x, y))
        self._codes.append(PlacedCode(kind, text, x, y, *picture.size))

    def _lines(self, setting: Setting, style: Style, place: tuple[int, int, int, int]) -> None:
        x, y, wide, high = place
        step = round(setting.dots * LINE_HEIGHT)
        tall = setting.dots + step * (len(setting.lines) - 1)
        baseline = y + (0 if style.top else (high - tall) // 2) + round(setting.dots * _BASELINE)
        face = font(setting.dots, style.bold)
        for number, line in enumerate(setting.lines):
            free = wide - width(line, setting.dots, style.bold)
            shift = {Align.LEFT: 0.0, Align.CENTRE: free / 2, Align.RIGHT: free}[style.align]
            at = (x + round(shift), baseline + number * step)
            ink = _WHITE if style.inverse else _BLACK
            self._draw.text(at, line, font=face, fill=ink, anchor="ls")

    def _flow(
        self, lines: list[str], place: MarksBox, dots: int
    ) -> list[tuple[int, int, int, int]] | None:
        """Where the boxes of the marks stand at this size, or None when they do not fit."""
        left, top, wide, high = self._dots(place.box)
        padding, gap = self._template.dots(place.padding), self._template.dots(place.gap)
        tall = dots + 2 * padding
        boxes, x, y = [], left, top
        for line in lines:
            long = round(width(line, dots, True)) + 2 * padding
            if x > left and x + long > left + wide:
                x, y = left, y + tall + gap
            if long > wide or y + tall > top + high:
                return None
            boxes.append((x, y, long, tall))
            x += long + gap
        return boxes

    def _mark(self, line: str, box: tuple[int, int, int, int], dots: int, place: MarksBox) -> None:
        x, y, wide, high = box
        self._draw.rectangle(
            (x, y, x + wide - 1, y + high - 1), fill=_WHITE, outline=_BLACK, width=_BORDER
        )
        setting = Setting((line,), dots, False)
        self._lines(setting, Style(place.style.size, 0, bold=True, align=Align.CENTRE), box)
        self._placed(Field.MARK, line, setting, box)

    def _placed(
        self, field: Field, text: str, setting: Setting, place: tuple[int, int, int, int]
    ) -> None:
        self._texts.append(
            PlacedText(field, text, setting.lines, *place, setting.dots, setting.cut)
        )

    def _dots(self, box: Box) -> tuple[int, int, int, int]:
        to = self._template.dots
        return to(box.x), to(box.y), to(box.width), to(box.height)
