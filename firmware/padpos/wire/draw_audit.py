"""The draw re-computed from the record (formats §9): by anyone with the days' keys.

Given a chain's entries, the policies they name and the keys of days gone by, each draw entry is
judged: is its n the next one, did the chain commit to that key before, does what the accepted
consignment states agree, and was a check that fell, or was owed, fulfilled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from padpos.wire import draw
from padpos.wire import entry as wire_entry
from padpos.wire import policy as wire_policy
from padpos.wire.entry import NO_PREVIOUS, Entry
from padpos.wire.errors import NotAccepted
from padpos.wire.facts import ConsignmentFacts, DrawFacts, PolicyFacts
from padpos.wire.keys import PublicKey
from padpos.wire.policy import Duty, Policy


class Verdict(StrEnum):
    """How a row of the record stands against the re-computed draw."""

    AGREES = "agrees"
    STRICTER = "stricter"  # checked without a draw: allowed where the terminal had no key
    KEY_UNKNOWN = "key-unknown"  # the day's key was not handed in: nothing can be said
    KEY_WRONG = "key-wrong"  # not the key this chain committed to
    POLICY_UNKNOWN = "policy-unknown"  # the policy whose rate it used was not handed in
    COUNT = "count"  # n is not the contract's next one of the day
    NOT_CHECKED = "not-checked"  # the draw fell on it, and it states otherwise
    NOT_INSPECTED = "not-inspected"  # a check was due, and it earned no inspection
    OTHER_DRAW = "other-draw"  # the consignment states another draw than its draw entry
    NO_DRAW = "no-draw"  # a contract consignment without a draw entry before it
    DRAWN_TWICE = "drawn-twice"  # one consignment was put to the draw again


OPEN = frozenset({Verdict.KEY_UNKNOWN, Verdict.POLICY_UNKNOWN})
"""Verdicts that call for more to be handed in."""

GOOD = frozenset({Verdict.AGREES, Verdict.STRICTER})


@dataclass(frozen=True, slots=True)
class Record:
    """An authentic entry of the chain, and its hash."""

    entry: Entry
    hash: bytes


@dataclass(frozen=True, slots=True)
class Row:
    """One entry judged. `drawn` is the re-computed outcome, None where it can't be told."""

    seq: int
    day: str
    contract: str
    n: int
    drawn: bool | None
    verdict: Verdict


def read_chain(raws: Iterable[bytes], key: PublicKey) -> Iterator[Record]:
    """Verify signatures and links from genesis on. Raises a WireError at the first that fails."""
    prev, expected, chain = NO_PREVIOUS, 0, None
    for raw in raws:
        entry, digest = wire_entry.verify(raw, key)
        chain = chain or entry.chain
        if (entry.seq, entry.prev, entry.chain) != (expected, prev, chain):
            raise NotAccepted(f"entry {expected}: missing, or does not follow the one before")
        yield Record(entry, digest)
        prev, expected = digest, expected + 1


def read_policies(raws: Iterable[bytes], policy_key: PublicKey) -> dict[bytes, Policy]:
    """Verified policies by their hash. Raises a WireError."""
    return {digest: read for read, digest in (wire_policy.verify(r, policy_key) for r in raws)}


def audit(
    records: Iterable[Record], policies: Mapping[bytes, Policy], day_keys: Mapping[str, bytes]
) -> list[Row]:
    """Judge every draw, and every contract consignment's word on it, in the chain's order."""
    auditor = _Auditor(policies, day_keys)
    return [row for record in records if (row := auditor.judge(record)) is not None]


@dataclass(frozen=True, slots=True)
class _Put:
    """A parcel that was put to the draw, and whether a check was owed before it."""

    facts: DrawFacts
    drawn: bool | None
    owed: bool


