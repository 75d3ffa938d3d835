"""The line to a security module: faulty, slow, unplugged, and at other speeds."""

import time
from pathlib import Path

import pytest

from padpos_drivers.idcard.errors import (
    CardAbsent,
    CardUnreadable,
    IdCardError,
    ReaderGarbled,
    ReaderLost,
    ReadTimeout,
)
from padpos_drivers.idcard.open import open_reader
from padpos_drivers.idcard.sam.module import SecurityModule
from padpos_drivers.idcard.sam.reader import wake
from padpos_drivers.idcard.sam.serial_link import SPEEDS, SerialPort
from padpos_drivers.idcard.sim.sam_bench import SamBench
from tests.idcard.sam_watch import BACK, LOST, PRESENT, Watched, open_files, serial_reader, watching


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
    sam: SamBench,
    line: Watched,
    images: dict[str, bytes],
    faults: dict[str, object],
    error: type[Exception],
) -> None:
    sam.lay(images["citizen"])
    line.expect(PRESENT)
    sam.fail(only_reads=True, **faults)
    started = time.monotonic()
    with pytest.raises(error):
        line.read(1.0)
    assert time.monotonic() - started < 1.5
    sam.fail()
    assert line.read().document.name == "测试甲"


def test_noise_before_an_answer_is_passed_over(
    sam: SamBench, line: Watched, images: dict[str, bytes]
) -> None:
    sam.fail(noise=100)
    sam.lay(images["citizen"])
    line.expect(PRESENT)
    assert line.read().document.name == "测试甲"


def test_an_answer_that_comes_too_late_is_not_taken_for_the_next_card(
    sam: SamBench, line: Watched, images: dict[str, bytes]
) -> None:
    sam.lay(images["citizen"])
    line.expect(PRESENT)
    sam.fail(delay_ms=700, only_reads=True)
    with pytest.raises(ReadTimeout):
        line.read(0.3)
    sam.fail()
    sam.lay(images["citizen-2"])
    deadline = time.monotonic() + 10
    while True:
        try:
            document = line.read().document
            break
        except IdCardError:
            assert time.monotonic() < deadline
    assert document.name == "测试乙"


@pytest.mark.parametrize("speed", SPEEDS)
def test_a_module_at_any_of_its_speeds_is_found(
    tmp_path: Path, images: dict[str, bytes], speed: int
) -> None:
    with SamBench(tmp_path, speed=speed) as sam, SerialPort(str(sam.port)).open() as link:
        assert link.speed == speed
        sam.lay(images["citizen"])
        module = SecurityModule(link)
        assert module.find()
        assert module.select()
        assert len(module.read(3.0)) == 1284


def test_a_module_just_powered_is_asked_again_for_its_number(tmp_path: Path) -> None:
    with (
        SamBench(tmp_path, asleep=2) as sam,
        SerialPort(str(sam.port)).open() as link,
    ):
        assert wake(SecurityModule(link)).number == "05.01-20191839-0000012345-0000000001"


def test_a_port_unplugged_is_lost_and_within_a_second_of_its_return_it_is_back(
    sam: SamBench, line: Watched, images: dict[str, bytes]
) -> None:
    sam.lay(images["citizen"])
    line.expect(PRESENT)
    sam.plug(False)
    line.expect(LOST)
    with pytest.raises(ReaderLost):
        line.read()
    time.sleep(2)  # long enough for the pauses between tries to have grown
    sam.lay(images["citizen-2"])
    sam.plug(True)
    started = time.monotonic()
    line.expect(BACK)
    assert time.monotonic() - started < 1.0
    line.expect(PRESENT)
    assert line.read().document.name == "测试乙"


def test_a_silent_module_is_lost_and_found_again(sam: SamBench, line: Watched) -> None:
    sam.fail(silent=True)
    line.expect(LOST)
    sam.fail()
    line.expect(BACK)


def test_the_reader_that_the_setting_names_reads_at_the_pace_of_the_field(
    sam: SamBench, images: dict[str, bytes]
) -> None:
    with watching(lambda told: open_reader([f"serial:{sam.port}"], told)) as watch:
        sam.lay(images["citizen"])
        watch.expect(PRESENT)
        assert watch.read().document.name == "测试甲"


def test_a_port_that_is_not_there_is_a_reader_lost(tmp_path: Path) -> None:
    with watching(lambda told: open_reader([f"serial:{tmp_path}/none"], told)) as watch:
        watch.expect(LOST)


def test_a_port_is_ours_alone(sam: SamBench, line: Watched) -> None:
    with pytest.raises(CardAbsent):
        line.read()  # it is open by now
    with pytest.raises(IdCardError) as caught, SerialPort(str(sam.port)).open():
        pass
    assert caught.value.code == "reader-busy"


def test_no_descriptor_is_left_behind_by_many_reconnections(sam: SamBench) -> None:
    before = open_files()
    with watching(serial_reader(sam)) as watch:
        for _ in range(5):
            sam.plug(False)
            watch.expect(LOST)
            sam.plug(True)
            watch.expect(BACK)
    assert open_files() == before
