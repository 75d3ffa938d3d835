"""The security module on a pseudo-terminal and behind escape commands: whole cards or none."""

import contextlib
import queue
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from padpos_drivers.idcard.engine import WatchedReader
from padpos_drivers.idcard.errors import (
    CardAbsent,
    CardLifted,
    CardUnreadable,
    IdCardError,
    ReaderGarbled,
    ReaderLost,
    ReadTimeout,
)
from padpos_drivers.idcard.interface import Evidence, IdReader, ReaderEvent
from padpos_drivers.idcard.open import open_reader
from padpos_drivers.idcard.sam.escape_link import EscapeLink
from padpos_drivers.idcard.sam.module import SecurityModule
from padpos_drivers.idcard.sam.reader import SamBackend, wake
from padpos_drivers.idcard.sam.serial_link import SPEEDS, SerialPort
from padpos_drivers.idcard.sim import sam as sim_sam
from padpos_drivers.idcard.sim.sam_bench import InProcessReader, SamBench

PRESENT, REMOVED = ReaderEvent.CARD_PRESENT, ReaderEvent.CARD_REMOVED
LOST, BACK, HUNG = ReaderEvent.READER_LOST, ReaderEvent.READER_BACK, ReaderEvent.READER_HUNG
Make = Callable[[Callable[[ReaderEvent], None]], IdReader]
POLL = 0.04


