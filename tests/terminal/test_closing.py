"""Promise: a day's sums are the ledger's own, and what served the day alone is gone with it."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from padpos.cli import main
from padpos.counter.errors import CounterError
from padpos.counter.flow import Phase
from padpos.counter.summary import Sums, disagreements
from padpos.counter.summary_text import as_text
from padpos.ledger.papers import Papers
from padpos.terminal.clerks import hash_pin
from padpos.terminal.timekeeper import tick
from padpos.terminal.volatile import Volatile
from padpos.ui.snapshot import snapshot
from padpos.wire.facts import ConsignmentFacts, EndedFacts, Kind
from padpos_drivers.printer import PrintOutcome
from tests.terminal.counters import PIN, POLICY, SENDER_PHONE, Counter, counter, of_kind
from tests.wire.vector_objects import DAY, DAY_MS, RECIPIENT, START, TERMINAL, signer

OTHER_PIN = "271828"
OTHER = hash_pin(OTHER_PIN)
HOUR_MS = 3_600_000


def told(
    folder: Path,
    story: Callable[[Counter], Awaitable[None]],
    *,
    now: Callable[[], int] = lambda: START,
    **more: object,
) -> None:
    """Let a story happen at a counter with two clerks."""

    async def run() -> None:
        async with counter(folder, now=now, **more) as c:  # type: ignore[arg-type]
            pins = {**c.station.config.pins, "clerk-04": OTHER}
            c.station.config = replace(c.station.config, pins=pins)
            await story(c)

    asyncio.run(run())


async def refused(c: Counter, command: str, **arguments: object) -> str:
    """The code for which a command is refused."""
    with pytest.raises(CounterError) as said:
        await c.do(command, **arguments)
    return said.value.code


async def a_day(c: Counter) -> None:
    """Two shifts: parcels accepted, one printed again, one voided, one refused, two abandoned."""
    c.station.clerk = None
    await c.do("sign-in", clerk="clerk-03", pin=PIN)
    await c.walk_in()
    c.printer.outcomes += [PrintOutcome.UNKNOWN]
    await c.walk_in()
    await c.do("label-reprint")
    await c.walk_in("sender")
    await c.do("refuse", reason="inspection-refused")
    await c.do("hand-over", clerk="clerk-04", pin=OTHER_PIN)
    await c.walk_in()
    c.printer.outcomes += [PrintOutcome.BLOCKED]
    await c.walk_in()
    await c.do("label-void")
    for reason in ("sender-left", "cancelled"):
        await c.do("begin", customer="contract", contract="contract-9")
        await c.do("abandon", reason=reason)


def test_the_sums_add_up_with_the_ledger_by_clerk_and_for_the_outlet(tmp_path: Path) -> None:
    async def story(c: Counter) -> None:
        await a_day(c)
        _, found = await c.station.closing.summary("day")
        first, second = found.clerks["clerk-03"], found.clerks["clerk-04"]
        assert (first.accepted, first.refused, first.reprints, first.printed) == (2, 1, 1, 2)
        assert (second.accepted, second.voided, second.net, second.abandoned) == (2, 1, 1, 2)
        assert (second.draws, found.outlet.net, found.refusals) == (2, 3, {"inspection-refused": 1})
        assert first.plus(second) == found.outlet
        assert disagreements(found) == ()
        facts = await c.facts()
        ended = of_kind(facts, EndedFacts)
        assert sum(found.kinds.values()) == len(facts) == (found.last or 0) - (found.first or 0) + 1
        accepted = of_kind(facts, ConsignmentFacts)
        assert found.kinds["consignment"] == len(accepted) == found.outlet.accepted
        told_ends = found.outlet.refused + found.outlet.abandoned + found.outlet.voided
        assert told_ends == len(ended)
        assert found.outlet.grams == sum(fact.grams for fact in accepted)
        assert found.owed.labels == 0 and found.owed.entries == len(facts)

    told(tmp_path, story)


def test_a_shift_is_summed_from_its_own_signing_in(tmp_path: Path) -> None:
    async def story(c: Counter) -> None:
        await a_day(c)
        title, found = await c.station.closing.summary("shift")
        assert title.endswith("clerk-04") and set(found.clerks) == {"clerk-04"}
        assert found.outlet.accepted == 2
        with pytest.raises(CounterError):
            await c.station.closing.summary("year")

    told(tmp_path, story)


def test_sums_that_do_not_add_up_are_said(tmp_path: Path) -> None:
    async def story(c: Counter) -> None:
        await c.walk_in()
        _, found = await c.station.closing.summary("day")
        wrong = replace(found, clerks={"clerk-03": Sums(accepted=2)})
        assert disagreements(wrong) == ("consignment", "customers")
        assert "does not add up" in as_text(wrong, DAY)

    told(tmp_path, story)


def test_the_technicians_command_tells_the_same_sums(tmp_path: Path) -> None:
    async def story(c: Counter) -> None:
        await a_day(c)

    told(tmp_path, story)
    config = written_config(tmp_path)
    done = CliRunner().invoke(main, ["ledger", "day", "--config", str(config), "--json"])
    assert done.exit_code == 0, done.output
    read = json.loads(done.output)
    assert (read["title"], read["disagreements"]) == (DAY, [])
    assert read["outlet"]["accepted"] == 4 and read["outlet"]["net"] == 3
    text = CliRunner().invoke(main, ["ledger", "day", "--config", str(config), "--day", DAY]).output
    assert "clerk-03" in text and "实收" in text
    for word in (RECIPIENT.name, RECIPIENT.phone, SENDER_PHONE):
        assert word not in text + done.output
    bad = CliRunner().invoke(main, ["ledger", "day", "--config", str(config), "--day", "today"])
    assert bad.exit_code == 1 and "YYYY-MM-DD" in bad.output


def test_a_closed_day_leaves_no_label_code_and_no_masked_text(tmp_path: Path) -> None:
    """Rule 1: codes and texts served reprints of that day alone (formats §10)."""

    async def story(c: Counter) -> None:
        await c.walk_in()
        (label,) = await c.station.in_ledger(papers_of, c)
        assert on_disk(tmp_path, label) > 0
        before = len(await c.facts(Kind.CHECKPOINT))
        await c.do("day-close")
        assert await c.station.in_ledger(papers_of, c) == []
        assert on_disk(tmp_path, label) == 0
        assert on_disk(tmp_path, "顾**".encode()) == 0
        assert len(await c.facts(Kind.CHECKPOINT)) == before + 1
        await c.walk_in()
        assert c.phase is Phase.DONE, "who comes late is still served"

    told(tmp_path, story)


def papers_of(c: Counter) -> list[bytes]:
    """The first label code of every paper that is kept."""
    rows = c.ledger.db.execute("SELECT consignment FROM papers").fetchall()
    found = [Papers(c.ledger).get(name) for (name,) in rows]
    return [paper.codes[0] for paper in found if paper is not None]


def on_disk(folder: Path, wanted: bytes) -> int:
    """How many files of the state folder hold these bytes."""
    files = [path for path in (folder / "state").rglob("*") if path.is_file()]
    return sum(wanted in path.read_bytes() for path in files)


def test_a_day_with_a_label_nobody_settled_is_not_closed_by_hand(tmp_path: Path) -> None:
    """Rule 6: a paper that is unknown stays until a person decides, also over midnight."""
    time = [START]

    async def story(c: Counter) -> None:
        await tick(c.station)
        c.printer.outcomes += [PrintOutcome.UNKNOWN]
        await c.walk_in()
        assert await refused(c, "day-close") == "not-now"
        time[0] += DAY_MS
        await tick(c.station)
        assert c.phase is Phase.LABEL_UNKNOWN
        assert len(await c.station.in_ledger(papers_of, c)) == 1
        await c.do("label-reprint")
        assert c.phase is Phase.DONE

    told(tmp_path, story, now=lambda: time[0])


@pytest.mark.parametrize("off", [False, True])
def test_the_calendar_closes_a_day_also_when_the_terminal_was_off(
    tmp_path: Path, off: bool
) -> None:
    time = [START]

    async def first(c: Counter) -> None:
        await tick(c.station)
        await c.walk_in()
        if not off:
            await second(c)

    async def second(c: Counter) -> None:
        time[0] = START + DAY_MS
        await tick(c.station)
        assert await c.station.in_ledger(papers_of, c) == []
        assert DAY not in c.station.standing.day_keys
        closed = len(await c.facts(Kind.CHECKPOINT))
        await tick(c.station)
        assert len(await c.facts(Kind.CHECKPOINT)) == closed == 1

    told(tmp_path, first, now=lambda: time[0])
    if off:
        time[0] = START + DAY_MS
        told(tmp_path, second, now=lambda: time[0], recover=True)


def test_closing_the_day_by_hand_resets_no_limit(tmp_path: Path) -> None:
    """Rule 4: the counts end with the calendar's day, not with a button."""

    async def story(c: Counter) -> None:
        await c.walk_in("photo")
        await c.do("abandon", reason="cancelled")
        await c.do("day-close")
        await c.walk_in("photo")
        held = c.station.state.consignment
        assert held is not None and held.times_today == 2

    told(tmp_path, story)


