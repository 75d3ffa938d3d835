"""The privacy label: a layout in millimetres, drawn dot by dot, and checked before it is burnt."""

from .audit import audit
from .compose import compose
from .composed import CodeKind, ComposedLabel, PlacedCode, PlacedText
from .content import LabelContent, MaskedParty
from .errors import AuditFailure, LabelError
from .layout import Field, LabelTemplate
from .templates import LABEL_100X180
from .trial import check_texts

__all__ = [
    "LABEL_100X180",
    "AuditFailure",
    "CodeKind",
    "ComposedLabel",
    "Field",
    "LabelContent",
    "LabelError",
    "LabelTemplate",
    "MaskedParty",
    "PlacedCode",
    "PlacedText",
    "audit",
    "check_texts",
    "compose",
]
