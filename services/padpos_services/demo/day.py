"""The day's end, reckoned four times over: as played, by ledger, by authority, by the paper.

Each counts by itself; the terminal's own summary is only one of them, and has to agree.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from padpos.wire import entry as wire_entry
from padpos.wire import signed
from padpos.wire.entry import Entry
from padpos.wire.facts import (
    ConsignmentFacts,
    DrawFacts,
    EndedFacts,
    Kind,
    LabelFacts,
    OverrideFacts,
)
from padpos.wire.ids import day_of
from padpos_services.authority.home import Home
from padpos_services.demo.founding import Office
from padpos_services.demo.layout import Layout
from padpos_services.demo.player import Played

Json = dict[str, Any]
ENDS = {Kind.REFUSAL: "refused", Kind.ABANDONED: "abandoned", Kind.VOID: "voided"}
OF_A_CLERK = ("accepted", "refused", "abandoned", "voided")
OUTLET = (
    *OF_A_CLERK, "net", "overridden", "typed", "inspected", "draws", "drawn", "printed",
    "reprints", "grams",
)  # fmt: skip


async def reckon(
    layout: Layout, office: Office, results: list[Played], rows: list[Json], scans: dict[str, str]
) -> Json:
    """Every line of the day by who counted it, and whether all agree. After the stage is closed."""
    days = sorted({day_of(row["time"]) for row in rows})  # two, if it was played over midnight
    told = [
        json.loads(
            await office.padpos(
                "ledger", "day", "--day", day, "--json", "--config", str(layout.config)
            )
        )
        for day in days
    ]
    counts = {
        "played": _played(results),
        "ledger": _ledger(told),
        "authority": _authority(layout),
        "paper": _paper(results, scans),
    }
    named = dict.fromkeys(name for counted in counts.values() for name in counted)
    lines = {
        name: {who: counted[name] for who, counted in counts.items() if name in counted}
        for name in named
    }
    adds_up = all(len(set(line.values())) == 1 for line in lines.values())
    own_words = [wrong for one in told for wrong in one["disagreements"]]
    owed = told[-1]["owed"]
    return {"days": days, "lines": lines, "owed": owed, "adds_up": adds_up and not own_words}


def _played(results: list[Played]) -> dict[str, int]:
    """As the player saw them end. What was voided had been accepted before."""
    found = dict.fromkeys(OF_A_CLERK, 0)
    for played in results:
        outcomes = ("accepted", "voided") if played.outcome == "voided" else (played.outcome,)
        for outcome in outcomes:
            if outcome in found:
                found[outcome] += 1
                name = f"{played.clerk} {outcome}"
                found[name] = found.get(name, 0) + 1
    return {**found, "net": found["accepted"] - found["voided"]}


def _paper(results: list[Played], scans: dict[str, str]) -> dict[str, int]:
    """By what came out of the printer, and what a courier could read of it."""
    pieces = [paper for played in results for paper in played.papers]
    whole = [paper for paper in pieces if paper["complete"] and not paper["waste"]]
    return {"printed": len(whole), "net": list(scans.values()).count("opened")}


def _ledger(told: list[Json]) -> dict[str, int]:
    """By the terminal's own summary, of each day it was played on."""
    found = Counter[str]()
    for one in told:
        found.update({name: one["outlet"][name] for name in OUTLET})
        for clerk, sums in one["clerks"].items():
            found.update({f"{clerk} {name}": sums[name] for name in OF_A_CLERK if sums[name]})
    return dict(found)


def _authority(layout: Layout) -> dict[str, int]:
    """By the entries in the authority's store, read one by one."""
    found = Counter[str](dict.fromkeys(OUTLET, 0))
    for entry in _entries(layout):
        _count(entry, found)
    found["net"] = found["accepted"] - found["voided"]
    return dict(found)


def _entries(layout: Layout) -> Iterator[Entry]:
    with closing(sqlite3.connect(Home(layout.authority).database)) as store:
        for (raw,) in store.execute("SELECT raw FROM entry ORDER BY seq"):
            yield wire_entry.read_payload(signed.parts(signed.What.ENTRY, bytes(raw))[1])


def _count(entry: Entry, found: Counter[str]) -> None:
    facts = entry.facts
    if isinstance(facts, ConsignmentFacts):
        _accepted(facts, found)
    elif isinstance(facts, EndedFacts):
        found[ENDS[entry.kind]] += 1
        found[f"{facts.clerk} {ENDS[entry.kind]}"] += 1
    elif isinstance(facts, LabelFacts):
        found["printed"] += facts.status == "printed"
        found["reprints"] += facts.status == "intended" and facts.generation > 1
    found["overridden"] += isinstance(facts, OverrideFacts)
    found["draws"] += isinstance(facts, DrawFacts)


def _accepted(facts: ConsignmentFacts, found: Counter[str]) -> None:
    readings = (facts.reading, facts.helper.reading if facts.helper else None)
    found["accepted"] += 1
    found[f"{facts.clerk} accepted"] += 1
    found["grams"] += facts.grams
    found["typed"] += readings.count("typed")
    found["inspected"] += "inspected" in {mark.mark for mark in facts.marks}
    found["drawn"] += facts.draw is not None and facts.draw.drawn
