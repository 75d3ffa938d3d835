"""The summary: what was expected, what became of it, where all of it lies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from padpos_services.demo.play import Play
from padpos_services.demo.player import Played

Json = dict[str, Any]
MACHINE_STEPS = ("identify", "inspect", "first-byte", "print")  # sealing lies before the first byte
PATHS = {
    "state": "counter/state",
    "logs": "logs",
    "broker_log": "broker/mosquitto.log",
    "broker_persistence": "broker/data",
    "authority_store": "authority/store",
    "entries": "uploaded",
    "receipts": "receipts",
    "labels": "papers",
    "private_keys": "private-keys",
    "public_keys": "public-keys",
    "certificates": "certificates",
}


def summarise(
    plays: tuple[Play, ...], results: list[Played], rows: list[Json], courier: dict[str, str]
) -> Json:
    """The whole summary; `rows` are the ledger's entries, `courier` what a scan gave by waybill."""
    consignments = [
        _consignment(play, played, rows, courier)
        for play, played in zip(plays, results, strict=True)
    ]
    waiting = [row["seq"] for row in rows if row["receipt"] is None]
    ok = all(item["ok"] for item in consignments) and not waiting
    return {
        "ok": ok,
        "consignments": consignments,
        "entries": len(rows),
        "outbox": waiting,
        "figures": _figures(plays, consignments),
        "paths": PATHS,
    }


def write(summary: Json, folder: Path) -> None:
    """Write summary.json."""
    text = json.dumps(summary, ensure_ascii=False, indent=2)
    (folder / "summary.json").write_text(text + "\n", "utf-8")


def _consignment(play: Play, played: Played, rows: list[Json], courier: dict[str, str]) -> Json:
    mine = [row for row in rows if row["consignment"] == played.consignment]
    ends = [row for row in mine if row["kind"] in ("consignment", "refusal", "abandoned", "void")]
    end = ends[-1] if ends else {"seq": None, "hash": None, "receipt": None}
    if played.outcome == "accepted":
        end = next(row for row in ends if row["kind"] == "consignment")
    labels = _labels(mine, played.papers)
    item = {
        "title": played.title,
        "customer": play.customer,
        "expected": play.expected,
        "outcome": played.outcome,
        "reason": played.reason,
        "clerk": played.clerk,
        "drawn": played.drawn,
        "waybill": played.waybill,
        "seq": end["seq"],
        "entry_hash": end["hash"],
        "receipt": end["receipt"],
        "labels": labels,
        "courier": courier.get(played.waybill or ""),
        "milliseconds": played.milliseconds,
        "error": played.error,
    }
    return {"ok": not _wrong(play, played, item), "wrong": _wrong(play, played, item), **item}


def _wrong(play: Play, played: Played, item: Json) -> list[str]:
    accepted = play.expected == "accepted"
    checks = {
        f"ended {played.outcome}, not {play.expected}": played.outcome != play.expected,
        f"reason {played.reason}, not {play.expected_reason}": play.expected_reason
        not in (None, played.reason),
        f"drawn {played.drawn}, not {play.expected_drawn}": play.expected_drawn
        not in (None, played.drawn),
        "no receipt": item["receipt"] is None and play.expected != "not-begun",
        "no label": accepted and not item["labels"],
        "a label without an accepted parcel": not accepted
        and play.expected != "voided"
        and bool(item["labels"]),
        f"the courier got {item['courier']}": accepted and item["courier"] != "opened",
        str(played.error): played.error is not None,
    }
    return [what for what, is_wrong in checks.items() if is_wrong]


def _labels(rows: list[Json], papers: list[Json]) -> list[Json]:
    """One item a generation: how it ended by the ledger, and its paper, in the order they came."""
    ended: dict[int, Json] = {}
    for row in rows:
        if row["kind"] == "label":
            facts = row["facts"]
            ended[facts["generation"]] = {
                "generation": facts["generation"],
                "status": facts["status"],
                "said_by": facts["said_by"],
                "reason": facts.get("reason"),
                "png": None,
                "escpos": None,
            }
    _match(list(ended.values()), [paper for paper in papers if not paper["waste"]])
    return list(ended.values())


def _match(labels: list[Json], papers: list[Json]) -> None:
    """Give each label its paper: a printed one the last whole piece, a torn one its first piece."""
    left = list(papers)
    for label in reversed(labels):
        printed = label["status"] == "printed"
        pieces = [paper for paper in left if paper["complete"]] if printed else left
        if pieces:
            paper = pieces[-1 if printed else 0]
            left.remove(paper)
            label |= {"png": f"papers/{paper['png']}", "escpos": f"papers/{paper['escpos']}"}


def _figures(plays: tuple[Play, ...], consignments: list[Json]) -> Json:
    """Least and most milliseconds of each step, over accepted walk-ins in which nothing failed.

    `machine` is all the time the machine took of one consignment; people, and pcscd's poll, are not
    in it.
    """
    steps: dict[str, list[float]] = {}
    for play, item in zip(plays, consignments, strict=True):
        if item["outcome"] == "accepted" and play.customer == "walk-in" and not play.faults:
            times = item["milliseconds"]
            machine = sum(times.get(step, 0.0) for step in MACHINE_STEPS)
            for step, value in {**times, "machine": machine}.items():
                steps.setdefault(step, []).append(round(value, 2))
    return {step: {"least": min(v), "most": max(v)} for step, v in steps.items()}
