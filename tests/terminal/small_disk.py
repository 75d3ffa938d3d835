"""Stories of a counter on a small disk of its own that somebody else fills.

`python -m tests.terminal.small_disk STORY` lays a tmpfs in a mount namespace, runs one of them
there, and says what it has seen, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from padpos.counter.flow import Phase
from padpos.ledger.errors import LedgerFull
from padpos.ledger.ledger import Ledger
from padpos.ledger.outbox import Outbox
from padpos.ledger.room import MIB, Limits
from padpos.terminal import books
from padpos.wire.facts import EndedFacts, LabelFacts
from padpos.wire.receipt import AttachmentItem, Status
from tests.ledger.shelf import clerk, opened, parcel, receipt_for, stored
from tests.terminal.counters import Counter, counter, of_kind, read_chain
from tests.wire.vector_objects import sealing, signer

DISK_MIB = 24
ROOMY = Limits(least_free=2 * MIB, headroom=3 * MIB, reserve=4 * MIB)
TIGHT = Limits(least_free=2 * MIB, headroom=4096, reserve=2 * MIB)
RECEIPT_KEYS = (signer("receipt").public,)
Seen = dict[str, Any]


class Filler:
    """Somebody else's file, which takes all the room there is."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "somebody-elses"

    def fill(self) -> None:
        """Take what is free."""
        with self._path.open("ab", buffering=0) as file:
            for size in (1 << 16, 1 << 12, 1):
                try:
                    while file.write(bytes(size)) == size:
                        pass
                except OSError:
                    continue

    def empty(self) -> None:
        """Give it back."""
        self._path.unlink(missing_ok=True)


def receipt_for_all(ledger: Ledger, number: int) -> bytes:
    """The authority holds all that waits."""
    outbox = Outbox(ledger)
    rows = ledger.db.execute("SELECT seq, hash FROM entries WHERE receipted IS NULL LIMIT 400")
    items = [stored(type("Row", (), {"seq": seq, "hash": digest})) for seq, digest in rows]  # type: ignore[arg-type]  # it has both
    photos = [AttachmentItem(sha256, Status.STORED) for sha256, _ in outbox.attachments(400)]
    return receipt_for(ledger, *items, *photos, number=number)


async def finished(folder: Path) -> Seen:
    """The disk fills while a consignment is in hand."""
    filler = Filler(folder)
    async with counter(folder, limits=ROOMY) as c:
        await c.do("begin", customer="walk-in")
        await c.lay_card()
        filler.fill()
        await in_hand(c)
        ended = (c.phase, len(c.printer.printed))
        refused = await refusal(c)
        applied = await c.station.in_ledger(
            Outbox(c.ledger).apply, receipt_for_all(c.ledger, 1), RECEIPT_KEYS
        )
        waits = (c.station.waiting.entries, c.station.waiting.attachments)
        filler.empty()
        await until(lambda: c.station.closed is None)
        await c.lift_card()
        await c.walk_in()
        return {
            "ended": [ended[0] is Phase.DONE, ended[1]], "refused": refused,
            "receipt": applied.number, "waits": waits, "printed": len(c.printer.printed),
        }  # fmt: skip


async def in_hand(c: Counter) -> None:
    """What is still to be done of a consignment whose card was read."""
    from tests.terminal.counters import SENDER_PHONE
    from tests.wire.vector_objects import RECIPIENT

    await c.do("agree")
    await c.do("photo")
    await c.do("sender", phone=SENDER_PHONE)
    await c.do("recipient", name=RECIPIENT.name, phone=RECIPIENT.phone, address=RECIPIENT.address)
    await c.do("contents", contents="文具", grams=1250)
    await c.do("confirm")


async def refusal(c: Counter) -> str:
    """Why no consignment may begin, or nothing."""
    from padpos.counter.errors import CounterError

    try:
        await c.do("begin", customer="walk-in")
    except CounterError as error:
        return error.code
    return ""


async def until(what: Callable[[], bool]) -> None:
    """Wait for it, half a minute at most."""
    async with asyncio.timeout(30):
        while not what():
            await asyncio.sleep(0.01)