@dataclass(slots=True)
class _Auditor:
    """Walks the chain as the terminal wrote it, keeping what the terminal had to keep."""

    policies: Mapping[bytes, Policy]
    day_keys: Mapping[str, bytes]
    accepted: dict[int, Policy] = field(default_factory=dict)
    committed: dict[str, tuple[bytes, bytes]] = field(default_factory=dict)
    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    draws: dict[bytes, _Put] = field(default_factory=dict)
    owed: set[str] = field(default_factory=set)

    def judge(self, record: Record) -> Row | None:
        facts = record.entry.facts
        if isinstance(facts, PolicyFacts):
            self._policy(facts, record.hash)
        elif isinstance(facts, DrawFacts):
            return self._draw(record.entry, facts)
        elif isinstance(facts, ConsignmentFacts) and facts.contract is not None:
            return self._consignment(record.entry, facts, facts.contract)
        return None

    def _policy(self, facts: PolicyFacts, entry_hash: bytes) -> None:
        known = self.policies.get(facts.policy_hash)
        if known is None:
            return
        self.accepted[facts.version] = known
        for day, digest in known.commitments.items():
            self.committed.setdefault(day, (digest, entry_hash))

    def _draw(self, entry: Entry, facts: DrawFacts) -> Row:
        expected = self.counts.get((facts.day, facts.contract), 0) + 1
        self.counts[facts.day, facts.contract] = facts.n
        drawn, verdict = self._recomputed(entry.terminal, facts)
        if facts.consignment in self.draws:
            verdict = Verdict.DRAWN_TWICE
        elif facts.n != expected:
            verdict = Verdict.COUNT
        self.draws[facts.consignment] = _Put(facts, drawn, facts.contract in self.owed)
        if drawn:
            self.owed.add(facts.contract)
        return _row(entry, facts, drawn, verdict)

    def _recomputed(self, terminal: str, facts: DrawFacts) -> tuple[bool | None, Verdict]:
        policy, key = self.accepted.get(facts.policy), self.day_keys.get(facts.day)
        if policy is None:
            return None, Verdict.POLICY_UNKNOWN
        committed = self.committed.get(facts.day)
        if committed is None:  # nobody could have had a key: every contract parcel is drawn
            return True, Verdict.AGREES
        if key is None:
            return None, Verdict.KEY_UNKNOWN
        if draw.commitment(key) != committed[0]:
            return None, Verdict.KEY_WRONG
        drawn = draw.is_drawn(
            day_key=key,
            terminal=terminal,
            day=facts.day,
            contract=facts.contract,
            n=facts.n,
            policy_entry=committed[1],
            rate=policy.draw_rate,
        )
        return drawn, Verdict.AGREES

    def _consignment(self, entry: Entry, facts: ConsignmentFacts, contract: str) -> Row:
        put = self.draws.get(facts.consignment)
        if put is None or put.facts.contract != contract:
            blank = DrawFacts(facts.consignment, "", contract, 0, facts.policy)
            return _row(entry, blank, None, Verdict.NO_DRAW)
        verdict = self._said(facts, put)
        if _inspected(facts):
            self.owed.discard(contract)
        return _row(entry, put.facts, put.drawn, verdict)

    def _said(self, facts: ConsignmentFacts, put: _Put) -> Verdict:
        said = facts.draw
        if said is None or (said.day, said.n) != (put.facts.day, put.facts.n):
            return Verdict.OTHER_DRAW
        if put.drawn and not said.drawn:
            return Verdict.NOT_CHECKED
        due = said.drawn or put.owed
        if due and self._binds(facts.policy) and not _inspected(facts):
            return Verdict.NOT_INSPECTED
        if put.drawn is None:
            return Verdict.KEY_UNKNOWN
        return Verdict.STRICTER if said.drawn and not put.drawn else Verdict.AGREES

    def _binds(self, version: int) -> bool:
        policy = self.accepted.get(version)
        return policy is None or policy.requirement("contract", "inspect").duty is not Duty.EXEMPT


def _inspected(facts: ConsignmentFacts) -> bool:
    return any(mark.mark == "inspected" for mark in facts.marks)


def _row(entry: Entry, facts: DrawFacts, drawn: bool | None, verdict: Verdict) -> Row:
    return Row(entry.seq, facts.day, facts.contract, facts.n, drawn, verdict)
