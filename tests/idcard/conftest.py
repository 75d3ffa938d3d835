"""The bench of these tests: the real pcscd, with a virtual card, in namespaces of its own."""

import json
import os
import queue
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from padpos_drivers.idcard.interface import CardReading, ReaderEvent
from padpos_drivers.idcard.pcsc_reader import PcscReader
from padpos_drivers.idcard.sim.bench import READER_NAME, BenchError, ReaderBench
from padpos_drivers.idcard.sim.sam_bench import InProcessReader
from tests.idcard.escape_reader import escape_reader
from tests.idcard.sam_watch import ccid, line, sam

__all__ = ["ccid", "line", "sam"]

ROOT = Path(__file__).resolve().parents[2]
VECTORS: dict[str, Any] = json.loads(
    (ROOT / "tests/vectors/id-cards.json").read_text(encoding="utf-8")
)
DRIVER = Path(
    os.environ.get("VPCD_DRIVER", ROOT / ".cache/vpcd/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
)

POLL_SECONDS = 0.5  # pcscd asks a reader without interrupts every 0.4 s


@pytest.fixture(scope="session")
def vectors() -> dict[str, Any]:
    """Vectors from outside, in the order of their file."""
    return VECTORS


@pytest.fixture(scope="session")
def images() -> dict[str, bytes]:
    """The storage image of each vector, by kind; citizens are citizen, citizen-2, citizen-3."""
    found: dict[str, bytes] = {}
    for card in VECTORS["cards"]:
        count = sum(name.startswith(card["kind"]) for name in found)
        name = card["kind"] if not count else f"{card['kind']}-{count + 1}"
        found[name] = bytes.fromhex(card["storage_image"])
    return found


@pytest.fixture(scope="session")
def stage() -> Iterator[tuple[ReaderBench, InProcessReader]]:
    """One pcscd for the session: the client library remembers its socket for good."""
    with tempfile.TemporaryDirectory(prefix="padpos-") as directory:
        bench = ReaderBench(Path(directory), DRIVER)
        os.environ["PCSCLITE_CSOCK_NAME"] = str(bench.client_socket)
        try:
            with escape_reader(Path(directory)) as escape, bench:
                yield bench, escape
        except BenchError as error:
            pytest.fail(f"the ID-card tests cannot run: {error}")


@pytest.fixture(scope="session")
def running_bench(stage: tuple[ReaderBench, InProcessReader]) -> ReaderBench:
    """The reader that shows cards as storage."""
    return stage[0]


@pytest.fixture
def escape(stage: tuple[ReaderBench, InProcessReader]) -> Iterator[InProcessReader]:
    """The module behind the reader that passes escape commands, empty before and after."""
    yield stage[1]
    stage[1].lift()
    stage[1].spoil = None
    stage[1].delay = 0.0


@pytest.fixture
def bench(running_bench: ReaderBench) -> Iterator[ReaderBench]:
    """The bench with a running pcscd that sees its reader empty, before and after."""
    yield running_bench
    running_bench.lift()
    running_bench.start_pcscd()
    time.sleep(POLL_SECONDS)


class Watch:
    """A started reader and the events it has sent."""

    def __init__(self) -> None:
        self.events: queue.Queue[ReaderEvent] = queue.Queue()
        self.reader = PcscReader(READER_NAME, self.events.put)

    def expect(self, *wanted: ReaderEvent, seconds: float = 10.0) -> None:
        """Take the next events, which must be these."""
        for event in wanted:
            assert self.events.get(timeout=seconds) is event

    def read(self, seconds: float = 5.0) -> CardReading:
        """Read and wait for the outcome, which must come in time."""
        return self.reader.read(seconds).result(seconds + 1.0)


@pytest.fixture
def watch(bench: ReaderBench) -> Iterator[Watch]:
    """A reader of ours on an empty bench."""
    watch = Watch()
    watch.reader.start()
    yield watch
    watch.reader.stop()