def test_a_power_cut_takes_no_count_of_a_clerks_doings(tmp_path: Path) -> None:
    """Rule 4: voids, reprints and dropped draws come back from the ledger."""

    async def before(c: Counter) -> None:
        await a_day(c)

    async def after(c: Counter) -> None:
        assert c.station.daybook.tallies("clerk-03", DAY).reprints == 1
        assert c.station.daybook.tallies("clerk-04", DAY).voids == 1
        dropped = [c.station.daybook.tallies(clerk, DAY).dropped_drawn for clerk in ("clerk-04",)]
        fell = [await c.station.in_ledger(fallen, c)]
        assert dropped == fell

    told(tmp_path, before, policy=replace(POLICY, draw_rate=500_000))
    told(tmp_path, after, policy=replace(POLICY, draw_rate=500_000), recover=True)


def fallen(c: Counter) -> int:
    """On how many of the contract's first two parcels the draw falls."""
    from padpos.wire import draw
    from tests.wire.vector_objects import DAY_KEY

    entry = c.ledger.db.execute("SELECT entry FROM commitments WHERE day = ?", (DAY,)).get
    return sum(
        draw.is_drawn(day_key=DAY_KEY, terminal=TERMINAL, day=DAY, contract="contract-9",
                      n=n, policy_entry=entry, rate=500_000)
        for n in (1, 2)
    )  # fmt: skip


