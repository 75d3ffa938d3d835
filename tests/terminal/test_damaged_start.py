"""Promise: whatever bit of the ledger file is altered, the terminal comes up: open or closed."""

from __future__ import annotations

import asyncio
import random
import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from padpos.ledger import aside
from padpos.ledger.errors import LedgerError
from padpos.ledger.held import Held
from padpos.ledger.ledger import Ledger
from padpos.ledger.papers import Papers
from padpos.terminal.devices import Devices
from padpos.terminal.opening import Closed, opened_or_closed
from padpos.terminal.recorder import Recorder
from padpos.terminal.recovery import load_documents, paper_under_way
from padpos.terminal.standing import Standing
from padpos.terminal.station import Station
from tests.ledger.shelf import ticking
from tests.ledger.wrecks import FILE, flipped, put
from tests.terminal.counters import (
    Camera,
    Printer,
    Reader,
    configuration,
    counter,
    keys,
)
from tests.wire.vector_objects import START, signer

FLIPS = 60


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a power cut leaves: a parcel recorded, another in hand with a photo."""

    async def work() -> None:
        async with counter(folder) as at_work:
            await at_work.walk_in()
            await at_work.do("begin", customer="walk-in")
            await at_work.lay_card()
            await at_work.do("photo")

    folder = tmp_path_factory.mktemp("left")
    asyncio.run(work())
    return folder


async def come_up(folder: Path) -> str | None:
    """Start as the program does, devices aside: the code for which the counter is closed."""
    config = configuration(folder)
    ledger = opened_or_closed(config, signer("entry"), ticking())
    if isinstance(ledger, Closed):
        return ledger.code
    with closing(ledger), ThreadPoolExecutor(1, "ledger") as thread:
        return (await _settled(folder, ledger, thread)).closed


async def _settled(folder: Path, ledger: Ledger, thread: ThreadPoolExecutor) -> Station:
    config = configuration(folder)
    standing = Standing(ledger, Held(ledger), keys(), config.carrier)
    load_documents(standing, config.state)
    paper_under_way(ledger)
    station = Station(
        config=config, ledger=ledger, standing=standing,
        recorder=Recorder(config, ledger, standing, lambda: START),
        devices=Devices(Reader(), Camera(), Printer()), now=lambda: START,
        ledger_thread=thread,
    )  # fmt: skip
    await station.books.look()
    await station.recover()
    walk = ledger.walk()
    try:
        while not await station.in_ledger(walk.advance, 1):
            pass
        await station.books.status()
    except LedgerError:
        assert station.closed is not None, "what was found closes the counter"
    return station


def copied(left: Path, folder: Path) -> Path:
    """A fresh copy of what was left."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(left, folder)
    return folder


def test_no_flipped_bit_keeps_the_terminal_from_coming_up(left: Path, tmp_path: Path) -> None:
    """Anything but a LedgerError would end the program, again at every start."""
    whole = (left / "state" / FILE).read_bytes()
    chance = random.Random(20260102)
    found = set()
    for _ in range(FLIPS):
        folder = copied(left, tmp_path / "copy")
        put(folder / "state", flipped(whole, chance.randrange(len(whole) * 8)))
        found.add(asyncio.run(come_up(folder)))
    assert found == {None, "ledger-damaged"}


def altered(folder: Path, statement: str) -> None:
    """Change a row as whoever does not know the sums would."""
    with sqlite3.connect(folder / "state" / FILE) as database:
        database.create_function("row_sum", -1, lambda *_: b"")
        database.execute(statement)
    database.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE open_consignments SET id = x'00'",
        "UPDATE documents SET raw = x'00' WHERE kind = 'policy'",
        "DELETE FROM meta WHERE key = 'terminal'",
        "UPDATE commitments SET digest = zeroblob(32)",
    ],
)
def test_what_everything_begins_with_is_checked_before_it_is_used(
    left: Path, tmp_path: Path, statement: str
) -> None:
    folder = copied(left, tmp_path / "copy")
    altered(folder, statement)
    assert asyncio.run(come_up(folder)) == "ledger-damaged"
    assert not (folder / "state" / FILE).exists(), "set aside"


def test_an_altered_paper_is_never_printed(left: Path, tmp_path: Path) -> None:
    """Rule 5: its marks would be nobody's evidence."""
    folder = copied(left, tmp_path / "copy")
    altered(folder, "UPDATE papers SET status = 'pending', shown = x'80'")
    assert asyncio.run(come_up(folder)) == "ledger-damaged"
    found = opened_or_closed(configuration(folder), signer("entry"), ticking())
    assert isinstance(found, Ledger), "what waits in it is still sent"
    with pytest.raises(LedgerError):
        Papers(found).unsettled()
    found.close()


def test_an_entry_that_the_index_hides_is_missed(left: Path, tmp_path: Path) -> None:
    """Rule 3: it would wait for ever, since the outbox looks there."""
    folder = copied(left, tmp_path / "copy")
    database = sqlite3.connect(folder / "state" / FILE, isolation_level=None)
    database.execute("PRAGMA writable_schema = ON")
    schema = database.execute(
        "SELECT sql FROM sqlite_schema WHERE name = 'entries_open'"
    ).fetchone()[0]
    narrower = "CREATE INDEX entries_open ON entries (seq) WHERE receipted IS NULL AND seq <> 1"
    database.execute("DROP INDEX entries_open")
    database.execute(narrower)
    database.execute("UPDATE sqlite_schema SET sql = ? WHERE name = 'entries_open'", (schema,))
    database.close()
    assert asyncio.run(come_up(folder)) == "ledger-damaged"
    (note,) = aside.listed(folder / "state").values()
    assert note is not None and note.what == "entry 1: missing from what waits"
