"""The PC/SC reader against the real pcscd: every card whole, or not at all."""

import queue
import statistics
import threading
import time
from typing import Any

import pytest

from padpos_drivers.idcard.errors import (
    CardAbsent,
    CardLifted,
    CardUnknown,
    CardUnreadable,
    IdCardError,
    NumberInvalid,
    ReaderLost,
    ReaderStopped,
)
from padpos_drivers.idcard.interface import IdReader, ReaderEvent
from padpos_drivers.idcard.pcsc_reader import PcscReader
from padpos_drivers.idcard.sim.bench import READER_NAME, ReaderBench
from padpos_drivers.idcard.storage import is_storage_atr

PRESENT, REMOVED = ReaderEvent.CARD_PRESENT, ReaderEvent.CARD_REMOVED
LOST, BACK = ReaderEvent.READER_LOST, ReaderEvent.READER_BACK


def test_every_vector_card_is_read_as_it_expects(
    bench: ReaderBench, watch: Any, vectors: dict[str, Any]
) -> None:
    for card in vectors["cards"]:
        bench.lay(bytes.fromhex(card["storage_image"]))
        watch.expect(PRESENT)
        reading = watch.read()
        assert reading.document.as_dict() == card["expect"]
        assert reading.proof == "chip"
        bench.lift()
        watch.expect(REMOVED)


def test_a_reading_takes_well_under_five_milliseconds(
    bench: ReaderBench, watch: Any, images: dict[str, bytes]
) -> None:
    bench.lay(images["citizen"])
    watch.expect(PRESENT)
    inside, whole = [], []
    for _ in range(50):
        started = time.perf_counter()
        inside.append(watch.read().milliseconds)
        whole.append((time.perf_counter() - started) * 1000)
    assert 0 < statistics.median(inside) < 5
    assert statistics.median(whole) < 10, "a request must wake the watching thread at once"


def test_a_reading_can_be_asked_for_from_the_event_itself(
    bench: ReaderBench, images: dict[str, bytes]
) -> None:
    done = threading.Event()
    futures = []

    def on_event(event: ReaderEvent) -> None:
        if event is PRESENT:
            futures.append(reader.read(5))
            done.set()

    reader = PcscReader(READER_NAME, on_event)
    reader.start()
    try:
        bench.lay(images["citizen"])
        assert done.wait(10)
        assert futures[0].result(6).document.type == "citizen"
    finally:
        reader.stop()


@pytest.mark.parametrize("answered", [0, 1, 3, 5])
def test_a_card_lifted_in_the_middle_gives_nothing_but_card_lifted(
    bench: ReaderBench, watch: Any, images: dict[str, bytes], answered: int
) -> None:
    bench.lay(images["citizen"], lift_after_apdus=answered)
    watch.expect(PRESENT)
    with pytest.raises(CardLifted):
        watch.read()
    watch.expect(REMOVED)
    bench.lay(images["citizen-2"])
    watch.expect(PRESENT)
    assert watch.read().document.name == "测试乙"


def test_an_empty_reader_says_that_there_is_no_card(watch: Any) -> None:
    with pytest.raises(CardAbsent):
        watch.read()


@pytest.mark.parametrize(
    "atr",
    [
        "3B959601F006F2",  # some bank card's form
        "3B8880 01D1038605008080 0058".replace(" ", ""),  # an ID card on a reader without SAM
        "3B8F8001804F0CA0000003060300010000000068",  # a storage card of another kind
    ],
)
def test_a_card_of_another_kind_is_unknown_and_is_not_asked_anything(
    bench: ReaderBench, watch: Any, images: dict[str, bytes], atr: str
) -> None:
    bench.lay(images["citizen"], atr=atr)
    watch.expect(PRESENT)
    with pytest.raises(CardUnknown):
        watch.read()
    assert bench.control({"do": "status"})["apdus"] == 0


@pytest.mark.parametrize(
    ("damage", "where"),
    [
        (lambda image: image[:900], "length of page 3"),
        (lambda image: image[:768], "page 3 returned SW 6A82"),
        (lambda image: image + b"\0", "length of page 5"),
        (lambda image: b"\0" + image[1:], "header"),
        (lambda image: image[:40] + b"\x41\x00" + image[42:], "birth date field"),
    ],
)
def test_a_damaged_card_is_unreadable_and_the_error_says_where(
    bench: ReaderBench, watch: Any, images: dict[str, bytes], damage: Any, where: str
) -> None:
    bench.lay(damage(images["citizen"]))
    watch.expect(PRESENT)
    with pytest.raises(CardUnreadable) as caught:
        watch.read()
    assert caught.value.where == where


