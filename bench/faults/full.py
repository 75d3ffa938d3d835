"""Full disks: no write succeeds from one operation on, until somebody makes room again."""

import contextlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random

import apsw

from bench.faults.book import Book
from bench.faults.cuts import found
from bench.faults.disk import FaultyDisk, mounted
from bench.faults.score import Progress, Score
from bench.faults.shop import Keys, Shop
from padpos.ledger.errors import LedgerError, LedgerFull
from padpos.ledger.room import Limits

EARLIEST, LATEST = 150, 400  # the first operations make the tables
LIMITS = Limits(least_free=0, headroom=1 << 20, reserve=4 << 20)
AFTER = 5


class _NoGoingOn(Exception):
    """This trial has nothing to go on with; why is in the score."""


def full(seed: int, number: int, place: Path) -> Score:
    """Fill the disk so many times."""
    score = Score("full")
    progress = Progress("full disks", number)
    while score.tried < number:
        progress.at(score.tried, f", {score.wrong} wrong")
        with (
            tempfile.TemporaryDirectory(prefix="padpos-full-", dir=place) as name,
            contextlib.suppress(_NoGoingOn),
        ):
            _live(Path(name).resolve(), Random(f"full {seed} {score.tried}"), score)
        score.tried += 1
    return score


def _live(folder: Path, chance: Random, score: Score) -> None:
    score.where = f"disk {score.tried}"
    keys, book = Keys(), Book()
    disk = FaultyDisk(folder, chance, full_at=chance.randrange(EARLIEST, LATEST))
    with mounted(disk):
        shop = Shop(folder, keys, book, chance, LIMITS)
        shop.open()
        shop.ledger.look()
        while not disk.full:
            _try(shop.anything, score)
        failures = chance.randrange(1, 8)
        while failures:
            failures -= _try(shop.anything, score)
        if chance.random() < 0.5:
            _emptied(shop, score)
        if chance.random() < 0.5:
            shop = _restarted(folder, shop, score)
        disk.full = False
        for _ in range(AFTER):
            if _try(shop.anything, score):
                score.add("stuck", "there is room again and a call still fails")
        shop.ledger.db.close()
    with found(folder, keys, book, score, in_flight=0):
        pass
    _purge(folder, shop, score)


def _emptied(shop: Shop, score: Score) -> None:
    """The authority holds all there is, and says so while there is still no room."""
    if _try(shop.everything_receipted, score) or shop.waiting():
        score.add("stuck", "a receipt can't be taken on a full disk")


def _restarted(folder: Path, before: Shop, score: Score) -> Shop:
    """The terminal is started anew while there is still no room: it must come up to say so."""
    before.ledger.close()
    try:
        return before.again(folder)
    except (LedgerError, apsw.Error, OSError) as error:
        score.add("stuck", f"the ledger can't be opened on a full disk: {error!r}")
        raise _NoGoingOn from error


def _purge(folder: Path, before: Shop, score: Score) -> None:
    """With room again, receipts let everything go, and the files with it."""
    try:
        shop = before.again(folder)
    except (LedgerError, apsw.Error):
        return  # counted as lost already
    shop.open()
    shop.everything_receipted()
    waiting = shop.waiting()
    left = len(list((folder / "attachments").iterdir()))
    if waiting or left:
        score.add("stuck", f"{waiting} wait and {left} files lie after all receipts")
    shop.ledger.close()


def _try(call: Callable[[], None], score: Score) -> bool:
    """Whether the call failed for want of room; any other failure is unclear."""
    try:
        call()
    except LedgerFull:
        return True
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
        score.add("unclear", f"{error!r}")
        return True
    return False
