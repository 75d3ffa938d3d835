"""One counter's ledger at work: the calls the terminal makes of it, each noted when it returns."""

import hashlib
import itertools
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from bench.faults.book import Book, Kept
from padpos.ledger.held import Held
from padpos.ledger.ledger import Appended, Clock, Ledger
from padpos.ledger.outbox import Outbox
from padpos.ledger.papers import Papers
from padpos.ledger.room import Limits, Room
from padpos.wire.documents import WaybillRange, Waybills
from padpos.wire.entry import Attachment, Sealed
from padpos.wire.envelope import JPEG_TYPE
from padpos.wire.errors import WireError
from padpos.wire.fact_values import Mark
from padpos.wire.facts import ClerkFacts, ConsignmentFacts, GenesisFacts, Kind
from padpos.wire.keys import SoftwareSigner
from padpos.wire.receipt import AttachmentItem, EntryItem, Receipt, Status

T = TypeVar("T")
TERMINAL = "faults-1"
NEVER = 1 << 50
WAYBILLS = Waybills(1, TERMINAL, (WaybillRange("PD00000001", "PD99999999", NEVER),))
TICK = itertools.count(1_767_225_600_000, 1000)
CLOCK = Clock(lambda: next(TICK), lambda: True)


class Keys:
    """A terminal's entry key, its authority's receipt key, and somebody else's."""

    def __init__(self) -> None:
        self.entry = SoftwareSigner(ec.generate_private_key(ec.SECP256R1()))
        self.receipt = SoftwareSigner(ed25519.Ed25519PrivateKey.generate())
        self.forger = SoftwareSigner(ed25519.Ed25519PrivateKey.generate())


def opened(folder: Path, keys: Keys, limits: Limits | None = None) -> Ledger:
    """The ledger in a folder, its ends verified; with room kept where there are limits."""
    room = Room(folder, limits) if limits else None
    return Ledger(folder, TERMINAL, keys.entry, CLOCK, room)


