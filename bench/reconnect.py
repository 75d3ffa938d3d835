"""How soon a reader that is back is used again, after an absence that let the pauses grow."""

import os
import queue
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from bench.card_read import DRIVER, BareCard
from bench.frame import Plan, Ratio, Target, Way, run, told
from bench.show import options, show
from padpos_drivers.idcard.interface import IdReader, ReaderEvent
from padpos_drivers.idcard.open import open_reader
from padpos_drivers.idcard.sim.bench import READER_NAME, BenchError, ReaderBench
from padpos_drivers.idcard.sim.sam_bench import SamBench

_SECONDS = 10.0
_AWAY = (1.0, 2.0)  # seconds of absence: longer than any pause of ours
_WITHIN = Target(1.0)


class Watched:
    """A reader of ours, and the events it has sent."""

    def __init__(self, settings: Sequence[str]) -> None:
        self._events: queue.Queue[ReaderEvent] = queue.Queue()
        self.reader: IdReader = open_reader(settings, self._events.put)

    def until(self, wanted: ReaderEvent) -> float:
        """Seconds until an event comes."""
        started = time.perf_counter()
        while True:
            try:
                event = self._events.get(timeout=_SECONDS)
            except queue.Empty:
                raise BenchError(f"{wanted.value} never came") from None
            if event is wanted:
                return time.perf_counter() - started


@contextmanager
def plan(driver: Path) -> Iterator[Plan]:
    """pcscd with a virtual reader, and a module on a serial port, both to be taken away."""
    with tempfile.TemporaryDirectory(prefix="padpos-") as folder:
        bench = ReaderBench(Path(folder), driver)
        os.environ["PCSCLITE_CSOCK_NAME"] = str(bench.client_socket)
        with bench, SamBench(Path(folder)) as sam:
            yield Plan(
                ways=(
                    Way("bare client that asks all the time", told(lambda: _bare(bench))),
                    Way("pcscd is back", told(lambda: _pcscd(bench)), _WITHIN),
                    Way("serial port is back", told(lambda: _serial(sam)), _WITHIN),
                ),
                ratios=(
                    Ratio("pcscd / bare", "pcscd is back", "bare client that asks all the time"),
                ),
                notes=(
                    "From the moment the service takes clients, or the port is there again.",
                    "A ratio to the bare client says little: it asks without a pause.",
                ),
            )


def _away(bench: ReaderBench) -> None:
    bench.kill_pcscd()
    time.sleep(random.uniform(*_AWAY))
    bench.start_pcscd()


def _bare(bench: ReaderBench) -> float:
    _away(bench)
    started = time.perf_counter()
    while time.perf_counter() - started < _SECONDS:
        try:
            BareCard().establish()
        except BenchError:
            continue
        return time.perf_counter() - started
    raise BenchError("pcscd takes no client")


def _pcscd(bench: ReaderBench) -> float:
    watched = Watched([READER_NAME])
    watched.reader.start()
    try:
        time.sleep(0.2)
        bench.kill_pcscd()
        watched.until(ReaderEvent.READER_LOST)
        time.sleep(random.uniform(*_AWAY))
        bench.start_pcscd()
        return watched.until(ReaderEvent.READER_BACK)
    finally:
        watched.reader.stop()


def _serial(sam: SamBench) -> float:
    watched = Watched([f"serial:{sam.port}"])
    watched.reader.start()
    try:
        time.sleep(0.5)
        sam.plug(False)
        watched.until(ReaderEvent.READER_LOST)
        time.sleep(random.uniform(*_AWAY))
        sam.plug(True)
        return watched.until(ReaderEvent.READER_BACK)
    finally:
        watched.reader.stop()


@click.command()
@options(count=1)
@click.option(
    "--driver",
    type=click.Path(path_type=Path),
    default=DRIVER,
    envvar="VPCD_DRIVER",
    help="libifdvpcd.so; setup.sh unpacks it under .cache.",
)
def main(rounds: int, count: int, as_json: bool, driver: Path) -> None:
    """Use a card reader again after it was lost: pcscd killed, a serial port unplugged (root)."""
    try:
        with plan(driver) as planned:
            show(run("reconnect", planned, rounds, count), as_json)
    except BenchError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
