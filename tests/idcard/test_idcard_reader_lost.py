"""The PC/SC reader when pcscd goes, comes back, or hangs: nothing waits, nothing is mixed up."""

import os
import signal
import time
from typing import Any

import pytest

from padpos_drivers.idcard.errors import (
    CardLifted,
    ReaderHung,
    ReaderLost,
    ReadTimeout,
)
from padpos_drivers.idcard.interface import ReaderEvent
from padpos_drivers.idcard.pcsc_reader import PcscReader
from padpos_drivers.idcard.sim.bench import READER_NAME, ReaderBench

PRESENT, REMOVED = ReaderEvent.CARD_PRESENT, ReaderEvent.CARD_REMOVED
LOST, BACK, HUNG = ReaderEvent.READER_LOST, ReaderEvent.READER_BACK, ReaderEvent.READER_HUNG


def wait_for_apdus(bench: ReaderBench, count: int) -> None:
    """Wait until the card has answered so many APDUs."""
    deadline = time.monotonic() + 10
    while bench.control({"do": "status"})["apdus"] != count:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_next_card_is_read_after_pcscd_was_killed_and_came_back(
    bench: ReaderBench, watch: Any, images: dict[str, bytes]
) -> None:
    bench.lay(images["citizen"])
    watch.expect(PRESENT)
    bench.kill_pcscd()
    watch.expect(LOST)
    with pytest.raises(ReaderLost):
        watch.read()
    bench.lift()
    bench.start_pcscd()
    watch.expect(BACK, REMOVED)  # after a while: it might only not have been found yet
    bench.lay(images["citizen-2"])
    watch.expect(PRESENT)
    assert watch.read().document.name == "测试乙"


def test_a_card_that_outlasts_pcscd_is_present_again_but_was_never_removed(
    bench: ReaderBench, watch: Any, images: dict[str, bytes]
) -> None:
    """Else a restart would let the card of one sender serve the next."""
    bench.lay(images["citizen"])
    watch.expect(PRESENT)
    bench.kill_pcscd()
    bench.start_pcscd()
    watch.expect(LOST, BACK, PRESENT)
    bench.lift()
    watch.expect(REMOVED)


def test_pcscd_killed_in_the_middle_of_a_reading_loses_the_reader_not_the_driver(
    bench: ReaderBench, watch: Any, images: dict[str, bytes]
) -> None:
    bench.lay(images["citizen"], silent_after_apdus=2)
    watch.expect(PRESENT)
    future = watch.reader.read(10)
    wait_for_apdus(bench, 2)
    bench.kill_pcscd()
    with pytest.raises((ReaderLost, CardLifted)):
        future.result(5)
    bench.lift()
    bench.start_pcscd()
    bench.lay(images["citizen"])
    watch.expect(LOST, BACK, PRESENT)
    assert watch.read().document.type == "citizen"


def test_a_silent_card_ends_in_a_timeout_in_time_and_the_next_is_read(
    bench: ReaderBench, watch: Any, images: dict[str, bytes]
) -> None:
    bench.lay(images["citizen"], silent_after_apdus=2)
    watch.expect(PRESENT)
    started = time.monotonic()
    with pytest.raises(ReadTimeout):
        watch.read(0.3)
    assert 0.3 <= time.monotonic() - started < 0.6
    bench.lift()
    watch.expect(REMOVED)
    bench.lay(images["citizen-2"])
    watch.expect(PRESENT)
    assert watch.read().document.name == "测试乙"


def test_a_hung_pcscd_ends_in_a_timeout_in_time(
    bench: ReaderBench, watch: Any, images: dict[str, bytes]
) -> None:
    bench.lay(images["citizen"])
    watch.expect(PRESENT)
    os.kill(bench.pcscd_pid, signal.SIGSTOP)
    try:
        started = time.monotonic()
        with pytest.raises(ReadTimeout):
            watch.read(0.3)
        assert 0.3 <= time.monotonic() - started < 0.6
    finally:
        os.kill(bench.pcscd_pid, signal.SIGCONT)
    assert watch.read().document.type == "citizen"


def test_a_pcscd_that_hangs_from_the_start_hangs_nobody_else(
    bench: ReaderBench, images: dict[str, bytes]
) -> None:
    reader = PcscReader(READER_NAME, lambda _: None)
    os.kill(bench.pcscd_pid, signal.SIGSTOP)
    try:
        reader.start()
        started = time.monotonic()
        with pytest.raises(ReadTimeout):
            reader.read(0.3).result(2)
        assert 0.3 <= time.monotonic() - started < 0.6
    finally:
        os.kill(bench.pcscd_pid, signal.SIGCONT)
        reader.stop()


def test_a_card_that_never_answers_makes_the_reader_hang_until_it_is_lifted(
    bench: ReaderBench, watch: Any, images: dict[str, bytes]
) -> None:
    bench.lay(images["citizen"], silent_after_apdus=2)
    watch.expect(PRESENT)
    with pytest.raises(ReadTimeout):
        watch.read(0.3)
    watch.expect(HUNG)
    started = time.monotonic()
    with pytest.raises(ReaderHung):
        watch.read()
    assert time.monotonic() - started < 0.2
    bench.lift()
    watch.expect(BACK, REMOVED)
    bench.lay(images["citizen-2"])
    watch.expect(PRESENT)
    assert watch.read().document.name == "测试乙"
