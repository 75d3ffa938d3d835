"""Scenarios of one's own: every card of the vectors, bad cards, printers, couriers of trouble."""

import json
from pathlib import Path
from typing import Any

import pytest

from padpos_services.demo import cards, scenario
from padpos_services.demo.errors import DemoError
from tests.demo.conftest import ROOT, run_demo

pytestmark = pytest.mark.timeout(420)
VECTORS = ROOT / "tests/vectors/id-cards.json"


def test_all_cards_of_the_vectors_and_all_sorts_of_bad_ones(tmp_path: Path) -> None:
    listed = json.loads(VECTORS.read_text("utf-8"))["cards"]
    good = [card["expect"]["name"] for card in listed]
    damaged = listed[0]["storage_image"][:1200]
    garbled = "ff" * 1284
    written = ["draw_rate = 0\n"]
    for name in good:
        expected = "refused" if name == "陳測試" else "accepted"  # that permit ended in May 2026
        written.append(
            f'[[consignment]]\ncustomer = "walk-in"\ncard = "{name}"\nexpected = "{expected}"'
        )
    for image, reason in ((damaged, "card-unreadable"), (garbled, "card-unreadable")):
        written.append(
            f'[[consignment]]\ncustomer = "walk-in"\ncard = "{image}"\nexpected = "refused"\n'
            f'expected_reason = "{reason}"'
        )
    written.append(
        '[[consignment]]\ncustomer = "walk-in"\ncard = "测试甲"\nfaults = ["no-paper"]\n'
        'expected = "accepted"'
    )
    written.append(
        '[[consignment]]\ncustomer = "walk-in"\ncard = "测试甲"\nrefuses = "inspection-refused"\n'
        'expected = "refused"'
    )
    file = tmp_path / "cards.toml"
    file.write_text("\n".join(written), "utf-8")
    done = run_demo(
        "--scenario", str(file), "--cards", str(VECTORS), "--keep", str(tmp_path / "OUT")
    )
    assert done.returncode == 0, done.stdout + done.stderr
    summary: dict[str, Any] = json.loads((tmp_path / "OUT/summary.json").read_text("utf-8"))
    blocked = summary["consignments"][-2]["labels"]
    assert [label["generation"] for label in blocked] == [1]
    refused = [item for item in summary["consignments"] if item["outcome"] == "refused"]
    assert all(item["labels"] == [] and item["waybill"] is None for item in refused)


def test_a_scenario_that_expects_otherwise_fails_and_says_why(tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(
        '[[consignment]]\ncustomer = "walk-in"\ncard = "测试丙"\nexpected = "refused"', "utf-8"
    )
    done = run_demo("--scenario", str(file))
    assert done.returncode == 1
    assert "ended accepted, not refused" in done.stdout


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "consignment is missing"),
        ("[[consignment]]\n", "customer is missing"),
        ('[[consignment]]\ncustomer = "vip"\n', "customer is not one of walk-in, contract"),
        (
            '[[consignment]]\ncustomer = "walk-in"\nexpected = "accepted"\ncard = "nobody"\n',
            "consignment 1: card",
        ),
        (
            '[[consignment]]\ncustomer = "walk-in"\nexpected = "accepted"\nfaults = ["fire"]\n',
            "consignment 1: faults",
        ),
        (
            '[[consignment]]\ncustomer = "walk-in"\nexpected = "accepted"\ncolour = "red"\n',
            "colour: no such setting",
        ),
        ('draw_rate = 2000000\n[[consignment]]\ncustomer = "walk-in"\nexpected = "accepted"\n',
         "draw_rate is in parts per million"),
        ("[[consignment]\n", "line 1"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_scenario_is_told_in_one_sentence_that_names_the_place(
    tmp_path: Path, text: str, place: str
) -> None:
    file = tmp_path / "mistake.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(DemoError) as caught:
        scenario.load(file, cards.load(cards.packaged()))
    assert str(file) in str(caught.value)
    assert place in str(caught.value)
