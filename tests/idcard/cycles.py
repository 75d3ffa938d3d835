"""Cards laid and lifted at random instants, over and over, with an oracle beside the reader.

`python -m tests.idcard.cycles --count 500 --seed 1` does it through the real pcscd; the suite does
a slice. The hand that lays the cards writes down when each lay there; the counter beside it asks
for readings as a terminal does. What counts as a failure: a document of a card that did not lie
there while it was read, one laying that served twice, a card still told as present long after it
was lifted, and threads, descriptors or memory that grow.
"""

import gc
import json
import os
import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

import click

from padpos_drivers.idcard.errors import IdCardError
from padpos_drivers.idcard.interface import CardReading, IdReader, ReaderEvent
from padpos_drivers.idcard.pcsc_reader import PcscReader
from padpos_drivers.idcard.sim.bench import READER_NAME, ReaderBench

ROOT = Path(__file__).resolve().parents[2]
CARDS = json.loads((ROOT / "tests/vectors/id-cards.json").read_text(encoding="utf-8"))["cards"]
DRIVER = Path(
    os.environ.get("VPCD_DRIVER", ROOT / ".cache/vpcd/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
)
READ_SECONDS = 3.0
SETTLED_SECONDS = 6.0  # after a card was lifted for good, by when the counter must know
EXPECTED = frozenset({"card-absent", "card-lifted", "reader-lost"})
WARM_UP = 10  # cycles before the first count of what must not grow


@dataclass(slots=True)
class Laying:
    """One time a card lay there, on the monotonic clock; the hand's own word for it."""

    card: int
    begun: float
    ended: float | None = None
    served: int = 0

    def overlaps(self, start: float, end: float) -> bool:
        """Whether it lay there at any moment of that time."""
        return self.begun <= end and (self.ended is None or self.ended >= start)


@dataclass(slots=True)
class Counting:
    """A counter that takes each card once, by the rule the terminal has, and its book."""

    reader: IdReader | None = None
    layings: list[Laying] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    present: bool = False
    used: bool = False
    lock: threading.RLock = field(default_factory=threading.RLock)

    def said(self, event: ReaderEvent) -> None:
        """Do as the terminal does: a removal, and nothing else, makes the reader's card fresh."""
        with self.lock:
            self.outcomes[event.value] += 1
            self.present = event is ReaderEvent.CARD_PRESENT
            if event is ReaderEvent.CARD_REMOVED:
                self.used = False
            if self.present and not self.used:
                self.ask()

    def ask(self) -> None:
        """Ask for a reading now."""
        assert self.reader is not None
        asked = time.monotonic()
        self.reader.read(READ_SECONDS).add_done_callback(lambda future: self.took(asked, future))

    def took(self, asked: float, future: Future[CardReading]) -> None:
        """Judge an outcome against what the hand did."""
        done = time.monotonic()
        error = future.exception()
        with self.lock:
            if error is not None:
                self.failed(error)
                return
            self.outcomes["read"] += 1
            self.judge(future.result().document.as_dict(), asked, done)
            self.used = True

    def failed(self, error: BaseException) -> None:
        """Count an outcome; a card's or a lost reader's is to be expected here, no other is."""
        code = error.code if isinstance(error, IdCardError) else type(error).__name__
        self.outcomes[code] += 1
        if code not in EXPECTED:
            self.failures.append(f"an outcome that nothing here explains: {code}")

    def judge(self, document: dict[str, str | None], asked: float, done: float) -> None:
        """Find the laying that a document came from."""
        there = [laying for laying in self.layings if laying.overlaps(asked, done)]
        of_card = [one for one in there if CARDS[one.card]["expect"] == document]
        if not of_card:
            self.failures.append("a document of no card that lay there")
        elif not self.used:
            laying = min(of_card, key=lambda one: one.served)
            laying.served += 1
            if laying.served > 1:
                self.failures.append("one laying served twice")


class Campaign:
    """So many cycles with one seed."""

    def __init__(self, bench: ReaderBench, seed: int, restart_every: int) -> None:
        self._bench = bench
        self._random = random.Random(seed)
        self._restart_every = restart_every
        self.book = Counting()
        self.grown: dict[str, tuple[int, int]] = {}

    def run(self, count: int, tell: Callable[[int], None] = lambda _: None) -> None:
        """Do the cycles, then see that the reader knows that it is empty and nothing has grown."""
        self.book.reader = reader = PcscReader(READER_NAME, self.book.said)
        reader.start()
        try:
            before = None
            for number in range(count):
                if number == min(WARM_UP, count // 2):
                    before = self._held()
                self._cycle(number)
                tell(number + 1)
            self._settle()
            after = self._held()
            assert before is not None
            self.grown = {name: (before[name], after[name]) for name in before}
        finally:
            reader.stop()

    def _cycle(self, number: int) -> None:
        pause, draw = self._random.uniform, self._random.random
        self._lay()
        time.sleep(pause(0, 0.9) if draw() < 0.4 else pause(0.4, 1.6))
        if draw() < 0.15:
            self.book.ask()  # somebody is impatient
        if draw() < 0.2:
            self._end_laying()
            self._lay()  # a swap, faster than any poll
            time.sleep(pause(0, 0.9))
        if self._restart_every and number % self._restart_every == self._restart_every - 1:
            self._bench.kill_pcscd()
            time.sleep(pause(0, 0.3))
            self._bench.start_pcscd()
        self._end_laying()
        time.sleep(pause(0, 0.6))

    def _lay(self) -> None:
        card = self._random.randrange(len(CARDS))
        options: dict[str, object] = {"delay_ms": self._random.choice((0, 0, 15, 60))}
        if self._random.random() < 0.15:
            options["lift_after_apdus"] = self._random.randrange(6)
        with self.book.lock:
            self.book.layings.append(Laying(card, time.monotonic()))
        self._bench.lay(bytes.fromhex(CARDS[card]["storage_image"]), **options)

    def _end_laying(self) -> None:
        self._bench.lift()
        with self.book.lock:
            self.book.layings[-1].ended = time.monotonic()

    def _settle(self) -> None:
        deadline = time.monotonic() + SETTLED_SECONDS
        while self.book.present or self.book.used:
            if time.monotonic() > deadline:
                self.book.failures.append("a removal that was never told")
                return
            time.sleep(0.05)

    def _held(self) -> dict[str, int]:
        gc.collect()
        resident = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
        return {
            "threads": threading.active_count(),
            "descriptors": len(list(Path("/proc/self/fd").iterdir())),
            "resident KiB": int(resident) * os.sysconf("SC_PAGE_SIZE") // 1024,
        }


@click.command()
@click.option("--count", type=click.IntRange(2, 5000), default=500, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--restart-every", type=click.IntRange(0), default=50, show_default=True)
def main(count: int, seed: int, restart_every: int) -> None:
    """Lay and lift virtual cards COUNT times at random instants, through the real pcscd (root)."""
    with tempfile.TemporaryDirectory(prefix="padpos-") as folder:
        bench = ReaderBench(Path(folder), DRIVER)
        os.environ["PCSCLITE_CSOCK_NAME"] = str(bench.client_socket)
        with bench:
            campaign = Campaign(bench, seed, restart_every)
            started = time.monotonic()
            campaign.run(count, lambda done: done % 50 or click.echo(f"{done} cycles", err=True))
    book = campaign.book
    click.echo(f"{count} cycles, seed {seed}, {time.monotonic() - started:.0f} s")
    click.echo(f"layings {len(book.layings)}: {dict(sorted(book.outcomes.items()))}")
    click.echo(f"before and after: {campaign.grown}")
    click.echo("\n".join(book.failures) or "no failure")
    raise SystemExit(bool(book.failures))


if __name__ == "__main__":
    main()