def open_files() -> int:
    """How many descriptors this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


class Watched:
    """A started reader and its events."""

    def __init__(self, make: Make) -> None:
        self.events: queue.Queue[ReaderEvent] = queue.Queue()
        self.reader = make(self.events.put)

    def expect(self, *wanted: ReaderEvent, seconds: float = 10.0) -> None:
        for event in wanted:
            assert self.events.get(timeout=seconds) is event

    def nothing_for(self, seconds: float) -> None:
        with pytest.raises(queue.Empty):
            self.events.get(timeout=seconds)

    def read(self, seconds: float = 5.0) -> Any:
        return self.reader.read(seconds).result(seconds + 1.0)


@contextlib.contextmanager
def watching(make: Make) -> Iterator[Watched]:
    watched = Watched(make)
    watched.reader.start()
    try:
        yield watched
    finally:
        watched.reader.stop()


def serial_reader(bench: SamBench) -> Make:
    """A serial reader that asks more often than in the field, so that nobody waits for it."""
    backend = SamBackend(SerialPort(str(bench.port)).open, POLL)
    return lambda told: WatchedReader(backend, told)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[SamBench]:
    with SamBench(tmp_path) as bench:
        yield bench


@pytest.fixture
def watch(bench: SamBench) -> Iterator[Watched]:
    with watching(serial_reader(bench)) as watched:
        yield watched


@pytest.fixture
def ccid() -> InProcessReader:
    return InProcessReader(sim_sam.Module())


@contextlib.contextmanager
def escape_watch(ccid: InProcessReader) -> Iterator[Watched]:
    backend = SamBackend(lambda: contextlib.nullcontext(EscapeLink(ccid)), POLL)
    with watching(lambda told: WatchedReader(backend, told)) as watched:
        yield watched


def test_every_vector_card_is_read_over_the_serial_line(
    bench: SamBench, watch: Watched, vectors: dict[str, Any]
) -> None:
    for index, card in enumerate(vectors["cards"]):
        bench.lay(bytes.fromhex(card["storage_image"]), fingerprints=index % 3)
        watch.expect(PRESENT)
        reading = watch.read()
        assert reading.document.as_dict() == card["expect"]
        assert reading.proof == "chip"
        assert reading.proven == (Evidence.SECURITY_MODULE,)
        bench.lift()
        watch.expect(REMOVED)


def test_every_vector_card_is_read_over_escape_commands(
    ccid: InProcessReader, vectors: dict[str, Any]
) -> None:
    with escape_watch(ccid) as watch:
        for card in vectors["cards"]:
            ccid.lay(sim_sam.card_of_image(bytes.fromhex(card["storage_image"])))
            watch.expect(PRESENT)
            assert watch.read().document.as_dict() == card["expect"]
            ccid.lift()
            watch.expect(REMOVED)


def test_a_module_that_only_reads_with_fingerprints_is_asked_for_that(
    bench: SamBench, watch: Watched, images: dict[str, bytes]
) -> None:
    bench.control({"do": "traits", "offers_text_only": False})
    for fingerprints in (2, 1, 0):
        bench.lay(images["citizen"], fingerprints)
        watch.expect(PRESENT)
        assert watch.read().document.name == "测试甲"
        bench.lift()
        watch.expect(REMOVED)


def test_a_card_that_was_read_is_not_new_until_it_was_lifted(
    bench: SamBench, watch: Watched, images: dict[str, bytes]
) -> None:
    """One laying serves one consignment: the same card must not come twice by itself."""
    bench.lay(images["citizen"])
    watch.expect(PRESENT)
    watch.read()
    watch.nothing_for(0.5)
    bench.lift()
    watch.expect(REMOVED)
    bench.lay(images["citizen"])
    watch.expect(PRESENT)
    assert watch.read().document.name == "测试甲"


def test_without_a_way_to_ask_a_removal_is_told_when_the_next_card_comes(
    bench: SamBench, watch: Watched, images: dict[str, bytes]
) -> None:
    bench.control({"do": "traits", "offers_address": False})
    bench.lay(images["citizen"])
    watch.expect(PRESENT)
    watch.read()
    watch.nothing_for(0.5)
    bench.lift()
    bench.lay(images["citizen-2"])
    watch.expect(REMOVED, PRESENT)
    assert watch.read().document.name == "测试乙"


def test_a_card_lifted_in_the_middle_gives_nothing_but_card_lifted(
    bench: SamBench, watch: Watched, images: dict[str, bytes]
) -> None:
    bench.lay(images["citizen"])
    watch.expect(PRESENT)
    bench.control({"do": "traits", "lift_on_read": True})
    with pytest.raises(CardLifted):
        watch.read()
    watch.expect(REMOVED)
    bench.lay(images["citizen-2"])
    watch.expect(PRESENT)
    assert watch.read().document.name == "测试乙"


def test_a_swap_between_event_and_reading_is_not_read_as_the_card_told_of(
    ccid: InProcessReader, images: dict[str, bytes]
) -> None:
    with escape_watch(ccid) as watch:
        ccid.lay(sim_sam.card_of_image(images["citizen"]))
        watch.expect(PRESENT)
        ccid.lay(sim_sam.card_of_image(images["citizen-2"]))
        with pytest.raises(CardLifted):
            watch.read()
        watch.expect(REMOVED, PRESENT)
        assert watch.read().document.name == "测试乙"


def test_an_empty_reader_says_that_there_is_no_card(watch: Watched) -> None:
    with pytest.raises(CardAbsent):
        watch.read()


@pytest.mark.parametrize(
    ("faults", "error"),
    [
        ({"wrong_checksum": True}, ReaderGarbled),
        ({"length_delta": 1}, ReadTimeout),  # waits for a byte that never comes
        ({"length_delta": -1}, (ReaderGarbled, CardUnreadable)),
        ({"length_delta": 0x7000}, ReaderGarbled),
        ({"cut_after": 700}, ReadTimeout),
        ({"silent": True}, ReadTimeout),
        ({"noise": 5000}, ReaderGarbled),
    ],
)
def test_a_faulty_line_gives_an_error_in_time_and_the_next_reading_is_whole(
    bench: SamBench,
    watch: Watched,
    images: dict[str, bytes],
    faults: dict[str, object],
    error: type[Exception],
) -> None:
    bench.lay(images["citizen"])
    watch.expect(PRESENT)
    bench.fail(only_reads=True, **faults)
    started = time.monotonic()
    with pytest.raises(error):
        watch.read(1.0)
    assert time.monotonic() - started < 1.5
    bench.fail()
    assert watch.read().document.name == "测试甲"


def test_noise_before_an_answer_is_passed_over(
    bench: SamBench, watch: Watched, images: dict[str, bytes]
) -> None:
    bench.fail(noise=100)
    bench.lay(images["citizen"])
    watch.expect(PRESENT)
    assert watch.read().document.name == "测试甲"


def test_an_answer_that_comes_too_late_is_not_taken_for_the_next_card(
    bench: SamBench, watch: Watched, images: dict[str, bytes]
) -> None:
    bench.lay(images["citizen"])
    watch.expect(PRESENT)
    bench.fail(delay_ms=700, only_reads=True)
    with pytest.raises(ReadTimeout):
        watch.read(0.3)
    bench.fail()
    bench.lay(images["citizen-2"])
    deadline = time.monotonic() + 10
    while True:
        try:
            document = watch.read().document
            break
        except IdCardError:
            assert time.monotonic() < deadline
    assert document.name == "测试乙"


@pytest.mark.parametrize("speed", SPEEDS)
def test_a_module_at_any_of_its_speeds_is_found(
    tmp_path: Path, images: dict[str, bytes], speed: int
) -> None:
    with SamBench(tmp_path, speed=speed) as bench, SerialPort(str(bench.port)).open() as link:
        assert link.speed == speed
        bench.lay(images["citizen"])
        module = SecurityModule(link)
        assert module.find()
        assert module.select()
        assert len(module.read(3.0)) == 1284


def test_a_module_just_powered_is_asked_again_for_its_number(tmp_path: Path) -> None:
    with (
        SamBench(tmp_path, asleep=2) as bench,
        SerialPort(str(bench.port)).open() as link,
    ):
        assert wake(SecurityModule(link)).number == "05.01-20191839-0000012345-0000000001"


def test_a_port_unplugged_is_lost_and_within_a_second_of_its_return_it_is_back(
    bench: SamBench, watch: Watched, images: dict[str, bytes]
) -> None:
    bench.lay(images["citizen"])
    watch.expect(PRESENT)
    bench.plug(False)
    watch.expect(LOST)
    with pytest.raises(ReaderLost):
        watch.read()
    time.sleep(2)  # long enough for the pauses between tries to have grown
    bench.lay(images["citizen-2"])
    bench.plug(True)
    started = time.monotonic()
    watch.expect(BACK)
    assert time.monotonic() - started < 1.0
    watch.expect(PRESENT)
    assert watch.read().document.name == "测试乙"


def test_a_silent_module_is_lost_and_found_again(bench: SamBench, watch: Watched) -> None:
    bench.fail(silent=True)
    watch.expect(LOST)
    bench.fail()
    watch.expect(BACK)


def test_a_call_that_never_returns_makes_the_reader_hang_and_nobody_wait(
    ccid: InProcessReader, images: dict[str, bytes]
) -> None:
    with escape_watch(ccid) as watch:
        ccid.lay(sim_sam.card_of_image(images["citizen"]))
        watch.expect(PRESENT)
        ccid.delay = 4.0
        with pytest.raises(ReadTimeout):
            watch.read(0.3)
        watch.expect(HUNG)
        started = time.monotonic()
        error = watch.reader.read(5).exception(1)
        assert isinstance(error, IdCardError)
        assert error.code == "reader-hung"
        assert time.monotonic() - started < 0.1
        ccid.delay = 0.0
        watch.expect(BACK)
        assert watch.read().document.name == "测试甲"


def test_nothing_of_the_card_is_left_in_the_answer_of_a_reader(
    ccid: InProcessReader, images: dict[str, bytes]
) -> None:
    given: list[bytearray] = []

    class Keeping:
        def control(self, data: bytes) -> bytearray:
            given.append(ccid.control(data))
            return given[-1]

    backend = SamBackend(lambda: contextlib.nullcontext(EscapeLink(Keeping())))
    with watching(lambda told: WatchedReader(backend, told)) as watch:
        ccid.lay(sim_sam.card_of_image(images["citizen"]))
        watch.expect(PRESENT)
        watch.read()
    assert any(len(raw) > 1000 for raw in given)
    assert not any(any(raw) for raw in given)


def test_the_reader_that_the_setting_names_reads_at_the_pace_of_the_field(
    bench: SamBench, images: dict[str, bytes]
) -> None:
    with watching(lambda told: open_reader([f"serial:{bench.port}"], told)) as watch:
        bench.lay(images["citizen"])
        watch.expect(PRESENT)
        assert watch.read().document.name == "测试甲"


def test_a_port_that_is_not_there_is_a_reader_lost(tmp_path: Path) -> None:
    with watching(lambda told: open_reader([f"serial:{tmp_path}/none"], told)) as watch:
        watch.expect(LOST)


def test_a_port_is_ours_alone(bench: SamBench, watch: Watched) -> None:
    with pytest.raises(CardAbsent):
        watch.read()  # it is open by now
    with pytest.raises(IdCardError) as caught, SerialPort(str(bench.port)).open():
        pass
    assert caught.value.code == "reader-busy"


def test_no_descriptor_is_left_behind_by_many_reconnections(bench: SamBench) -> None:
    before = open_files()
    with watching(serial_reader(bench)) as watch:
        for _ in range(5):
            bench.plug(False)
            watch.expect(LOST)
            bench.plug(True)
            watch.expect(BACK)
    assert open_files() == before
