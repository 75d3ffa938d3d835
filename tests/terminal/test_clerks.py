"""Promise: a PIN is kept as a slow salted hash, and guessing it costs more time with every try."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from padpos.terminal.clerks import (
    FREE_TRIES,
    FREE_TRIES_HERE,
    LONGEST_WAIT_S,
    Lockout,
    hash_pin,
    is_hash,
    pin_fits,
)
from padpos.terminal.volatile import NotVolatile, Volatile


class Uptime:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def memory() -> Iterator[Volatile]:
    """A memory-backed folder of this test's own."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Volatile(Path(folder))


def test_a_pin_is_kept_as_a_salted_argon2id_hash() -> None:
    first, second = hash_pin("314159"), hash_pin("314159")
    assert first != second and "314159" not in first
    assert first.startswith("$argon2id$") and is_hash(first)
    assert pin_fits("314159", first)
    assert not pin_fits("314158", first)


@pytest.mark.parametrize("stored", ["", ":", "00:00", "$argon2id$", "$argon2i$v=19$m=8,t=1,p=1$"])
def test_what_is_no_hash_is_nobodys_pin(stored: str) -> None:
    assert not is_hash(stored)
    assert not pin_fits("", stored)


def test_a_clerk_nobody_knows_has_no_pin() -> None:
    assert not pin_fits("314159", None)


def test_wrong_pins_cost_a_wait_that_doubles_and_ends() -> None:
    uptime = Uptime()
    lockout = Lockout(uptime)
    waits = []
    for _ in range(14):
        lockout.missed("c-07")
        waits.append(lockout.wait("c-07"))
    assert waits[: FREE_TRIES - 1] == [0.0] * (FREE_TRIES - 1)
    grown = waits[FREE_TRIES - 1 :]
    assert grown[:3] == [5.0, 10.0, 20.0]
    assert max(grown) == LONGEST_WAIT_S and grown == sorted(grown)
    uptime.now += LONGEST_WAIT_S - 1
    assert lockout.wait("c-07") == pytest.approx(1.0)
    uptime.now += 1
    assert lockout.wait("c-07") == 0.0


def test_the_right_pin_begins_anew_and_one_clerks_wait_is_not_anothers() -> None:
    lockout = Lockout(Uptime())
    for _ in range(FREE_TRIES):
        lockout.missed("c-07")
    assert lockout.wait("c-07") > 0 and lockout.wait("c-08") == 0.0
    lockout.passed("c-07")
    assert lockout.wait("c-07") == 0.0


def test_trying_ever_other_names_makes_everybody_wait() -> None:
    """A guesser who goes from name to name meets the terminal's own count."""
    lockout = Lockout(Uptime())
    for number in range(FREE_TRIES_HERE):
        lockout.missed(f"c-{number}")
    assert lockout.wait("c-99") > 0


def test_a_flood_of_names_is_bounded_and_frees_nobody() -> None:
    uptime = Uptime()
    lockout = Lockout(uptime)
    for _ in range(8):
        lockout.missed("c-07")
    for number in range(1000):
        lockout.missed(f"x-{number}")
    uptime.now += 100
    assert len(lockout._tries) <= 64
    assert lockout.wait("c-07") > 0


def test_the_wait_outlives_a_restart_of_the_process_and_no_name_is_written(
    memory: Volatile,
) -> None:
    """Rule 1: what was typed where a name belongs may be a PIN; only a keyed token is kept."""
    uptime = Uptime()
    first = Lockout(uptime, memory)
    for _ in range(FREE_TRIES + 2):
        first.missed("271828")
    again = Lockout(uptime, memory)
    assert again.wait("271828") == first.wait("271828") > 0
    assert b"271828" not in (memory.read("tries.json") or b"")


def test_a_folder_that_is_not_in_memory_is_refused_by_name(tmp_path: Path) -> None:
    """Rule 1: a key that must die with the day is never on a disk."""
    with pytest.raises(NotVolatile, match="not memory-backed"):
        Volatile(Path("/sys"))  # a temporary folder may well be in memory
    with pytest.raises(NotVolatile, match="No such file"):
        Volatile(tmp_path / "missing")


def test_a_file_is_written_whole_or_not_at_all(memory: Volatile) -> None:
    assert memory.read("a") is None
    memory.write("a", b"first")
    memory.write("a", b"second")
    assert memory.read("a") == b"second"
    memory.remove("a")
    memory.remove("a")
    assert memory.read("a") is None
