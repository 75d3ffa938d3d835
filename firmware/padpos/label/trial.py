"""Whether a label's texts could be printed, before there is a number or a code to draw."""

from collections.abc import Iterable

from .audit import check_secrets
from .compose import texts_of
from .content import LabelContent
from .layout import Field, LabelTemplate
from .templates import LABEL_100X180
from .typeset import check_glyphs, clean, fit


def check_texts(
    content: LabelContent, secrets: Iterable[str], template: LabelTemplate = LABEL_100X180
) -> None:
    """Set every text, draw nothing. Raises LabelError or AuditFailure as `compose` and `audit`."""
    texts = texts_of(content)
    shown: list[tuple[Field, str]] = []
    for box in template.texts:
        line = clean(texts.get(box.field, ""))
        if not line:
            continue
        where = box.field.name.lower()
        check_glyphs(line, box.style.bold, where)
        size = (template.dots(box.box.width), template.dots(box.box.height))
        fit(line, box.style, size, template.dots_per_mm, where)
        shown.append((box.field, line))
    check_secrets(shown, secrets)