def test_a_restart_of_the_process_goes_on_counting_documents(tmp_path: Path) -> None:
    """Rule 4: where memory-backed storage still has the key, the count goes on."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as memory:

        async def story(c: Counter) -> None:
            await c.walk_in("photo")
            held = c.station.state.consignment
            assert held is not None
            counted.append(held.times_today)

        counted: list[int] = []
        for _ in range(2):
            told(tmp_path, story, volatile=Volatile(Path(memory)), recover=True)
        assert counted == [1, 2]


def test_a_freeze_and_its_thaw_are_told_before_anybody_meets_them(tmp_path: Path) -> None:
    """Rule 3: without receipts the counter closes, says why, and opens by itself."""
    time = [START]

    async def story(c: Counter) -> None:
        await tick(c.station)
        assert snapshot(c.station)["frozen"] is None
        time[0] += POLICY.freeze_hours * HOUR_MS + 1000
        await tick(c.station)
        shown = snapshot(c.station)["frozen"]
        assert shown["code"] == "frozen-age" and "网络" in shown["zh"] and "network" in shown["en"]
        assert await refused(c, "begin", customer="walk-in") == "frozen-age"
        await c.station.in_ledger(all_receipted, c)
        await tick(c.station)
        assert snapshot(c.station)["frozen"] is None
        await c.do("begin", customer="walk-in")

    told(tmp_path, story, now=lambda: time[0])


def all_receipted(c: Counter) -> None:
    """As the authority's receipts would leave the ledger (they have tests of their own)."""
    c.ledger.db.execute("UPDATE entries SET receipted = 1 WHERE receipted IS NULL")


def test_a_summary_is_printed_and_a_printer_that_cant_is_said(tmp_path: Path) -> None:
    async def story(c: Counter) -> None:
        await c.walk_in()
        await c.do("summary-print", kind="day")
        assert len(c.printer.printed) == 2
        c.printer.outcomes += [PrintOutcome.BLOCKED]
        assert await refused(c, "summary-print", kind="shift") == "paper-out"
        await c.do("begin", customer="walk-in")
        assert await refused(c, "summary-print", kind="day") == "not-now"

    told(tmp_path, story)


def written_config(folder: Path) -> Path:
    """The counter's configuration as a file, and its entry key beside it."""
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    keys = folder / "keys"
    keys.mkdir(exist_ok=True)
    private = signer("entry").private
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (keys / "entry.key.pem").write_bytes(pem)
    path = folder / "terminal.toml"
    path.write_text(
        f"""terminal = "{TERMINAL}"
carrier = "样例速递"
outlet = "样例路网点"
area = "北京 B01"
state = "state"
keys = "keys"
reader = "reader"
printer = "127.0.0.1:9100"
camera = "camera"
link = "link.sock"
listen = []
label_prefix = "HTTPS://L.EXAMPLE.CN/"
[clerks]
""",
        "utf-8",
    )
    return path