class Shop:
    """Does what a counter does, at random, and notes in the book what has returned."""

    def __init__(
        self, folder: Path, keys: Keys, book: Book, chance: Random, limits: Limits | None = None
    ) -> None:
        self.book = book
        self._limits = limits
        self._keys = keys
        self._chance = chance
        self.ledger = opened(folder, keys, limits)
        self._held = Held(self.ledger)
        self._papers = Papers(self.ledger)
        self._outbox = Outbox(self.ledger)
        self._numbers = itertools.count(time.time_ns())

    def open(self) -> None:
        """What the terminal does at its start."""
        if not self.ledger.begun:
            self._note(self.ledger.begin(GenesisFacts("faults", bytes(32))))
        for consignment, _, _ in self._held.left_open():
            self._held.close_consignment(consignment)
        self.book.perhaps |= self.book.loose
        self._held.sweep()
        self._forget(self.book.loose)

    def anything(self) -> None:
        """One of the things that happen at a counter."""
        things: dict[Callable[[], None], int] = {
            self.clerk: 4,
            self.consignment: 6,
            self.abandoned: 1,
            self.receipt: 4,
            self.forged: 1,
            self.fold: 1,
        }
        (thing,) = self._chance.choices(list(things), list(things.values()))
        thing()

    def clerk(self) -> None:
        """A small entry."""
        self._note(self.ledger.append(Kind.CLERK, ClerkFacts("clerk-1", True)))

    def consignment(self) -> None:
        """A parcel from its photos to its label."""
        consignment = self._chance.randbytes(16)
        self._held.open_consignment(consignment, 0, "walk-in", "clerk-1")
        photos = [self._photo(consignment) for _ in range(self._chance.randrange(3))]
        sealed, carrier = self._chance.randbytes(1500), self._chance.randbytes(700)
        with self.ledger.transaction():
            waybill = self._held.take_waybill(WAYBILLS, 0)
            self._papers.add(consignment, waybill, (b"code 1", b"code 2", b"code 3"), {})
            appended = self.ledger.append(
                Kind.CONSIGNMENT,
                facts_of(consignment, waybill, sealed, photos),
                sealed=sealed,
                carrier=carrier,
                attachments=photos,
            )
            self._held.close_consignment(consignment)
        self._note(appended, sealed, carrier)
        self.book.loose -= {photo.sha256 for photo in photos}
        self._label(consignment)

    def abandoned(self) -> None:
        """A parcel that the sender takes home again, photographed already."""
        consignment = self._chance.randbytes(16)
        photo = self._photo(consignment).sha256
        self.book.perhaps.add(photo)
        self._held.drop_photo(photo)
        self._forget({photo})

    def receipt(self) -> None:
        """The authority's word on some of what waits, refusals and repetitions among it."""
        entries = self._some(list(self.book.entries))
        photos = self._some(self.book.waiting_photos())
        statuses = {seq: self._chance.choice(list(Status)) for seq in entries}
        self.take_receipt(statuses, photos)

    def everything_receipted(self) -> None:
        """The authority holds all there is."""
        self.take_receipt(
            dict.fromkeys(self.book.waiting_entries(), Status.STORED), self.book.waiting_photos()
        )

    def take_receipt(self, statuses: dict[int, Status], photos: list[bytes]) -> None:
        """Apply an authentic receipt."""
        items = tuple(
            EntryItem(
                seq, self.book.entries[seq].hash, status,
                "fork" if status is Status.REFUSED else None,
            )
            for seq, status in statuses.items()
        )  # fmt: skip
        going: set[int | bytes] = {s for s in statuses if statuses[s] is not Status.REFUSED}
        going.update(photos)
        self.book.perhaps |= going
        self._outbox.apply(self._signed(items, photos, forged=False), (self._keys.receipt.public,))
        self.book.receipted |= going
        self.book.perhaps -= going

    def again(self, folder: Path) -> "Shop":
        """The same counter, its ledger opened anew."""
        return Shop(folder, self._keys, self.book, self._chance, self._limits)

    def waiting(self) -> int:
        """What the outbox still holds."""
        waiting = self._outbox.waiting()
        return waiting.entries + waiting.attachments

    def forged(self) -> None:
        """A receipt that is somebody else's word, or about other bytes: nothing may go."""
        waiting, photos = self.book.waiting_entries(), self.book.waiting_photos()
        true = tuple(EntryItem(s, self.book.entries[s].hash, Status.STORED) for s in waiting)
        false = tuple(EntryItem(s, bytes(32), Status.STORED) for s in waiting)
        for raw in (self._signed(true, photos, forged=True), self._signed(false, [], forged=False)):
            try:
                self._outbox.apply(raw, (self._keys.receipt.public,))
            except WireError:
                continue

    def fold(self) -> None:
        """Fold the write-ahead log in."""
        self.ledger.fold()

    def _photo(self, consignment: bytes) -> Attachment:
        content = self._chance.randbytes(self._chance.randrange(1, 20_000))
        sha256 = self._held.keep_photo(consignment, content, JPEG_TYPE)
        self.book.photos[sha256] = content
        self.book.loose.add(sha256)
        return Attachment(sha256, len(content), JPEG_TYPE)

    def _label(self, consignment: bytes) -> None:
        for status in ("intended", "printed"):
            paper = self._papers.get(consignment)
            assert paper is not None  # added with its consignment
            self._papers.settle(paper, 1, status, "terminal", None)
            self.book.labels.append(consignment)
            newest = "SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1"
            ((seq, hash_),) = self.ledger.db.execute(newest)
            self._note(Appended(seq, hash_))

    def _signed(self, items: tuple[EntryItem, ...], photos: list[bytes], *, forged: bool) -> bytes:
        said = tuple(AttachmentItem(sha256, Status.STORED) for sha256 in photos)
        made = Receipt(TERMINAL, 1, items, said, self.ledger.chain, next(self._numbers))
        if not forged:
            return made.sign(self._keys.receipt).raw
        return made.sign(self._keys.forger).raw

    def _note(
        self, appended: Appended, sealed: bytes | None = None, carrier: bytes | None = None
    ) -> None:
        self.book.entries[appended.seq] = Kept(appended.hash, sealed, carrier)

    def _forget(self, photos: set[bytes]) -> None:
        for sha256 in list(photos):
            self.book.photos.pop(sha256, None)
            self.book.loose.discard(sha256)
            self.book.perhaps.discard(sha256)

    def _some(self, among: list[T]) -> list[T]:
        most = min(len(among), 12)
        return self._chance.sample(among, self._chance.randrange(most + 1))


def facts_of(
    consignment: bytes, waybill: str, sealed: bytes, photos: list[Attachment]
) -> ConsignmentFacts:
    """An accepted parcel's facts."""
    return ConsignmentFacts(
        consignment=consignment,
        waybill=waybill,
        outlet="测试路网点",
        clerk="clerk-1",
        customer="walk-in",
        contract=None,
        document_class="citizen",
        reading="chip",
        policy=1,
        exemptions=(),
        marks=(Mark("identified", (Sealed.of(sealed).sha256,)),),
        verdicts=("ok",) * len(photos),
        grams=1250,
        from_scale=True,
        draw=None,
        times_today=0,
        clerks_own=False,
        software="faults",
        durations=(),
    )


def digest(data: bytes) -> bytes:
    """SHA-256."""
    return hashlib.sha256(data).digest()
