"""Escape commands through the real pcscd, to a module behind a reader that passes them on."""

import time
from typing import Any

import pytest

from padpos_drivers.idcard.errors import CardUnreadable, EscapeOff, IdCardError, ReaderGarbled
from padpos_drivers.idcard.open import open_reader
from padpos_drivers.idcard.sim import sam as sim_sam
from padpos_drivers.idcard.sim.bench import READER_NAME, ReaderBench
from padpos_drivers.idcard.sim.sam_bench import InProcessReader
from tests.idcard.escape_reader import NAME
from tests.idcard.sam_watch import BACK, HUNG, LOST, PRESENT, REMOVED, Make, watching


def reader(name: str = NAME) -> Make:
    return lambda told: open_reader([f"escape:{name}"], told)


def test_every_vector_card_is_read_by_escape_commands_through_pcscd(
    escape: InProcessReader, vectors: dict[str, Any]
) -> None:
    with watching(reader()) as watch:
        for index, card in enumerate(vectors["cards"]):
            image = bytes.fromhex(card["storage_image"])
            escape.lay(sim_sam.card_of_image(image, fingerprints=index % 3))
            watch.expect(PRESENT)
            assert watch.read().document.as_dict() == card["expect"]
            escape.lift()
            watch.expect(REMOVED)


def test_pcscd_killed_and_started_again_the_next_card_is_read(
    bench: ReaderBench, escape: InProcessReader, images: dict[str, bytes]
) -> None:
    with watching(reader()) as watch:
        escape.lay(sim_sam.card_of_image(images["citizen"]))
        watch.expect(PRESENT)
        bench.kill_pcscd()
        watch.expect(LOST)
        escape.lift()
        bench.start_pcscd()
        watch.expect(BACK, REMOVED)
        escape.lay(sim_sam.card_of_image(images["citizen-2"]))
        watch.expect(PRESENT)
        assert watch.read().document.name == "测试乙"


def test_a_driver_that_passes_no_escape_commands_is_told_apart(bench: ReaderBench) -> None:
    """The virtual reader of vpcd is such a one; so is libccid without its bit."""
    with watching(reader(READER_NAME)) as watch:
        watch.expect(LOST)
        errors = set()
        for _ in range(20):
            error = watch.reader.read(1.0).exception(2.0)
            assert isinstance(error, IdCardError)
            errors.add(type(error))
        assert EscapeOff in errors


@pytest.mark.parametrize("spoil", ["", "00", "AAAAAA9669FFFF", "AAAAAA96690004000090FF"])
def test_an_answer_that_is_no_frame_gives_an_error_and_the_next_reading_is_whole(
    escape: InProcessReader, images: dict[str, bytes], spoil: str
) -> None:
    with watching(reader()) as watch:
        escape.lay(sim_sam.card_of_image(images["citizen"]))
        watch.expect(PRESENT)
        escape.spoil = bytes.fromhex(spoil)
        with pytest.raises((ReaderGarbled, CardUnreadable)):
            watch.read()
        escape.spoil = None
        assert watch.read().document.name == "测试甲"


def test_a_module_that_does_not_answer_hangs_the_reader_and_nobody_else(
    escape: InProcessReader, images: dict[str, bytes]
) -> None:
    with watching(reader()) as watch:
        escape.lay(sim_sam.card_of_image(images["citizen"]))
        watch.expect(PRESENT)
        escape.delay = 4.0
        started = time.monotonic()
        assert isinstance(watch.reader.read(0.3).exception(1.0), IdCardError)
        assert time.monotonic() - started < 0.6
        watch.expect(HUNG)
        escape.delay = 0.0
        watch.expect(BACK, PRESENT)
        assert watch.read().document.name == "测试甲"