def test_an_error_handed_over_holds_no_frame_with_card_content(
    bench: ReaderBench, watch: Any, images: dict[str, bytes]
) -> None:
    image = images["citizen"]
    bench.lay(image[:4] + image[260:516] + image[260:])
    watch.expect(PRESENT)
    error = watch.reader.read(5).exception(6)
    assert isinstance(error, IdCardError)
    assert error.__traceback__ is None
    assert error.__context__ is None


def test_a_wrong_number_is_told_apart(
    bench: ReaderBench, watch: Any, images: dict[str, bytes]
) -> None:
    image = bytearray(images["citizen"])
    image[4 + 122 + 34] ^= 1
    bench.lay(bytes(image))
    watch.expect(PRESENT)
    with pytest.raises(NumberInvalid):
        watch.read()


def test_after_a_swap_only_the_new_card_is_read(
    bench: ReaderBench, watch: Any, images: dict[str, bytes]
) -> None:
    bench.lay(images["citizen"])
    watch.expect(PRESENT)
    watch.read()
    for name in ("hmt-residence", "citizen-2", "citizen", "foreign-permanent-2023"):
        bench.lay(images[name])
        deadline = time.monotonic() + 10
        while True:  # inside pcscd's poll the swap may be unseen: then the card counts as lifted
            try:
                document = watch.read().document
                break
            except (CardLifted, CardUnreadable):
                assert time.monotonic() < deadline
                time.sleep(0.01)
        assert document.type.value == name.removesuffix("-2")
        assert (document.name == "测试乙") == (name == "citizen-2")


def test_a_stopped_reader_reads_no_more_and_can_start_again(
    bench: ReaderBench, watch: Any, images: dict[str, bytes]
) -> None:
    watch.reader.stop()
    with pytest.raises(ReaderStopped):
        watch.read()
    watch.reader.start()
    bench.lay(images["citizen"])
    watch.expect(PRESENT)
    assert watch.read().document.type == "citizen"


def test_no_reader_thread_is_left_after_stop(bench: ReaderBench) -> None:
    reader: IdReader = PcscReader(READER_NAME, lambda _: None)
    before = set(threading.enumerate())
    reader.start()
    time.sleep(0.1)
    reader.stop()
    time.sleep(0.1)
    assert set(threading.enumerate()) <= before


@pytest.mark.parametrize("name", ["Nobody's reader", "Virtual PCD"])
def test_a_reader_not_found_or_not_unique_by_name_is_lost(bench: ReaderBench, name: str) -> None:
    lost = threading.Event()
    reader = PcscReader(name, lambda event: lost.set() if event is LOST else None)
    reader.start()
    try:
        assert lost.wait(5)
        with pytest.raises(ReaderLost):
            reader.read(5).result(6)
    finally:
        reader.stop()


def test_part_of_the_name_is_enough(bench: ReaderBench, images: dict[str, bytes]) -> None:
    events: queue.Queue[ReaderEvent] = queue.Queue()
    reader = PcscReader("PCD 00 00", events.put)
    reader.start()
    try:
        bench.lay(images["citizen"])
        assert events.get(timeout=5) is PRESENT
    finally:
        reader.stop()


def test_a_listener_that_fails_does_not_end_the_watch(
    bench: ReaderBench, images: dict[str, bytes]
) -> None:
    seen = threading.Semaphore(0)

    def on_event(event: ReaderEvent) -> None:
        seen.release()
        raise RuntimeError(event.value)

    reader = PcscReader(READER_NAME, on_event)
    reader.start()
    try:
        bench.lay(images["citizen"])
        assert seen.acquire(timeout=5)
        bench.lift()
        assert seen.acquire(timeout=5)
    finally:
        reader.stop()


def test_both_known_storage_atrs_are_recognised(vectors: dict[str, Any]) -> None:
    part_3 = bytes.fromhex(vectors["storage_atr"])
    assert is_storage_atr(part_3)
    assert is_storage_atr(bytes([0x3B, 0x8D, 0x80, 0x01, *range(9), 0x90, 0x00, 0x10]))
    assert not is_storage_atr(part_3[:-1] + b"\x21")
    assert not is_storage_atr(part_3[:-1])
    assert not is_storage_atr(b"")
    assert not is_storage_atr(bytes(14) + b"\x90\x00")
