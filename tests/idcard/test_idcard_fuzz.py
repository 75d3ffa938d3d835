"""A slice of the fuzzing, and inputs once found; the whole is `python -m tests.idcard.fuzz`."""

import tracemalloc

import pytest

from tests.idcard.fuzz import LONGEST, mutated
from tests.idcard.fuzz_cards import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_bad_input_gives_our_errors_and_they_tell_nothing_of_it(name: str) -> None:
    target = TARGETS[name]
    for data in mutated(target.seeds, 400, seed=20):
        target.run(data)


@pytest.mark.parametrize("name", TARGETS)
def test_the_longest_input_takes_no_more_memory_than_it_is_long(name: str) -> None:
    target = TARGETS[name]
    seed = max(target.seeds, key=len)
    long = (seed * (LONGEST // len(seed) + 1))[:LONGEST]
    for data in (long, b"\xaa" * LONGEST, bytes(LONGEST)):
        target.run(data)  # what is made once, such as a pattern, is made now
        tracemalloc.start()
        target.run(data)
        _now, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 16 * LONGEST
