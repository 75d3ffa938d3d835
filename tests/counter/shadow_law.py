"""The law as the second opinion works it out: its own account of a parcel, its own arithmetic."""

from __future__ import annotations

from dataclasses import dataclass, field

from padpos.wire.personal import Document
from padpos.wire.policy import Policy

SEALED = bytes(range(32))


@dataclass(slots=True)
class Account:
    """What was shown and said for the parcel in hand."""

    id: bytes
    customer: str
    clerk: str | None
    begun: int
    drawn: bool | None = None
    check_owed: bool = False
    documents: dict[str, tuple[Document, str]] = field(default_factory=dict)
    organisation: str | None = None
    agreed: bool = False
    concerns: set[str] = field(default_factory=set)
    approved: dict[str, str] = field(default_factory=dict)
    photos: list[bytes] = field(default_factory=list)
    look: tuple[str, bool] | None = None
    given: set[str] = field(default_factory=set)
    card_since: int | None = None
    own: bool = False
    parcel: int = 1
    may_categories: tuple[str, ...] = ()
    of_batch: bool = False

    @property
    def kiosk(self) -> bool:
        return self.customer == "self-service"

    @property
    def typed(self) -> bool:
        return any(reading == "typed" for _, reading in self.documents.values())


def rows(policy: Policy) -> dict[tuple[str, str], str]:
    """The duties by class and step."""
    return {(r.customer, r.step): str(r.duty) for r in policy.requirements}


def on(policy: Policy, choice: str) -> bool:
    """Whether a switch is on."""
    return {str(s.choice): s.on for s in policy.switches}[choice]


def check_of_person(number: str) -> bool:
    """GB 11643 by its table of weights, and a date that a calendar has."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    if len(number) != 18 or not number[:17].isdigit():
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, weights, strict=False))
    month, day = int(number[10:12]), int(number[12:14])
    return "10X98765432"[total % 11] == number[17] and 1 <= month <= 12 and 1 <= day <= 31


def lawful(document: Document, policy: Policy, day: str) -> bool:
    """Whether the document may stand for its bearer on that day (YYYY-MM-DD)."""
    today = int(day.replace("-", ""))
    rule = {c.code: str(c.number) for c in policy.document_classes}.get(document.type)
    begins, ends = int(document.valid_from or "0"), int(document.valid_until or "99999999")
    if rule is None or not begins <= today <= ends:
        return False
    if rule == "free":
        return document.birth is not None
    if not check_of_person(document.number) or document.birth != document.number[6:14]:
        return False
    male = document.number[16] in "13579"
    return rule != "citizen" or {"男": True, "女": False}.get(document.sex or "", male) == male


def years(document: Document, day: str) -> int:
    """Full years on a day, by comparing YYYYMMDD as numbers."""
    return (int(day.replace("-", "")) - int(document.birth or "0")) // 10_000


def takes(account: Account, document: Document, role: str, policy: Policy, day: str) -> bool:
    """Whether a document is acceptable in that role beside those shown before."""
    numbers = {shown.number for shown, _ in account.documents.values()}
    grown = role != "sender" or account.customer == "organisation"
    return (
        lawful(document, policy, day)
        and document.number not in numbers
        and not (grown and years(document, day) < policy.adult_at)
    )


def second_needed(policy: Policy, counts: dict[str, int]) -> set[str]:
    """The limits from which a second clerk must agree."""
    found = set()
    for limit in policy.limits:
        count = counts.get(str(limit.subject))
        if count is not None and limit.second is not None and count >= limit.second:
            found.add(f"limit-{limit.subject}")
    return found


def refused(policy: Policy, counts: dict[str, int]) -> bool:
    """Whether a limit at which nothing goes any more is reached."""
    limits = {str(limit.subject): limit.refuse for limit in policy.limits}
    return any(limits[name] is not None and n >= limits[name] for name, n in counts.items())  # type: ignore[operator]  # None is sorted out just before


def lacking(account: Account, policy: Policy, day: str) -> list[str]:
    """What this parcel still owes under that policy."""
    duties = rows(policy)
    owes = sorted({"SenderGiven", "RecipientGiven", "ContentsGiven"} - account.given)
    if account.customer == "contract" and account.drawn is None:
        owes.append("draw")
    checked = bool(account.drawn or account.check_owed)
    shown = {
        "identify": "sender" in account.documents,
        "agent": "agent" in account.documents,
        "organisation": account.organisation is not None,
        "inspect": bool(account.photos),
    }
    for (customer, step), duty in duties.items():
        asked = duty == "required" or (duty == "by-draw" and checked)
        if customer == account.customer and asked and not shown[step]:
            owes.append(step)
    sender = account.documents.get("sender")
    minor = sender is not None and years(sender[0], day) < policy.guardian_under
    alone = account.customer not in ("agent", "organisation")
    if minor and alone and "guardian" not in account.documents:
        owes.append("guardian")
    if account.documents and not account.kiosk and not account.agreed:
        owes.append("person")
    if account.kiosk and (
        account.look is None or (account.look[1] and not on(policy, "remote-look"))
    ):
        owes.append("look")
    return owes + sorted(account.concerns - set(account.approved))


def marks_due(account: Account) -> dict[str, tuple[bytes, ...]]:
    """The marks this evidence carries: identified only from chips, before a clerk's eyes."""
    due: dict[str, tuple[bytes, ...]] = {}
    seen = account.look is not None if account.kiosk else account.agreed
    if account.typed:
        due["typed"] = (SEALED,)
    elif "sender" in account.documents and seen:
        due["identified"] = (SEALED,)
    if account.photos and (not account.kiosk or account.look is not None):
        due["inspected"] = tuple(account.photos)
    if account.customer == "contract" and not account.photos:
        due["contract-uninspected"] = ()
    if account.customer == "letter":
        due["letter"] = ()
    return due
