"""The day's end and a shift's: sums over what the ledger recorded, so that they add up with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from padpos.counter.limits import Tallies
from padpos.wire.entry import Entry
from padpos.wire.facts import (
    ClerkFacts,
    ConsignmentFacts,
    DrawFacts,
    EndedFacts,
    Kind,
    LabelFacts,
    OverrideFacts,
)

NOBODY = "-"
"""Whose doings stand here where no clerk was signed in."""


@dataclass(frozen=True, slots=True)
class Sums:
    """What was done: parcels accepted, refused, abandoned, voided; and on the way there.

    `net`: accepted and not voided. `overridden`: times a second clerk let something pass.
    """

    accepted: int = 0
    refused: int = 0
    abandoned: int = 0
    voided: int = 0
    overridden: int = 0
    typed: int = 0
    inspected: int = 0
    draws: int = 0
    drawn: int = 0
    printed: int = 0
    reprints: int = 0
    grams: int = 0

    @property
    def net(self) -> int:
        """Parcels in the house."""
        return self.accepted - self.voided

    def plus(self, other: Sums) -> Sums:
        """Both together."""
        return Sums(*(getattr(self, n) + getattr(other, n) for n in Sums.__slots__))

    def tallies(self) -> Tallies:
        """As far as limits are set on them."""
        return Tallies(self.typed, self.voided, self.reprints)


@dataclass(frozen=True, slots=True)
class Owed:
    """What is still owed: checks by contracts, labels by the counter, receipts by the authority."""

    checks: int = 0
    labels: int = 0
    entries: int = 0
    photos: int = 0


@dataclass(frozen=True, slots=True)
class Dropped:
    """A parcel that was put to the draw and then refused or abandoned by a clerk."""

    clerk: str
    draw: DrawFacts


@dataclass(frozen=True, slots=True)
class Summary:
    """A run of entries in sums. `first` and `last` are sequence numbers, `head` the last's hash."""

    first: int | None = None
    last: int | None = None
    head: bytes = b""
    kinds: dict[str, int] = field(default_factory=dict)
    clerks: dict[str, Sums] = field(default_factory=dict)
    customers: dict[str, int] = field(default_factory=dict)
    refusals: dict[str, int] = field(default_factory=dict)
    dropped: tuple[Dropped, ...] = ()
    owed: Owed = Owed()

    @property
    def outlet(self) -> Sums:
        """All clerks together."""
        total = Sums()
        for sums in self.clerks.values():
            total = total.plus(sums)
        return total


def summarise(entries: Iterable[tuple[Entry, bytes]], clerk: str | None = None) -> Summary:
    """Sum up entries with their hashes, in the chain's order; `clerk` was signed in before."""
    adder = _Adder(clerk or NOBODY)
    for entry, digest in entries:
        adder.add(entry, digest)
    return adder.summary()


def with_owed(summary: Summary, owed: Owed) -> Summary:
    """The summary with what is owed besides."""
    return replace(summary, owed=owed)


def disagreements(summary: Summary) -> tuple[str, ...]:
    """Where the clerks' sums do not add up with the entries of a kind: none, if all is well."""
    total, kinds = summary.outlet, Counter(summary.kinds)
    said = {
        Kind.CONSIGNMENT: total.accepted,
        Kind.REFUSAL: total.refused,
        Kind.ABANDONED: total.abandoned,
        Kind.VOID: total.voided,
        Kind.OVERRIDE: total.overridden,
        Kind.DRAW: total.draws,
    }
    wrong = [str(kind) for kind, count in said.items() if kinds[str(kind)] != count]
    if sum(summary.customers.values()) != total.accepted:
        wrong.append("customers")
    return tuple(wrong)


class _Adder:
    """Walks the entries, knowing who stands at the counter."""

    def __init__(self, clerk: str) -> None:
        self._clerk = clerk
        self._sums: dict[str, Counter[str]] = {}
        self._kinds: Counter[str] = Counter()
        self._customers: Counter[str] = Counter()
        self._refusals: Counter[str] = Counter()
        self._draws: dict[bytes, DrawFacts] = {}
        self._dropped: list[Dropped] = []
        self._seqs: list[tuple[int, bytes]] = []

    def add(self, entry: Entry, digest: bytes) -> None:
        """One more entry."""
        self._kinds[str(entry.kind)] += 1
        self._seqs = [*self._seqs[:1], (entry.seq, digest)]
        facts = entry.facts
        if isinstance(facts, ClerkFacts):
            self._clerk = facts.clerk if facts.signed_in else NOBODY
            self._of(facts.clerk)
        elif isinstance(facts, ConsignmentFacts):
            self._accepted(facts)
        elif isinstance(facts, EndedFacts):
            self._ended(entry.kind, facts)
        elif isinstance(facts, OverrideFacts):
            self._of(facts.clerk)["overridden"] += 1
        elif isinstance(facts, DrawFacts):
            self._of(self._clerk)["draws"] += 1
            self._draws[facts.consignment] = facts
        elif isinstance(facts, LabelFacts):
            self._label(facts)

    def _accepted(self, facts: ConsignmentFacts) -> None:
        sums = self._of(facts.clerk)
        sums["accepted"] += 1
        sums["grams"] += facts.grams
        helper = facts.helper
        sums["typed"] += [facts.reading, helper.reading if helper else ""].count("typed")
        sums["inspected"] += any(mark.mark == "inspected" for mark in facts.marks)
        sums["drawn"] += facts.draw is not None and facts.draw.drawn
        self._customers[facts.customer] += 1

    def _ended(self, kind: Kind, facts: EndedFacts) -> None:
        names = {Kind.REFUSAL: "refused", Kind.ABANDONED: "abandoned", Kind.VOID: "voided"}
        self._of(facts.clerk)[names[kind]] += 1
        if kind is Kind.REFUSAL:
            self._refusals[facts.reason] += 1
        put = self._draws.get(facts.consignment)
        if put is not None and kind is not Kind.VOID and facts.reason != "interrupted":
            self._dropped.append(Dropped(facts.clerk, put))

    def _label(self, facts: LabelFacts) -> None:
        sums = self._of(self._clerk)
        sums["printed"] += facts.status == "printed"
        sums["reprints"] += facts.status == "intended" and facts.generation > 1

    def _of(self, clerk: str) -> Counter[str]:
        return self._sums.setdefault(clerk, Counter())

    def summary(self) -> Summary:
        """What came together."""
        ends = self._seqs
        return Summary(
            first=ends[0][0] if ends else None,
            last=ends[-1][0] if ends else None,
            head=ends[-1][1] if ends else b"",
            kinds=dict(sorted(self._kinds.items())),
            clerks={clerk: Sums(**sums) for clerk, sums in sorted(self._sums.items())},
            customers=dict(sorted(self._customers.items())),
            refusals=dict(sorted(self._refusals.items())),
            dropped=tuple(self._dropped),
        )
