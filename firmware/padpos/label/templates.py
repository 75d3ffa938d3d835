"""The sizes of labels, with the areas of GB/T 41833-2022 from top to bottom.

Number (码号), destination (目的地), recipient (收件人), sender (寄件人), contents (内件), marks
(标识) and signature (签收); beside the marks stands the label code.
"""

from .layout import (
    Align,
    BarcodeBox,
    Box,
    Field,
    LabelTemplate,
    MarksBox,
    QrBox,
    Rule,
    Style,
    TextBox,
    Watermark,
)

_CAPTION = Style(size=2.75, least=2.25)
_CAPTION_CENTRED = Style(size=2.75, least=2.25, align=Align.CENTRE)
_BADGE = Style(size=6.5, least=6.5, bold=True, align=Align.CENTRE, inverse=True)
_SMALL_BADGE = Style(size=4.75, least=4.75, bold=True, align=Align.CENTRE, inverse=True)
_RECIPIENT = Style(size=6.5, least=4, bold=True)
_SENDER = Style(size=4.25, least=3)
_FACT = Style(size=3.25, least=2.5)


def _caption(x: float, y: float, width: float, text: str, style: Style = _CAPTION) -> TextBox:
    return TextBox(Field.CAPTION, Box(x, y, width, 3.25), style, text)


_HEADER = (
    TextBox(Field.TITLE, Box(4, 2.5, 52, 6), Style(4, 3, bold=True, may_cut=False)),
    TextBox(
        Field.REPRINT,
        Box(60, 2.5, 36, 6),
        Style(3.75, 3, bold=True, align=Align.CENTRE, may_cut=False, inverse=True),
    ),
)
_DESTINATION = (
    _caption(4, 10.5, 60, "目的地 DESTINATION"),
    TextBox(
        Field.ROUTE,
        Box(4, 14, 92, 17),
        Style(16, 7, bold=True, align=Align.CENTRE, may_cut=False),
    ),
)
_NUMBER = (
    TextBox(
        Field.WAYBILL,
        Box(4, 49.5, 92, 6),
        Style(5, 3.5, bold=True, align=Align.CENTRE, may_cut=False),
    ),
)
_RECIPIENT_AREA = (
    TextBox(Field.CAPTION, Box(4, 60, 8.5, 8.5), _BADGE, "收"),
    _caption(2.25, 69, 12, "TO", _CAPTION_CENTRED),
    TextBox(Field.RECIPIENT_NAME, Box(16, 59.5, 32, 9), _RECIPIENT),
    TextBox(Field.RECIPIENT_PHONE, Box(49, 59.5, 47, 9), _RECIPIENT),
    TextBox(Field.RECIPIENT_ADDRESS, Box(16, 70, 80, 13.5), Style(5.25, 3.25, lines=2, top=True)),
)
_SENDER_AREA = (
    TextBox(Field.CAPTION, Box(5, 87, 6.5, 6.5), _SMALL_BADGE, "寄"),
    _caption(2.25, 94, 12, "FROM", _CAPTION_CENTRED),
    TextBox(Field.SENDER_NAME, Box(16, 87, 32, 6.5), _SENDER),
    TextBox(Field.SENDER_PHONE, Box(49, 87, 47, 6.5), _SENDER),
    TextBox(Field.SENDER_ADDRESS, Box(16, 94, 80, 8.5), Style(3.75, 2.75, lines=2, top=True)),
)
_CONTENTS_AREA = (
    _caption(4, 104, 56, "内件 CONTENTS"),
    TextBox(Field.CONTENTS, Box(4, 107.5, 58, 9), Style(4.25, 2.75, lines=2)),
    TextBox(Field.WEIGHT_SOURCE, Box(64, 104, 32, 3.25), Style(2.75, 2.25, align=Align.RIGHT)),
    TextBox(
        Field.WEIGHT,
        Box(64, 107.5, 32, 9),
        Style(6.5, 4, bold=True, align=Align.RIGHT, may_cut=False),
    ),
)
_CODE_AREA = (
    _caption(4, 160, 38.5, "密封码 · 仅限授权扫描", _CAPTION_CENTRED),
    _caption(4, 163.25, 38.5, "Sealed code: authorised scan only", _CAPTION_CENTRED),
)
_MARKS_AREA = (
    _caption(47, 120.5, 49, "标识 MARKS"),
    _caption(47, 149, 49, "收寄 ACCEPTED AT"),
    TextBox(Field.OUTLET, Box(47, 152.5, 49, 5), Style(3.75, 2.75, bold=True)),
    TextBox(Field.AREA, Box(47, 157.5, 49, 4.5), _FACT),
    TextBox(Field.PRINTED_AT, Box(47, 162, 49, 4.5), _FACT),
)
_SIGNATURE = (
    _caption(4, 169.5, 45, "签收人 RECEIVED BY"),
    _caption(62, 169.5, 34, "日期 DATE"),
)

LABEL_100X180 = LabelTemplate(
    name="100x180",
    width=100,
    height=180,
    dots_per_mm=8,
    texts=(
        *_HEADER,
        *_DESTINATION,
        *_NUMBER,
        *_RECIPIENT_AREA,
        *_SENDER_AREA,
        *_CONTENTS_AREA,
        *_CODE_AREA,
        *_MARKS_AREA,
        *_SIGNATURE,
    ),
    marks=MarksBox(
        Box(47, 124.5, 49, 23), Style(5.25, 2.75, bold=True, may_cut=False), padding=1.25, gap=1.5
    ),
    rules=(
        Rule(3, 9.25, 94, 0.5),
        Rule(3, 32, 94, 0.25),
        Rule(3, 57, 94, 0.5),
        Rule(3, 84.75, 94, 0.25),
        Rule(3, 102.75, 94, 0.25),
        Rule(3, 118.5, 94, 0.5),
        Rule(3, 168.25, 94, 0.25),
    ),
    barcode=BarcodeBox(Box(3, 34, 94, 15), module_dots=3),
    label_code=QrBox(Box(3, 119.5, 40.5, 40.5), module_dots=4),
    training=Watermark("培训", size=42, degrees=24, middles=(80, 143)),
)
"""100 × 180 mm at 203 dpi: 800 × 1440 dots."""
