"""Ledgers for the tests: fixed keys, a clock that ticks, entries and receipts of every sort."""

from __future__ import annotations

import itertools
from pathlib import Path

from padpos.ledger.held import Held
from padpos.ledger.ledger import Appended, Clock, Ledger
from padpos.ledger.room import Limits, Room
from padpos.wire.entry import Attachment
from padpos.wire.facts import ClerkFacts, GenesisFacts, Kind
from padpos.wire.keys import Signer
from padpos.wire.receipt import AttachmentItem, EntryItem, Receipt, Status
from tests.wire.vector_objects import START, TERMINAL, consignment_facts, sealing, seed, signer

CONSIGNMENT = seed("a parcel of the tests", 16)
SEALED = b"sealed evidence " + seed("sealed") * 300
CARRIER = b"carrier envelope " + seed("carrier") * 100
PHOTO = b"sealed photo " + seed("photo") * 5000
JPEG = "image/jpeg"


def ticking() -> Clock:
    """A trusted clock that goes on by a second whenever it is asked."""
    times = itertools.count(START, 1000)
    return Clock(lambda: next(times), lambda: True)


def opened(
    folder: Path,
    terminal: str = TERMINAL,
    key: Signer | None = None,
    limits: Limits | None = None,
) -> Ledger:
    """The ledger in a folder, with or without a chain; with limits it keeps room on the disk."""
    room = Room(folder, limits) if limits else None
    return Ledger(folder, terminal, key or signer("entry"), ticking(), room)


def begun(folder: Path) -> Ledger:
    """A ledger with its genesis entry."""
    ledger = opened(folder)
    ledger.begin(GenesisFacts("test", sealing("inbox").raw))
    return ledger


def clerk(ledger: Ledger) -> Appended:
    """A small entry."""
    return ledger.append(Kind.CLERK, ClerkFacts("clerk-03", True))


def parcel(ledger: Ledger, photo: bytes = PHOTO) -> tuple[Appended, bytes]:
    """An entry with Envelopes and one photo: the entry, and the photo's SHA-256."""
    sha256 = Held(ledger).keep_photo(CONSIGNMENT, photo, JPEG)
    appended = ledger.append(
        Kind.CONSIGNMENT,
        consignment_facts(),
        sealed=SEALED,
        carrier=CARRIER,
        attachments=[Attachment(sha256, len(photo), JPEG)],
    )
    return appended, sha256


def receipt_for(
    ledger: Ledger,
    *items: EntryItem | AttachmentItem,
    number: int = 1,
    key: Signer | None = None,
    **changed: str | bytes,
) -> bytes:
    """A signed receipt for this ledger's chain; `changed` replaces terminal or chain."""
    entries = tuple(item for item in items if isinstance(item, EntryItem))
    attachments = tuple(item for item in items if isinstance(item, AttachmentItem))
    terminal, chain = changed.get("terminal", ledger.terminal), changed.get("chain", ledger.chain)
    assert isinstance(terminal, str) and isinstance(chain, bytes)
    made = Receipt(terminal, START, entries, attachments, chain, number)
    return made.sign(key or signer("receipt")).raw


def stored(appended: Appended, status: Status = Status.STORED) -> EntryItem:
    """The authority's word on an entry."""
    reason = "not-in-chain" if status is Status.REFUSED else None
    return EntryItem(appended.seq, appended.hash, status, reason)
