"""Power cuts on the ledger: life after life in one folder, each ended in mid-operation."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import apsw

from bench.faults.book import Book
from bench.faults.disk import FaultyDisk, mounted
from bench.faults.examine import adopt, examine
from bench.faults.score import Progress, Score
from bench.faults.shop import Keys, Shop, opened
from padpos.ledger.errors import LedgerError
from padpos.ledger.ledger import Ledger

LIVES = 6
LONGEST = 400


def cuts(seed: int, number: int, place: Path) -> Score:
    """Cut the power so many times."""
    score = Score("cuts")
    progress = Progress("power cuts", number)
    world = 0
    while score.tried < number:
        with tempfile.TemporaryDirectory(prefix="padpos-cuts-", dir=place) as name:
            chance = Random(f"cuts {seed} {world}")
            story = _Story(Path(name).resolve(), chance, Keys(), Book())
            for life in range(min(LIVES, number - score.tried)):
                progress.at(score.tried, f", {score.wrong} wrong")
                score.tried += 1
                score.where = f"world {world}, life {life}"
                if not story.live(score):
                    break
        world += 1
    return score


@dataclass(slots=True)
class _Story:
    root: Path
    chance: Random
    keys: Keys
    book: Book

    def live(self, score: Score) -> bool:
        """One life and its cut: whether another can follow."""
        folder, copy = self.root / "disk", self.root / "copy"
        sure: list[Book] = []
        disk = FaultyDisk(
            folder,
            self.chance,
            cut_at=self.chance.randrange(1, LONGEST),
            on_cut=lambda: sure.append(self.book.frozen()),
        )
        with mounted(disk):
            shop = Shop(folder, self.keys, self.book, self.chance)
            shop.open()
            while disk.left is None:
                shop.anything()
            shop.ledger.db.close()
        before = score.wrong
        after = self.root / "after"
        disk.restore(after)
        shutil.copytree(after, copy)
        shutil.rmtree(folder)
        after.rename(folder)
        self.book = sure[0]
        with found(copy, self.keys, self.book, score, in_flight=1) as ledger:
            if ledger is not None:
                adopt(ledger, self.book)
        shutil.rmtree(copy)
        return score.wrong == before  # or the same loss would be counted again


@contextmanager
def found(
    folder: Path, keys: Keys, book: Book, score: Score, in_flight: int
) -> Iterator[Ledger | None]:
    """Open what is there and examine it; None where it can't be opened, and all is lost."""
    try:
        ledger = opened(folder, keys)
    except (LedgerError, apsw.Error) as error:
        number = max(1, len(book.entries))
        score.add("lost", f"can't be opened: {type(error).__name__}: {error}", number)
        yield None
        return
    try:
        examine(ledger, book, score, in_flight)
        yield ledger
    finally:
        ledger.db.close()