async def waited(folder: Path) -> Seen:
    """No room at all: a photo, then the end of the consignment, can't be recorded."""
    filler = Filler(folder)
    async with counter(folder, limits=TIGHT) as c:
        await c.do("begin", customer="walk-in")
        await c.lay_card()
        filler.fill()
        await c.do("photo")
        photo = (c.station.state.problem, c.phase is Phase.OPEN)
        left = len(list((folder / "state" / "attachments").iterdir()))
        task = asyncio.create_task(c.do("abandon", reason="sender-left"))
        await until(lambda: c.station.closed == "disk-full")
        refused = await refusal(c)
        filler.empty()
        await task
        await until(lambda: c.station.closed is None)
        ended = of_kind(await c.facts(), EndedFacts)
        return {
            "photo": photo, "left": left, "refused": refused, "after": c.station.closed,
            "ended": [item.reason for item in ended],
        }  # fmt: skip


async def printed(folder: Path) -> Seen:
    """The disk fills while the label is being printed."""
    filler = Filler(folder)
    async with counter(folder, limits=TIGHT) as c:
        c.printer.on_print = filler.fill
        task = asyncio.create_task(c.walk_in())
        await until(lambda: c.station.closed == "disk-full")
        during = len(c.printer.printed)
        filler.empty()
        await task
        labels = of_kind(await c.facts(), LabelFacts)
        return {
            "during": during, "printed": len(c.printer.printed),
            "labels": [label.status for label in labels], "done": c.phase is Phase.DONE,
        }  # fmt: skip


async def restarted(folder: Path) -> Seen:
    """The terminal goes down with a consignment in hand, and comes up on a full disk."""
    filler = Filler(folder)
    async with counter(folder, limits=TIGHT) as c:
        await c.walk_in(until="photo")
    filler.fill()
    async with counter(folder, limits=TIGHT, recover=True) as c:
        up = (c.station.closed, await refusal(c))
        applied = await c.station.in_ledger(
            Outbox(c.ledger).apply, receipt_for_all(c.ledger, 1), RECEIPT_KEYS
        )
        filler.empty()
        await until(lambda: c.station.closed is None)
        ended = of_kind(await c.facts(), EndedFacts)
        return {
            "up": up, "receipt": applied.number, "ended": [item.reason for item in ended],
            "photos": c.station.waiting.attachments,
        }  # fmt: skip


async def every_write(folder: Path) -> Seen:
    """The disk fills before each of many writes in turn; the ledger alone, no counter."""
    refused = applied = 0
    for position in range(1, 40):
        state = folder / f"ledger-{position}"
        ledger = opened(state, limits=TIGHT)
        from padpos.wire.facts import GenesisFacts

        ledger.begin(GenesisFacts("test", sealing("inbox").raw))
        ledger.look()
        filler = Filler(folder)
        for step in range(position + 6):
            if step == position:
                filler.fill()
            photo = os.urandom(3000 + 977 * step)
            try:
                parcel(ledger, photo) if step % 3 else clerk(ledger)
            except LedgerFull:
                refused += 1
        before = ledger.entries
        Outbox(ledger).apply(receipt_for_all(ledger, 1), RECEIPT_KEYS)
        applied += ledger.totals.entries == ledger.totals.attachments == 0
        filler.empty()
        clerk(ledger)
        whole = ledger.verify(signer("entry").public) == before + 1
        ledger.close()
        chain = read_chain(opened(state))
        assert whole and len(chain) == before + 1
        for file in state.rglob("*"):
            if file.is_file():
                file.unlink()
    return {"refused": refused, "applied": applied}


STORIES: dict[str, Callable[[Path], Awaitable[Seen]]] = {
    "finished": finished, "waited": waited, "printed": printed, "restarted": restarted,
    "every-write": every_write,
}  # fmt: skip


def on_small_disk(story: str, folder: Path) -> Seen:
    """Run a story in a process with a small disk at `folder`: what it has seen."""
    script = f'mount -t tmpfs -o size={DISK_MIB}m padpos "$1" && exec "$2" -m "$3" "$4" "$1"'
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh"]
    command += [str(folder), sys.executable, __name__, story]
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    seen: Seen = json.loads(done.stdout)
    return seen


if __name__ == "__main__":
    books.RETRY_SECONDS = 0.05
    books.LOOK_SECONDS = 0.05
    sys.stdout.write(json.dumps(asyncio.run(STORIES[sys.argv[1]](Path(sys.argv[2])))))  # type: ignore[arg-type]  # each is a coroutine
