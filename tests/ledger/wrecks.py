"""A ledger with something in every table, and every way to spoil its files.

`python -m tests.ledger.wrecks --flips 5000` flips that many bits, one in a fresh copy at a time.
"""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import click

from padpos.ledger.errors import LedgerError
from padpos.ledger.held import Held
from padpos.ledger.ledger import Ledger
from padpos.ledger.outbox import Outbox
from padpos.ledger.papers import Papers
from padpos.wire.receipt import Status
from tests.ledger.shelf import CONSIGNMENT, PHOTO, begun, clerk, opened, parcel, receipt_for, stored
from tests.wire.vector_objects import DAY, START, WAYBILL, signer

FILE = "ledger.sqlite"
KEY = signer("entry").public
RECEIPT_KEYS = (signer("receipt").public,)
TABLES = (
    "meta", "entries", "attachments", "papers", "open_consignments", "documents", "receipts",
    "draws", "owed_checks", "commitments", "waybills",
)  # fmt: skip
Content = dict[str, list[Any]]


def filled(folder: Path) -> Content:
    """Make a ledger with rows in every table, and close it: all that can be read of it."""
    ledger = begun(folder)
    held, papers, outbox = Held(ledger), Papers(ledger), Outbox(ledger)
    first, _ = parcel(ledger)
    papers.add(CONSIGNMENT, WAYBILL, (b"one" * 60, b"two" * 60, b"three" * 60), ["shown"] * 9)
    paper = papers.get(CONSIGNMENT)
    assert paper is not None
    papers.settle(paper, 1, "printed", "printer", None)
    held.open_consignment(bytes(16), START, "walk-in", "clerk-03")
    held.next_draw(DAY, "a")
    held.owe_check("a")
    held.commit_to(DAY, bytes(32), bytes(32))
    held.keep_document("policy", 1, b"p" * 3000)
    ledger.db.execute("INSERT INTO waybills (number) VALUES (?)", (WAYBILL,))
    for number in range(12):
        clerk(ledger)
        parcel(ledger, PHOTO[: 5000 + number])
    outbox.apply(receipt_for(ledger, stored(first)), RECEIPT_KEYS)
    refused = stored(clerk(ledger), Status.REFUSED)
    outbox.apply(receipt_for(ledger, refused, number=2), RECEIPT_KEYS)
    ledger.verify(KEY)
    content = read(ledger)
    assert all(content.values())
    ledger.close()
    return content


def read(ledger: Ledger) -> Content:
    """Everything in it."""
    return {
        table: list(ledger.db.execute(f"SELECT * FROM {table} ORDER BY 1, 2")) for table in TABLES
    }


def flipped(data: bytes, bit: int) -> bytes:
    """The bytes with one bit changed."""
    spoilt = bytearray(data)
    spoilt[bit // 8] ^= 1 << bit % 8
    return bytes(spoilt)


def put(folder: Path, database: bytes, log: bytes = b"") -> None:
    """Lay a database file and its log there, nothing else of SQLite's beside them."""
    (folder / FILE).write_bytes(database)
    (folder / f"{FILE}-wal").unlink(missing_ok=True)
    if log:
        (folder / f"{FILE}-wal").write_bytes(log)


def verdict(folder: Path, content: Content) -> str:
    """The code under which damage is found, "same" where all is as it was, or "CHANGED"."""
    try:
        ledger = opened(folder)
    except LedgerError as error:
        return error.code
    try:
        ledger.verify(KEY)
        return "same" if read(ledger) == content else "CHANGED"
    except LedgerError as error:
        return error.code
    finally:
        ledger.close()


def flips(folder: Path, content: Content, number: int, seed: int) -> Counter[str]:
    """Flip so many bits of the database file, each in what was whole: the verdicts."""
    whole = (folder / FILE).read_bytes()
    chance = random.Random(seed)
    verdicts: Counter[str] = Counter()
    for _ in range(number):
        put(folder, flipped(whole, chance.randrange(len(whole) * 8)))
        verdicts[verdict(folder, content)] += 1
    put(folder, whole)
    return verdicts


@click.command(help=__doc__)
@click.option("--flips", "number", default=1000, help="How many bits.", show_default=True)
@click.option("--seed", default=1, help="The same seed, the same bits.", show_default=True)
def main(number: int, seed: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        content = filled(Path(name))
        for what, times in flips(Path(name), content, number, seed).most_common():
            click.echo(f"{times:8} {what}")


if __name__ == "__main__":
    main()
