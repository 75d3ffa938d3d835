"""An uplink that was broken into: hands the counter receipts that the authority never signed."""

import asyncio
import contextlib
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ed25519

from padpos.uplink.link import Link
from padpos.wire import signed
from padpos.wire.entry import read_payload
from padpos.wire.errors import WireError
from padpos.wire.keys import SoftwareSigner
from padpos.wire.messages import EntryMessage
from padpos.wire.receipt import AttachmentItem, EntryItem, Receipt, Status

MOST = 50
SECONDS = 3.0
_NUMBER = 1 << 40  # beyond what the true authority will reach


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
    chain, items = b"", []
    for seq in view.entries:
        raw = await link.entry(seq)
        if raw is None:
            continue
        bare = EntryMessage.from_bytes(raw).entry
        chain = read_payload(signed.parts(signed.What.ENTRY, bare)[1]).chain
        items.append(EntryItem(seq, signed.hash_of(signed.What.ENTRY, bare), Status.STORED))
    if items:
        photos = tuple(AttachmentItem(sha256, Status.STORED) for sha256, _ in view.attachments)
        forger = SoftwareSigner(ed25519.Ed25519PrivateKey.generate())
        false = Receipt(view.terminal, 1, tuple(items), photos, chain, _NUMBER)
        await link.down("receipt", false.sign(forger).raw)
    link.close()
    return len(items)
