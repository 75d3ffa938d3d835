"""Promise: a ledger that was spoilt in any way is recognised and named, and nothing worse happens.

Many more bits: `python -m tests.ledger.wrecks --flips 20000`.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from padpos.ledger.errors import (
    LedgerDamaged,
    LedgerError,
    LedgerForeign,
    LedgerTruncated,
    LedgerUnfit,
    PhotoAltered,
    PhotoLost,
)
from padpos.ledger.header import HEADER, MAGIC
from padpos.ledger.ledger import TAIL
from tests.ledger.shelf import begun, clerk, opened
from tests.ledger.wrecks import FILE, KEY, Content, filled, flipped, flips, put, read, verdict
from tests.wire.vector_objects import TERMINAL

Whole = tuple[Path, Content]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """A closed ledger with something in every table, and its content."""
    folder = tmp_path_factory.mktemp("whole")
    return folder, filled(folder)


@pytest.fixture
def copy(shelf: Whole, tmp_path: Path) -> Whole:
    """A copy of it to spoil."""
    shutil.copytree(shelf[0], tmp_path / "copy")
    return tmp_path / "copy", shelf[1]


def test_a_bit_flipped_anywhere_is_found_or_changes_nothing(copy: Whole) -> None:
    """Rule 3: sealed bytes, papers, numbers, draws: nothing is believed that was altered."""
    verdicts = flips(*copy, number=200, seed=20260101)
    assert not verdicts["CHANGED"], verdicts
    assert verdicts["ledger-damaged"] > 50
    assert verdict(*copy) == "same"


def test_a_file_cut_off_anywhere_is_truncated_or_no_ledger(copy: Whole) -> None:
    whole = (copy[0] / FILE).read_bytes()
    chance = random.Random(5)
    for size in [1, 15, 50, 99, 100, 4095, 4096, *chance.sample(range(len(whole)), 20)]:
        put(copy[0], whole[:size])
        with pytest.raises(LedgerTruncated):
            opened(copy[0])


def test_a_row_that_no_signature_covers_bears_a_sum(copy: Whole) -> None:
    """Rule 6: a label code, a number given, a draw counted can't be altered unnoticed."""
    for table, column in (("papers", "shown"), ("waybills", "number"), ("draws", "n")):
        database = sqlite3.connect(copy[0] / FILE)
        database.create_function("row_sum", -1, lambda *_: b"a forged sum")
        with database:
            before = database.execute(f"SELECT {column} FROM {table}").fetchone()[0]
            database.execute(f"UPDATE {table} SET {column} = 7")
        ledger = opened(copy[0])
        with pytest.raises(LedgerDamaged, match=table):
            ledger.verify(KEY)
        ledger.db.execute(f"UPDATE {table} SET {column} = ?", (before,))
        ledger.verify(KEY)
        ledger.close()
        database.close()


@pytest.mark.parametrize("column", ["sealed", "carrier"])
def test_sealed_bytes_that_were_altered_or_lost_are_found(copy: Whole, column: str) -> None:
    """Rule 3: what could not be opened any more by anybody is told before it is sent."""
    for value in (b"something else", None):
        database = sqlite3.connect(copy[0] / FILE)
        with database:
            database.execute(f"UPDATE entries SET {column} = ? WHERE seq = 4", (value,))
        database.close()
        with pytest.raises(LedgerDamaged, match="entry 4: its Envelope"):
            opened(copy[0])


def test_a_photo_that_was_altered_or_is_gone_is_found(copy: Whole) -> None:
    folder = copy[0] / "attachments"
    photo = min(folder.iterdir())
    whole = photo.read_bytes()
    photo.write_bytes(flipped(whole, 12345))
    ledger = opened(copy[0])
    with pytest.raises(PhotoAltered):
        ledger.verify(KEY)
    photo.unlink()
    with pytest.raises(PhotoLost):
        ledger.verify(KEY)
    photo.write_bytes(whole)
    ledger.verify(KEY)
    ledger.close()


def long(folder: Path) -> Path:
    """A closed ledger longer than what is checked when it is opened."""
    ledger = begun(folder)
    with ledger.transaction():
        for _ in range(2 * TAIL):
            clerk(ledger)
    ledger.close()
    return folder


