"""Promise: counts against fraud outlive a restart, die with the day, and name nobody."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path

import pytest

from padpos.counter.limits import Tallies
from padpos.terminal.daybook import DAY_SECONDS, Daybook
from padpos.terminal.volatile import Volatile
from tests.terminal.test_clerks import Uptime
from tests.wire.vector_objects import DAY, DOCUMENT

NEXT_DAY = "2026-01-02"
A, B = b"a" * 16, b"b" * 16
NUMBER = DOCUMENT.number


@pytest.fixture
def memory() -> Iterator[Volatile]:
    """A memory-backed folder of this test's own."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Volatile(Path(folder))


def used(memory: Volatile | None, uptime: Uptime) -> Daybook:
    """A book with one of everything in it."""
    book = Daybook(memory, uptime)
    book.count(NUMBER, DAY, A)
    book.enrol_clerk("c-07", NUMBER, DAY)
    for note in (book.note_typed, book.note_void, book.note_reprint, book.note_dropped_drawn):
        note("c-07", DAY)
    return book


def test_a_document_is_counted_once_for_each_consignment() -> None:
    book = Daybook()
    assert [book.count(NUMBER, DAY, each) for each in (A, A, B)] == [1, 1, 2]
    assert book.count(NUMBER[:-1] + "0", DAY, A) == 1


def test_a_restart_within_the_day_keeps_every_count(memory: Volatile) -> None:
    """Rule 4: pulling the program's plug is no way round a limit."""
    uptime = Uptime()
    used(memory, uptime)
    again = Daybook(memory, uptime)
    assert again.count(NUMBER, DAY, B) == 2
    assert again.clerk_of(NUMBER, DAY) == "c-07"
    assert again.tallies("c-07", DAY) == Tallies(1, 1, 1, 1)
    assert again.typed_here(DAY) == 1


def test_with_the_day_dies_the_key_and_every_count(memory: Volatile) -> None:
    """Rule 1: ID numbers are few enough to search, so no token outlives its day."""
    book = used(memory, Uptime())
    before = memory.read("daybook.json") or b""
    assert b"c-07" in before
    book.turn_to(NEXT_DAY)
    after = memory.read("daybook.json") or b""
    assert book._key.hex().encode() in after and book._key.hex().encode() not in before
    assert b"c-07" not in after
    assert book.clerk_of(NUMBER, NEXT_DAY) is None
    assert book.count(NUMBER, NEXT_DAY, A) == 1


def test_a_clock_set_back_begins_nothing_anew_but_no_key_lives_longer_than_a_day() -> None:
    """Rule 4: turning the clock is no way round a limit; rule 1: nor keeps it a key alive."""
    uptime = Uptime()
    book = used(None, uptime)
    assert book.count(NUMBER, "2025-12-31", B) == 2
    key = book._key
    uptime.now += DAY_SECONDS
    assert book.count(NUMBER, "2025-12-31", B) == 1
    assert book._key != key


def test_what_is_kept_holds_no_number_and_no_bare_hash_of_one(memory: Volatile) -> None:
    """Rule 1: not in memory-backed files either."""
    used(memory, Uptime())
    raw = memory.read("daybook.json") or b""
    assert NUMBER.encode() not in raw
    for digest in ("sha256", "sha1", "md5"):
        assert hashlib.new(digest, NUMBER.encode()).hexdigest().encode() not in raw


def test_what_the_ledger_knows_comes_back_after_a_power_cut() -> None:
    """Rule 4: a clerk's doings are on record, so no power cut wipes them."""
    book = Daybook()
    book.note_typed("c-07", DAY)
    book.at_least("c-07", DAY, Tallies(typed=0, voids=2, reprints=1))
    assert astuple(book.tallies("c-07", DAY)) == (1, 2, 1, 0)


@pytest.mark.parametrize("left", [b"", b"{}", b"[]", b'{"day": 1, "key": "zz"}', b"\xff"])
def test_what_another_version_left_does_not_stop_the_counter(memory: Volatile, left: bytes) -> None:
    memory.write("daybook.json", left)
    assert Daybook(memory, Uptime()).count(NUMBER, DAY, A) == 1
