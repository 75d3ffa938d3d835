"""What is counted against fraud: the policy's limits over counts handed in, and nothing kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum

from padpos.counter.freeze import Unreceipted
from padpos.wire.policy import Policy, Subject


class Verdict(IntEnum):
    """What a count calls for, the mildest first."""

    NOTHING = 0
    PROMPT = 1
    SECOND_CLERK = 2
    REFUSAL = 3


@dataclass(frozen=True, slots=True)
class Tallies:
    """What a clerk did today at this terminal."""

    typed: int = 0
    voids: int = 0
    reprints: int = 0
    dropped_drawn: int = 0


@dataclass(frozen=True, slots=True)
class Books:
    """What the counter's books say when a consignment is opened.

    `times_today`: of a visit's document, the consignment to be opened included. `behind` (ms): how
    far an untrusted clock is behind the record.
    """

    clerk: Tallies = field(default_factory=Tallies)
    unreceipted: Unreceipted = field(default_factory=Unreceipted)
    times_today: int = 1
    behind: int = 0


def verdict(policy: Policy, subject: Subject, count: int) -> Verdict:
    """What that count of the day calls for."""
    limit = policy.limit(subject)
    if limit.refuse is not None and count >= limit.refuse:
        return Verdict.REFUSAL
    if limit.second is not None and count >= limit.second:
        return Verdict.SECOND_CLERK
    if limit.prompt is not None and count >= limit.prompt:
        return Verdict.PROMPT
    return Verdict.NOTHING


def code(subject: Subject) -> str:
    """The stable code of a limit that was reached."""
    return f"limit-{subject}"


@dataclass(frozen=True, slots=True)
class Findings:
    """The limits that several counts reach, by what they call for."""

    notices: tuple[str, ...]
    concerns: tuple[str, ...]
    refusal: str | None


def judge(policy: Policy, counts: Iterable[tuple[Subject, int]]) -> Findings:
    """Judge each count: what to prompt for, what a second clerk must let pass, what is refused."""
    found: dict[Verdict, list[str]] = {each: [] for each in Verdict}
    for subject, count in counts:
        found[verdict(policy, subject, count)].append(code(subject))
    refused = found[Verdict.REFUSAL]
    return Findings(
        tuple(found[Verdict.PROMPT]),
        tuple(found[Verdict.SECOND_CLERK]),
        refused[0] if refused else None,
    )


def of_clerk(tallies: Tallies, customer: str) -> tuple[tuple[Subject, int], ...]:
    """The counts of a clerk's day that bear on opening a consignment."""
    counts = ((Subject.VOIDS, tallies.voids), (Subject.REPRINTS, tallies.reprints))
    if customer != "contract":
        return counts
    return (*counts, (Subject.DROPPED_DRAWN, tallies.dropped_drawn))


def of_document(times_today: int, *, clerks_own: bool) -> tuple[tuple[Subject, int], ...]:
    """The counts that bear on taking a document."""
    return ((Subject.DOCUMENT, times_today), (Subject.CLERKS_OWN, int(clerks_own)))
