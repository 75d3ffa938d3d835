"""Promise: what a day or a shift came to is told without reading all the days before."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from padpos.ledger.days import Days
from tests.ledger.shelf import begun, clerk, parcel


@pytest.mark.parametrize("what", ["day", "shift"])
def test_a_sum_finds_its_entries_by_an_index(tmp_path: Path, what: str) -> None:
    """The terminal sums up the day at its start, behind a backlog of any length."""
    ledger = begun(tmp_path)
    clerk(ledger)
    parcel(ledger)
    days, asked = Days(ledger), set()
    day = days.last_day()
    assert day is not None

    def traced(event: dict[str, str]) -> None:
        if "FROM entries" in event["sql"]:
            asked.add(event["sql"])

    ledger.db.trace_v2(apsw.SQLITE_TRACE_STMT, traced)
    found = days.summary(day) if what == "day" else days.shift("clerk-03")
    ledger.db.trace_v2(0)
    assert found.clerks and asked
    for sql in asked:
        plan = list(ledger.db.execute(f"EXPLAIN QUERY PLAN {sql}", (1,) * sql.count("?")))
        assert not any(step == "SCAN entries" for *_, step in plan), sql
    ledger.close()
