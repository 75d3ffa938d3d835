"""From what a label says to the dots a printer burns."""

import re

from .canvas import Canvas
from .composed import ComposedLabel
from .content import LabelContent
from .errors import LabelError
from .layout import Field, LabelTemplate
from .templates import LABEL_100X180

_WAYBILL = re.compile(r"[0-9A-Z]{6,24}")
_HEAVIEST = 1_000_000  # grams; a tonne is not carried across a counter


def compose(content: LabelContent, template: LabelTemplate = LABEL_100X180) -> ComposedLabel:
    """Draw `content` in the places of `template`.

    Returns a raster of the template's size; equal content gives an equal raster. Raises LabelError
    when a text cannot be drawn (a character without a glyph, a number or a mark that does not fit,
    a label code that is no QR of formats §10) or the font is missing. Nothing is checked here that
    `audit` must find for itself.
    """
    _check(content)
    texts = texts_of(content)
    canvas = Canvas(template)
    if content.training:
        canvas.training()
    canvas.rules()
    canvas.codes(content.waybill, content.label_code)
    for box in template.texts:
        canvas.text(box, box.text if box.field is Field.CAPTION else texts[box.field])
    canvas.marks(content.marks)
    return canvas.finished()


def _check(content: LabelContent) -> None:
    if not _WAYBILL.fullmatch(content.waybill):
        raise LabelError("waybill", "运单号格式不正确", "The waybill number has another form.")
    if not 0 < content.grams <= _HEAVIEST:
        raise LabelError("weight", "重量不正确，请重新称重", "Impossible weight; weigh again.")
    if content.generation < 1:
        raise LabelError("generation", "面单代次不正确", "A label's generation begins with 1.")


def texts_of(content: LabelContent) -> dict[Field, str]:
    """What stands in each field."""
    weighed = "实重 TRUE WEIGHT" if content.weight_from_scale else "手录重量 TYPED WEIGHT"
    return {
        Field.TITLE: "培训 · 禁止寄递 TRAINING" if content.training else "隐私面单 PRIVACY LABEL",
        Field.REPRINT: f"补打 REPRINT · {content.generation}" if content.generation > 1 else "",
        Field.ROUTE: content.route_code,
        Field.WAYBILL: _grouped(content.waybill),
        Field.RECIPIENT_NAME: content.recipient.name,
        Field.RECIPIENT_PHONE: content.recipient.phone,
        Field.RECIPIENT_ADDRESS: content.recipient.address,
        Field.SENDER_NAME: content.sender.name,
        Field.SENDER_PHONE: content.sender.phone,
        Field.SENDER_ADDRESS: content.sender.address,
        Field.CONTENTS: content.contents,
        Field.WEIGHT: f"{content.grams // 1000}.{content.grams % 1000:03} kg",
        Field.WEIGHT_SOURCE: weighed,
        Field.OUTLET: content.outlet,
        Field.AREA: content.area,
        Field.PRINTED_AT: content.printed_at,
    }


def _grouped(waybill: str) -> str:
    """A number in groups of four from its first digit on, as people read it aloud."""
    letters = re.match("[A-Z]*", waybill)
    head = letters.group() if letters else ""
    digits = waybill[len(head) :]
    groups = [digits[place : place + 4] for place in range(0, len(digits), 4)]
    return " ".join(part for part in (head, *groups) if part)
