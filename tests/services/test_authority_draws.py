"""Promise: a draw key is disclosed once its day is over, and the stored rows are re-computed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from padpos.wire import draw, policy
from padpos.wire.fact_values import Drawn, Mark
from padpos.wire.facts import DrawFacts, PolicyFacts
from padpos_services.authority import draws
from padpos_services.authority.errors import NotPublished
from padpos_services.authority.home import Home
from padpos_services.shared import database
from tests.wire.vector_objects import DAY_MS, consignment_facts, seed

if TYPE_CHECKING:
    from tests.services.conftest import Authority, Terminal

CONTRACT = "k-1"


def committed(authority: Authority, terminal: Terminal) -> tuple[policy.Policy, str]:
    """Publish a policy, let the terminal accept it: (policy, today)."""
    authority.run("publish", "policy", "--terminal", terminal.name, "--draw-rate", "400000")
    found, digest = policy.verify(terminal.next_of("policy"), authority.policy_key)
    terminal.send(PolicyFacts(found.version, digest), "policy")
    return found, min(found.commitments)


def a_parcel(terminal: Terminal, version: int, day: str, n: int, *, fell: bool) -> None:
    """The entries of an honest contract parcel, stored."""
    name = seed(f"{terminal.name} {n}", 16)
    mark = Mark("inspected" if fell else "contract-uninspected", ())
    terminal.send(DrawFacts(name, day, CONTRACT, n, version), "draw")
    made = consignment_facts(
        consignment=name,
        waybill=f"TEST{n:08}",
        contract=CONTRACT,
        draw=Drawn(day, n, fell),
        marks=(mark,),
        policy=version,
    )
    terminal.send(made, "consignment")


def test_todays_key_stays_with_the_authority_and_yesterdays_is_disclosed(
    authority: Authority, terminal: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whoever knew today's key could foresee the draw."""
    found, today = committed(authority, terminal)
    out = tmp_path / "told.json"
    authority.run("draw", "disclose", "--terminal", terminal.name, "--out", out)
    told = json.loads(out.read_text())
    assert told["terminal"] == terminal.name and told["keys"] == {}
    assert len(told["policies"]) == 1
    later = database.now_ms() + DAY_MS
    monkeypatch.setattr(database, "now_ms", lambda: later)
    told = draws.disclose(Home(authority.home), terminal.name)
    assert set(told["keys"]) == {today}
    assert draw.commitment(bytes.fromhex(told["keys"][today])) == found.commitments[today]
    with pytest.raises(NotPublished):
        draws.disclose(Home(authority.home), "nobody-01")


def test_the_stored_rows_of_a_day_gone_by_are_judged(
    authority: Authority, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, today = committed(authority, terminal)
    policy_entry = terminal.prev
    later = database.now_ms() + DAY_MS
    with monkeypatch.context() as tomorrow:
        tomorrow.setattr(database, "now_ms", lambda: later)
        key = bytes.fromhex(draws.disclose(Home(authority.home), terminal.name)["keys"][today])

    def falls(n: int) -> bool:
        return draw.is_drawn(
            day_key=key, terminal=terminal.name, day=today, contract=CONTRACT, n=n,
            policy_entry=policy_entry, rate=400_000,
        )  # fmt: skip

    for n in range(1, 6):
        a_parcel(terminal, found.version, today, n, fell=falls(n))
    with monkeypatch.context() as tomorrow:
        tomorrow.setattr(database, "now_ms", lambda: later)
        rows = draws.verify(Home(authority.home), terminal.name)
        assert [str(row.verdict) for row in rows] == ["agrees"] * 10
    a_parcel(terminal, found.version, today, 6, fell=not falls(6))
    monkeypatch.setattr(database, "now_ms", lambda: later)
    last = draws.verify(Home(authority.home), terminal.name)[-1]
    assert str(last.verdict) == ("not-checked" if falls(6) else "stricter")
