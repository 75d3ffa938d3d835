"""Whether a document that was read may stand for its sender: class, validity, number."""

from __future__ import annotations

from padpos.wire.personal import Document
from padpos.wire.policy import Policy


def document_problem(document: Document, policy: Policy, day: str) -> str | None:
    """The reason code for which the document is not accepted on `day` (YYYY-MM-DD), or None."""
    today = day.replace("-", "")
    if policy.document_class(document.type) is None:
        return "document-class"
    if document.valid_from is not None and today < document.valid_from:
        return "document-not-yet-valid"
    if document.valid_until is not None and today > document.valid_until:
        return "document-expired"
    return None
