"""The freeze: without receipts, or a clock to believe, the counter stops, and thaws by itself."""

from __future__ import annotations

from dataclasses import dataclass

from padpos.wire.policy import Policy

HOUR_MS = 3_600_000
SLACK_MS = 300_000
"""How far an untrusted clock may be behind the record: with more, a past day could come again."""


@dataclass(frozen=True, slots=True)
class Unreceipted:
    """What the authority has not receipted: how many entries, and since when (ms)."""

    entries: int = 0
    oldest: int | None = None


def frozen(policy: Policy, unreceipted: Unreceipted, now: int, behind: int = 0) -> str | None:
    """The code for which no consignment is opened at `now` (ms), or None.

    `behind` (ms): how far an untrusted clock is behind the record. Nothing is remembered: with the
    receipts, a policy in force, or the right time, the reason is gone.
    """
    if behind > SLACK_MS:
        return "clock-back"
    if unreceipted.entries >= policy.freeze_count:
        return "frozen-count"
    if _hours_are_over(policy, unreceipted.oldest, now):
        return "frozen-age"
    # A policy past its time counts like a silent authority (formats §8).
    if _hours_are_over(policy, policy.valid_until, now):
        return "frozen-policy"
    return None


def _hours_are_over(policy: Policy, since: int | None, now: int) -> bool:
    return since is not None and now - since > policy.freeze_hours * HOUR_MS
