"""An uplink that was broken into: hands the counter receipts that the authority never signed."""

import asyncio
import contextlib
from pathlib import Path

from bench.faults import forgery
from padpos.uplink.link import Link
from padpos.wire.errors import WireError

MOST = 50
SECONDS = 3.0


def lie(socket: Path) -> int:
    """Say that everything that waits was stored: how many lies could be told."""
    with contextlib.suppress(OSError, EOFError, WireError, TimeoutError):
        return asyncio.run(asyncio.wait_for(_lie(socket), SECONDS))
    return 0


def queued(socket: Path) -> int | None:
    """How much waits at the counter, as its link says; None where it does not answer."""
    with contextlib.suppress(OSError, EOFError, WireError, TimeoutError):
        return asyncio.run(asyncio.wait_for(_queued(socket), SECONDS))
    return None


async def _queued(socket: Path) -> int:
    link = await Link.connect(socket)
    view = await link.outbox(-1, 1)
    link.close()
    return view.queued


async def _lie(socket: Path) -> int:
    link = await Link.connect(socket)
    view = await link.outbox(-1, MOST)
    messages = [await link.entry(seq) for seq in view.entries]
    waiting = [message for message in messages if message is not None]
    if waiting:
        photos = [sha256 for sha256, _ in view.attachments]
        false = forgery.receipt_for(view.terminal, waiting, photos, forgery.stranger())
        await link.down("receipt", false)
    link.close()
    return len(waiting)
