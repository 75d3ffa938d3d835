"""A reader behind a security module, watched by a test."""

import contextlib
import queue
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from padpos_drivers.idcard.engine import WatchedReader
from padpos_drivers.idcard.interface import IdReader, ReaderEvent
from padpos_drivers.idcard.sam.escape_link import EscapeLink
from padpos_drivers.idcard.sam.reader import SamBackend
from padpos_drivers.idcard.sam.serial_link import SerialPort
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
def sam(tmp_path: Path) -> Iterator[SamBench]:
    """A module on a pseudo-terminal."""
    with SamBench(tmp_path) as sam:
        yield sam


@pytest.fixture
def line(sam: SamBench) -> Iterator[Watched]:
    """A serial reader of ours on that module."""
    with watching(serial_reader(sam)) as watched:
        yield watched


@pytest.fixture
def ccid() -> InProcessReader:
    return InProcessReader(sim_sam.Module())


@contextlib.contextmanager
def escape_watch(ccid: InProcessReader) -> Iterator[Watched]:
    backend = SamBackend(lambda: contextlib.nullcontext(EscapeLink(ccid)), POLL)
    with watching(lambda told: WatchedReader(backend, told)) as watched:
        yield watched