def test_damage_behind_the_ends_is_found_step_by_step(tmp_path: Path) -> None:
    """The counter opens at once; the walk finds the rest, wherever it is."""
    database = sqlite3.connect(long(tmp_path) / FILE)
    with database:
        raw: bytes = database.execute("SELECT raw FROM entries WHERE seq = 9").fetchone()[0]
        database.execute("UPDATE entries SET raw = ? WHERE seq = 9", (flipped(raw, 1000),))
    database.close()
    ledger = opened(tmp_path)
    walk = ledger.walk()
    seen = set()
    with pytest.raises(LedgerDamaged, match="entry 9:"):
        while not walk.advance(0):
            seen.add(walk.checked)
    assert seen == set(range(9))
    ledger.close()


def test_a_walk_goes_on_while_entries_are_added(tmp_path: Path) -> None:
    ledger = opened(long(tmp_path))
    walk = ledger.walk()
    while not walk.advance(0):
        if ledger.entries < 2 * TAIL + 5:
            clerk(ledger)
    assert (walk.checked, walk.done) == (2 * TAIL + 1, True)
    ledger.close()


def test_a_log_whose_middle_is_damaged_does_not_pass_for_a_torn_one(tmp_path: Path) -> None:
    """Rule 2: SQLite would drop the commits behind it without a word; they were promised."""
    ledger = begun(tmp_path / "live")
    for _ in range(20):
        clerk(ledger)
    content = read(ledger)
    database, log = [(tmp_path / "live" / f"{FILE}{end}").read_bytes() for end in ("", "-wal")]
    left = tmp_path / "left"
    left.mkdir()
    put(left, database, log)
    assert verdict(left, content) == "same"
    put(left, database, flipped(log, len(log) * 4))
    with pytest.raises(LedgerDamaged, match="log"):
        opened(left)
    for torn in (log[: len(log) - 3000], flipped(log, len(log) * 8 - 1000)):
        put(left, database, torn)
        assert 18 <= opened(left).verify(KEY) <= 21
    ledger.close()


@settings(
    max_examples=150, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    start=st.sampled_from([b"", MAGIC, MAGIC + b"\x10\0\x02\x02\0\x40\x20\x20"]),
    rest=st.binary(max_size=3 * 4096),
    log=st.binary(max_size=4096),
)
def test_arbitrary_bytes_are_never_taken_for_a_ledger(
    tmp_path: Path, start: bytes, rest: bytes, log: bytes
) -> None:
    folder = tmp_path / os.urandom(8).hex()
    folder.mkdir()
    put(folder, start + rest, log)
    try:
        ledger = opened(folder)
    except LedgerUnfit:
        return
    assert not ledger.begun and not start + rest
    ledger.close()


@settings(
    max_examples=60, deadline=4000, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_piece_of_a_ledger_overwritten_is_typed_or_harmless(
    copy: Whole, data: st.DataObject
) -> None:
    folder, content = copy
    whole = filled_bytes(folder)
    place = data.draw(st.integers(0, len(whole) - 1))
    piece = data.draw(st.binary(min_size=1, max_size=200))
    put(folder, (whole[:place] + piece + whole[place + len(piece) :])[: len(whole)])
    try:
        said = verdict(folder, content)
        assert said != "CHANGED"
    except LedgerError as error:  # only these
        assert error.code
    finally:
        put(folder, whole)


def filled_bytes(folder: Path) -> bytes:
    return (folder / FILE).read_bytes()


def test_a_ledger_of_another_terminal_is_foreign(copy: Whole) -> None:
    with pytest.raises(LedgerForeign, match="another terminal"):
        opened(copy[0], terminal=f"{TERMINAL}-2")


def test_a_head_is_judged_before_sqlite_sees_the_file(tmp_path: Path) -> None:
    for head, kind in (
        (b"\x89PNG\r\n\x1a\n" + bytes(200), LedgerForeign),
        (MAGIC[:10], LedgerTruncated),
        (MAGIC + bytes(HEADER), LedgerDamaged),
    ):
        put(tmp_path, head)
        with pytest.raises(kind):
            opened(tmp_path)
        assert (tmp_path / FILE).read_bytes() == head
