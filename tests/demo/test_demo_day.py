"""Promise: a day's sums add up, whoever counts: player, terminal, authority, paper.

The packaged day of 200 consignments is a command (docs/demo.md); here a short one is played.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from padpos_services.demo import cards, day, scenario
from padpos_services.demo.player import Played
from tests.demo.conftest import run_demo

pytestmark = pytest.mark.timeout(420)
SHORT = Path(__file__).parent / "short_day.toml"
EVERY = set(scenario.CUSTOMERS)
Json = dict[str, Any]


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> Json:
    """What the short day left."""
    out = tmp_path_factory.mktemp("day") / "OUT"
    done = run_demo("--scenario", str(SHORT), "--keep", str(out))
    assert done.returncode == 0, done.stdout + done.stderr
    made: Json = json.loads((out / "summary.json").read_text("utf-8"))
    return made


def test_every_consignment_of_the_day_ends_as_expected(summary: Json) -> None:
    assert {item["title"]: item["wrong"] for item in summary["consignments"] if item["wrong"]} == {}
    accepted = {i["customer"] for i in summary["consignments"] if i["outcome"] == "accepted"}
    assert accepted == EVERY


def test_the_days_sums_agree_whoever_counts_them(summary: Json) -> None:
    """Rule 4: whatever was refused, overridden, voided or reprinted is itself an entry."""
    lines = summary["day"]["lines"]
    assert summary["day"]["adds_up"]
    assert all(len(set(line.values())) == 1 for line in lines.values()), lines
    assert set(lines["net"]) == {"played", "ledger", "authority", "paper"}
    assert set(lines["printed"]) == {"ledger", "authority", "paper"}
    ended = Counter(item["outcome"] for item in summary["consignments"])
    assert lines["accepted"]["ledger"] == ended["accepted"] + ended["voided"]
    assert (lines["voided"]["authority"], lines["overridden"]["authority"]) == (2, 1)
    assert (lines["c-07 accepted"]["ledger"], lines["c-12 accepted"]["ledger"]) == (10, 6)


def test_a_void_leaves_no_whole_paper_and_a_frozen_counter_no_entry(summary: Json) -> None:
    """Rule 6: a number that was voided is on no label that came out whole."""
    voided = [item for item in summary["consignments"] if item["outcome"] == "voided"]
    assert [item["reason"] for item in voided] == ["labels-spent", "label-given-up"]
    assert all(label["status"] != "printed" for item in voided for label in item["labels"])
    (closed,) = [item for item in summary["consignments"] if item["outcome"] == "not-begun"]
    assert (closed["reason"], closed["seq"], closed["labels"]) == ("frozen-count", None, [])


def test_nothing_is_owed_when_the_day_is_closed_but_checks_drawn_and_not_made(
    summary: Json,
) -> None:
    owed = summary["day"]["owed"]
    assert (owed["labels"], owed["entries"], owed["photos"]) == (0, 0, 0)


def test_the_packaged_day_is_200_consignments_of_all_classes_and_ends() -> None:
    packaged = scenario.load(scenario.find("day"), cards.load(cards.packaged()))
    plays = packaged.plays
    assert len(plays) == 200
    assert packaged.closes_day
    assert {play.customer for play in plays} == EVERY
    assert {play.expected for play in plays} == set(scenario.OUTCOMES)
    assert {play.around.clerk for play in plays} == {None, "c-12"}
    assert [p.around.network for p in plays if p.around.network] == ["down", "up"]
    assert any(play.shown.same_visit for play in plays)
    assert any(play.shown.typed for play in plays)


def test_a_consignment_played_several_times_changes_its_surroundings_once() -> None:
    plays = scenario.load(SHORT, cards.load(cards.packaged())).plays
    offline = [play for play in plays if play.title.startswith("without a network")]
    assert [play.around.network for play in offline] == ["down", None, None, None, None]


def test_a_parcel_the_player_saw_and_nobody_recorded_is_noticed() -> None:
    """The reckoning is no rubber stamp: each source counts by itself."""
    seen = [Played("a", "accepted", "accepted", clerk="c-07"), Played("b", "voided", "voided")]
    assert day._played(seen)["accepted"] == 2
    assert day._played(seen)["net"] == 1
    whole = {"complete": True, "waste": False}
    seen[0].papers = [whole, {**whole, "waste": True}, {**whole, "complete": False}]
    assert day._paper(seen, {"PD1": "opened", "PD2": "unreadable"}) == {"printed": 1, "net": 1}
