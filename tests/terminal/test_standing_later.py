"""Promise: a policy for later waits beside the one in force, and begins by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from padpos.ledger.held import Held
from padpos.ledger.ledger import Ledger
from padpos.terminal.standing import Standing
from padpos.wire import draw
from padpos.wire.documents import Leavers
from padpos.wire.facts import Kind, PolicyFacts
from tests.ledger.shelf import begun, opened
from tests.terminal.counters import POLICY, keys, papers, read_chain
from tests.wire.vector_objects import DAY_MS, START, TERMINAL, signer

SIGN = signer("policy")
TOMORROW = START + DAY_MS
LATER = replace(POLICY, version=13, valid_from=TOMORROW)


@dataclass(slots=True)
class Desk:
    """A standing whose time can be moved."""

    folder: Path
    ledger: Ledger
    time: int = START
    standing: Standing | None = None

    def opened(self) -> Standing:
        self.standing = Standing(
            self.ledger, Held(self.ledger), keys(), "样例速递", lambda: self.time
        )
        self.standing.load()
        return self.standing

    def restart(self) -> Standing:
        self.ledger.close()
        self.ledger = opened(self.folder)
        return self.opened()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path, begun(tmp_path))
    standing = made.opened()
    assert [standing.take(kind, raw) for kind, raw in papers().items()] == ["ok"] * 5
    yield made
    made.ledger.db.close()


def in_force(standing: Standing) -> tuple[int, int | None]:
    """The versions in force and waiting."""
    assert standing.policy is not None
    return standing.policy.version, standing.next_policy.version if standing.next_policy else None


def on_record(ledger: Ledger) -> list[int]:
    facts = read_chain(ledger, Kind.POLICY)
    return [item.version for item in facts if isinstance(item, PolicyFacts)]


def test_a_policy_for_later_leaves_the_one_in_force_and_begins_in_its_time(desk: Desk) -> None:
    """Rule 4: no moment without a law, and no law before its time."""
    standing = desk.standing
    assert standing is not None
    assert standing.take("policy", LATER.sign(SIGN).raw) == "ok"
    assert in_force(standing) == (12, 13)
    assert not standing.is_due(TOMORROW - 1)
    standing.turn(TOMORROW - 1)
    assert in_force(standing) == (12, 13)
    standing.turn(TOMORROW)
    assert in_force(standing) == (13, None)
    assert on_record(desk.ledger) == [12, 13]


def test_it_waits_through_a_restart_and_begins_at_the_next_one(desk: Desk) -> None:
    assert desk.standing is not None
    desk.standing.take("policy", LATER.sign(SIGN).raw)
    assert in_force(desk.restart()) == (12, 13)
    desk.time = TOMORROW
    assert in_force(desk.restart()) == (13, None)
    assert in_force(desk.restart()) == (13, None)
    assert on_record(desk.ledger) == [12, 13]


def test_its_draw_keys_are_fixed_as_soon_as_it_is_accepted(desk: Desk) -> None:
    """Rule 4: the authority releases a day's key only to a terminal that holds its commitment."""
    days = {**POLICY.commitments, "2026-01-02": draw.commitment(bytes(32))}
    assert desk.standing is not None
    desk.standing.take("policy", replace(LATER, commitments=days).sign(SIGN).raw)
    assert Held(desk.ledger).commitment("2026-01-02") is not None


def test_a_newer_policy_takes_the_waiting_ones_place_and_an_older_one_does_not(desk: Desk) -> None:
    standing = desk.standing
    assert standing is not None
    standing.take("policy", replace(LATER, version=14).sign(SIGN).raw)
    assert standing.take("policy", LATER.sign(SIGN).raw) == "not-newer"
    assert standing.take("policy", replace(POLICY, version=13).sign(SIGN).raw) == "not-newer"
    assert in_force(standing) == (12, 14)
    assert standing.take("policy", replace(LATER, version=15).sign(SIGN).raw) == "ok"
    assert in_force(standing) == (12, 15)
    at_once = replace(POLICY, version=16).sign(SIGN).raw
    assert standing.take("policy", at_once) == "ok"
    assert in_force(standing) == (16, None)
    assert in_force(desk.restart()) == (16, None)


def test_the_first_policy_is_taken_whenever_it_begins(tmp_path: Path) -> None:
    """A terminal without a law has none to keep; admission says that it is not in force yet."""
    new = Desk(tmp_path / "new", begun(tmp_path / "new"))
    standing = new.opened()
    assert standing.take("policy", LATER.sign(SIGN).raw) == "ok"
    assert in_force(standing) == (13, None)
    new.ledger.close()


@pytest.mark.parametrize("fault", ["another key", "contradiction", "impossible rate"])
def test_the_counter_goes_on_with_what_was_valid(desk: Desk, fault: str) -> None:
    standing = desk.standing
    assert standing is not None
    bad = {
        "another key": LATER.sign(signer("entry")).raw,
        "contradiction": replace(LATER, adult_at=1).sign(SIGN).raw,
        "impossible rate": replace(LATER, draw_rate=2_000_000).sign(SIGN).raw,
    }[fault]
    assert standing.take("policy", bad) not in ("ok", "not-newer")
    assert in_force(standing) == (12, None)


def test_leavers_are_kept_and_only_ever_newer(desk: Desk) -> None:
    standing = desk.standing
    assert standing is not None
    raw = Leavers(2, TERMINAL, ("clerk-01",)).sign(SIGN).raw
    assert standing.take("leavers", raw) == "ok"
    again = desk.restart()
    assert again.has_left("clerk-01") and not again.has_left("clerk-02")
    assert again.take("leavers", Leavers(1, TERMINAL, ()).sign(SIGN).raw) == "not-newer"
    other = Leavers(3, "cn-sh-0001", ()).sign(SIGN).raw
    assert again.take("leavers", other) == "not-accepted"
    assert again.has_left("clerk-01")
