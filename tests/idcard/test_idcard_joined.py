"""Several readers as one: the card laid last, and no card twice."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from padpos_drivers.idcard.interface import Access, CardReading, ReaderEvent
from padpos_drivers.idcard.joined import JoinedReader
from padpos_drivers.idcard.open import open_reader
from padpos_drivers.idcard.pcsc_reader import PcscReader
from padpos_drivers.idcard.sim.bench import READER_NAME, ReaderBench
from padpos_drivers.idcard.sim.sam_bench import SamBench
from tests.idcard.sam_watch import watching

PRESENT, REMOVED = ReaderEvent.CARD_PRESENT, ReaderEvent.CARD_REMOVED
LOST, BACK, HUNG = ReaderEvent.READER_LOST, ReaderEvent.READER_BACK, ReaderEvent.READER_HUNG


class Part:
    """One of the readers, its events given by the test."""

    def __init__(self, say: Callable[[ReaderEvent], None]) -> None:
        self.say = say
        self.asked = 0

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def read(self, timeout: float, access: Access | None = None) -> Future[CardReading]:  # noqa: ARG002
        self.asked += 1
        return Future()


@pytest.fixture
def joined() -> tuple[JoinedReader, list[Part], list[ReaderEvent]]:
    parts: list[Part] = []
    told: list[ReaderEvent] = []

    def make(say: Callable[[ReaderEvent], None]) -> Part:
        parts.append(Part(say))
        return parts[-1]

    return JoinedReader([make, make], told.append), parts, told


def test_the_card_laid_last_is_read_and_the_one_before_counts_as_removed(joined: Any) -> None:
    reader, (first, second), told = joined
    first.say(PRESENT)
    second.say(PRESENT)
    reader.read(1.0)
    first.say(REMOVED)
    second.say(REMOVED)
    assert told == [PRESENT, REMOVED, PRESENT, REMOVED]
    assert (first.asked, second.asked) == (0, 1)


def test_a_card_not_seen_to_be_removed_is_not_presented_again_in_anothers_place(
    joined: Any,
) -> None:
    """Else a card that had its turn would be fresh once another reader was used."""
    _reader, (first, second), told = joined
    first.say(PRESENT)
    second.say(PRESENT)
    second.say(REMOVED)
    first.say(LOST)
    first.say(BACK)
    first.say(PRESENT)
    assert told == [PRESENT, REMOVED, PRESENT, REMOVED]


def test_only_when_every_reader_is_away_is_the_whole(joined: Any) -> None:
    _reader, (first, second), told = joined
    first.say(LOST)
    assert told == []
    second.say(HUNG)
    assert told == [HUNG]
    second.say(LOST)
    first.say(BACK)
    assert told == [HUNG, BACK]


def test_a_serial_and_a_pcsc_reader_work_as_one(
    bench: ReaderBench, images: dict[str, bytes], tmp_path: Any
) -> None:
    with (
        SamBench(tmp_path) as sam,
        watching(lambda told: open_reader([f"serial:{sam.port}", READER_NAME], told)) as watch,
    ):
        sam.lay(images["citizen"])
        watch.expect(PRESENT)
        assert watch.read().document.name == "测试甲"
        bench.lay(images["citizen-2"])
        watch.expect(REMOVED, PRESENT)
        assert watch.read().document.name == "测试乙"


def test_one_setting_makes_one_reader() -> None:
    assert isinstance(open_reader([READER_NAME], print), PcscReader)
    with pytest.raises(ValueError, match="no reader"):
        open_reader([], print)
