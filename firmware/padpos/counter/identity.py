"""Whether a document that was shown may stand for its bearer: class, validity, number, age."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from padpos.counter import numbers
from padpos.wire.personal import Document
from padpos.wire.policy import NumberRule, Policy


class Role(StrEnum):
    """As whom the bearer of a document stands at the counter."""

    SENDER = "sender"  # also the principal of an agent, and who answers for an organisation
    AGENT = "agent"
    GUARDIAN = "guardian"


def document_problem(document: Document, policy: Policy, day: str) -> str | None:
    """The reason code for which the document is not accepted on `day` (YYYY-MM-DD), or None."""
    today = day.replace("-", "")
    accepted = policy.document_class(document.type)
    if accepted is None:
        return "document-class"
    if document.valid_from is not None and today < document.valid_from:
        return "document-not-yet-valid"
    if document.valid_until is not None and today > document.valid_until:
        return "document-expired"
    return _number_problem(document, accepted.number)


def _number_problem(document: Document, rule: NumberRule) -> str | None:
    if rule is NumberRule.FREE:
        return None if numbers.to_day(document.birth) else "birth-missing"
    if not numbers.is_person(document.number):
        return "number-invalid"
    if document.birth not in (None, numbers.birth_of(document.number)):
        return "number-birth"
    if rule is NumberRule.CITIZEN and not numbers.sex_fits(document.number, document.sex):
        return "number-sex"
    return None


def age(document: Document, policy: Policy, day: str) -> int:
    """The bearer's age in full years on a day (YYYY-MM-DD), of a document without a problem."""
    accepted = policy.document_class(document.type)
    numbered = accepted is not None and accepted.number is not NumberRule.FREE
    born = numbers.to_day(numbers.birth_of(document.number) if numbered else document.birth)
    # A policy that came since may have other rules; who can't be dated needs a guardian.
    return numbers.age_on(born, date.fromisoformat(day)) if born else 0
