"""The security module on a pseudo-terminal and behind escape commands: whole cards or none."""

import contextlib
import time
from typing import Any

import pytest

from padpos_drivers.idcard.engine import WatchedReader
from padpos_drivers.idcard.errors import (
    CardAbsent,
    CardLifted,
    IdCardError,
    ReadTimeout,
)
from padpos_drivers.idcard.interface import Evidence
from padpos_drivers.idcard.sam.escape_link import EscapeLink
from padpos_drivers.idcard.sam.reader import SamBackend
from padpos_drivers.idcard.sim import sam as sim_sam
from padpos_drivers.idcard.sim.sam_bench import InProcessReader, SamBench
from tests.idcard.sam_watch import BACK, HUNG, PRESENT, REMOVED, Watched, escape_watch, watching


def test_every_vector_card_is_read_over_the_serial_line(
    sam: SamBench, line: Watched, vectors: dict[str, Any]
) -> None:
    for index, card in enumerate(vectors["cards"]):
        sam.lay(bytes.fromhex(card["storage_image"]), fingerprints=index % 3)
        line.expect(PRESENT)
        reading = line.read()
        assert reading.document.as_dict() == card["expect"]
        assert reading.proof == "chip"
        assert reading.proven == (Evidence.SECURITY_MODULE,)
        sam.lift()
        line.expect(REMOVED)


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
    sam: SamBench, line: Watched, images: dict[str, bytes]
) -> None:
    sam.control({"do": "traits", "offers_text_only": False})
    for fingerprints in (2, 1, 0):
        sam.lay(images["citizen"], fingerprints)
        line.expect(PRESENT)
        assert line.read().document.name == "测试甲"
        sam.lift()
        line.expect(REMOVED)


def test_a_card_that_was_read_is_not_new_until_it_was_lifted(
    sam: SamBench, line: Watched, images: dict[str, bytes]
) -> None:
    """One laying serves one consignment: the same card must not come twice by itself."""
    sam.lay(images["citizen"])
    line.expect(PRESENT)
    line.read()
    line.nothing_for(0.5)
    sam.lift()
    line.expect(REMOVED)
    sam.lay(images["citizen"])
    line.expect(PRESENT)
    assert line.read().document.name == "测试甲"


def test_without_a_way_to_ask_a_removal_is_told_when_the_next_card_comes(
    sam: SamBench, line: Watched, images: dict[str, bytes]
) -> None:
    sam.control({"do": "traits", "offers_address": False})
    sam.lay(images["citizen"])
    line.expect(PRESENT)
    line.read()
    line.nothing_for(0.5)
    sam.lift()
    sam.lay(images["citizen-2"])
    line.expect(REMOVED, PRESENT)
    assert line.read().document.name == "测试乙"


def test_a_card_lifted_in_the_middle_gives_nothing_but_card_lifted(
    sam: SamBench, line: Watched, images: dict[str, bytes]
) -> None:
    sam.lay(images["citizen"])
    line.expect(PRESENT)
    sam.control({"do": "traits", "lift_on_read": True})
    with pytest.raises(CardLifted):
        line.read()
    line.expect(REMOVED)
    sam.lay(images["citizen-2"])
    line.expect(PRESENT)
    assert line.read().document.name == "测试乙"


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


def test_an_empty_reader_says_that_there_is_no_card(line: Watched) -> None:
    with pytest.raises(CardAbsent):
        line.read()


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
        watch.expect(BACK, PRESENT)
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
