"""Durable appends to the ledger, against bare writes and fsyncs of the same bytes."""

import os
import secrets
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric import ec

from bench.frame import Fact, Measure, Plan, Ratio, Target, Way, repeated, run
from bench.sealing import (
    CONSIGNMENT,
    TERMINAL,
    WAYBILL,
    consignment,
    photo,
    seal_consignment,
    seal_photo,
)
from bench.show import options, show
from padpos.ledger.held import Held
from padpos.ledger.ledger import Clock, Ledger
from padpos.wire.entry import Attachment, Sealed
from padpos.wire.envelope import JPEG_TYPE
from padpos.wire.fact_values import Mark
from padpos.wire.facts import ConsignmentFacts, GenesisFacts, Kind
from padpos.wire.keys import Alg, PublicKey, SoftwareSigner, sealing_public

PHOTOS = 2
ENTRIES = 10
"""Entries for each time that --count asks for: the log is folded in every few hundred."""
FOLDER = Path("/var/tmp")  # not /tmp, which is memory on many machines


class NullSigner:
    """Signs nothing: the figures are of the store, and a signature costs the same anywhere."""

    def __init__(self) -> None:
        self._public = SoftwareSigner(ec.generate_private_key(ec.SECP256R1())).public

    @property
    def public(self) -> PublicKey:
        """A key that has signed none of it."""
        return self._public

    def sign(self, message: bytes) -> bytes:  # noqa: ARG002 - the seam hands it over
        """64 bytes, at no cost."""
        return bytes(64)


class Store:
    """A ledger on the disk in question, and the sealed things to put in it."""

    def __init__(self, folder: Path) -> None:
        clock = Clock(lambda: time.time_ns() // 1_000_000, lambda: True)
        self.ledger = Ledger(folder / "ledger", TERMINAL, NullSigner(), clock)
        self.ledger.begin(GenesisFacts("bench", bytes(32)))
        self._held = Held(self.ledger)
        key = sealing_public(Alg.XWING, secrets.token_bytes(32))
        self._sealed, self._carrier = seal_consignment(consignment(), WAYBILL, [key])
        self._photo = seal_photo(photo(), key)
        self._next: list[bytes] = []
        self._kept: list[bytes] = []

    def append(self, photos: tuple[Attachment, ...] = ()) -> None:
        """One consignment entry, durable."""
        self.ledger.append(
            Kind.CONSIGNMENT,
            _facts(Sealed.of(self._sealed).sha256, photos),
            sealed=self._sealed,
            carrier=self._carrier,
            attachments=photos,
        )

    def append_with_photos(self) -> None:
        """Each photo durable when it was taken, then the entry that names them."""
        kept = [
            self._held.keep_photo(CONSIGNMENT, self._next.pop(), JPEG_TYPE) for _ in range(PHOTOS)
        ]
        self._kept += kept
        self.append(tuple(Attachment(name, len(self._photo), JPEG_TYPE) for name in kept))

    def with_photos(self, count: int) -> float:
        """Seconds of `append_with_photos`; no two photos are alike, as no two Envelopes are."""
        body = self._photo[:-8]
        self._next = [body + secrets.token_bytes(8) for _ in range(PHOTOS * count)]
        return repeated(self.append_with_photos, after=self.tidy)(count)

    def tidy(self) -> None:
        """Remove the photo files, as receipts would."""
        for name in self._kept:
            self.ledger.files.remove(name)
        self._kept.clear()

    def sizes(self) -> tuple[int, int]:
        """Bytes of an entry with its Envelopes as the ledger keeps them, and of a sealed photo."""
        self.append()
        row = self.ledger.db.execute(
            "SELECT length(raw) + length(sealed) + length(carrier) FROM entries"
            " ORDER BY seq DESC LIMIT 1"
        ).get
        return int(row), len(self._photo)


class Bare:
    """What no durable store can go below: write, fsync."""

    def __init__(self, folder: Path, entry: bytes, photo: bytes) -> None:
        self.entry, self.photo = entry, photo
        self._folder = folder
        self._log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._photos = 0

    def append(self) -> None:
        """An entry at the end of an open file."""
        _write(self._log, self.entry)

    def append_with_photos(self) -> None:
        """Two new files and an entry; no renaming, no hashing, no folder made durable."""
        for _ in range(PHOTOS):
            self._photos += 1
            place = self._folder / f"photo-{self._photos}"
            descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            _write(descriptor, self.photo)
            os.close(descriptor)
        self.append()

    def tidy(self) -> None:
        """Remove the photo files."""
        for place in self._folder.glob("photo-*"):
            place.unlink()

    def close(self) -> None:
        """Close the open file."""
        os.close(self._log)


@contextmanager
def plan(place: Path) -> Iterator[Plan]:
    """A ledger and bare files in one new folder under `place`."""
    with tempfile.TemporaryDirectory(prefix="padpos-", dir=place) as name:
        folder = Path(name)
        store = Store(folder)
        entry, sealed_photo = store.sizes()
        bare = Bare(folder, secrets.token_bytes(entry), secrets.token_bytes(sealed_photo))
        try:
            yield _plan(store, bare, _file_system(folder))
        finally:
            bare.close()
            store.ledger.close()


def _plan(store: Store, bare: Bare, file_system: str) -> Plan:
    return Plan(
        ways=(
            Way("bare entry", _often(bare.append)),
            Way("ledger entry", _often(store.append)),
            Way("bare entry + 2 photos", repeated(bare.append_with_photos, after=bare.tidy)),
            Way("ledger entry + 2 photos", store.with_photos),
        ),
        ratios=(
            Ratio("entry: bare / ledger", "bare entry", "ledger entry", _least(0.45)),
            Ratio(
                "entry + 2 photos: bare / ledger",
                "bare entry + 2 photos",
                "ledger entry + 2 photos",
                _least(0.5),
            ),
        ),
        facts=(
            Fact("entry with its Envelopes", len(bare.entry), "bytes"),
            Fact("a sealed photo", len(bare.photo), "bytes"),
        ),
        notes=(
            f"File system: {file_system}.",
            "1 would be the speed of bare write + fsync. Sealing and signing are left out.",
            "The ledger's photos are hashed, and their folder made durable.",
        ),
    )


def _often(once: Callable[[], object]) -> Measure:
    return lambda count: repeated(once)(ENTRIES * count)


def _least(limit: float) -> Target:
    return Target(limit, at_least=True)


def _write(descriptor: int, data: bytes) -> None:
    if os.write(descriptor, data) != len(data):
        raise click.ClickException("the disk did not take all bytes; is it full?")
    os.fsync(descriptor)


def _facts(sealed: bytes, photos: tuple[Attachment, ...]) -> ConsignmentFacts:
    return ConsignmentFacts(
        consignment=CONSIGNMENT,
        waybill=WAYBILL,
        outlet="测试路网点",
        clerk="clerk-1",
        customer="walk-in",
        contract=None,
        document_class="citizen",
        reading="chip",
        policy=1,
        exemptions=(),
        marks=(
            Mark("identified", (sealed,)),
            Mark("inspected", tuple(photo.sha256 for photo in photos)),
        ),
        verdicts=("ok",) * len(photos),
        grams=1250,
        from_scale=True,
        draw=None,
        times_today=0,
        clerks_own=False,
        software="bench",
        durations=(("identify", 1200), ("inspect", 5300), ("contents", 4100)),
    )


def _file_system(folder: Path) -> str:
    """Type and device, as the kernel names them."""
    listing = subprocess.run(
        ["findmnt", "--noheadings", "--output", "FSTYPE,SOURCE,OPTIONS", "--target", str(folder)],
        check=True,
        capture_output=True,
        text=True,
    )
    return " ".join(listing.stdout.split())


@click.command()
@options(count=20)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=FOLDER,
    show_default=True,
    help="Where to write: a folder on the disk in question, not in memory.",
)
def main(rounds: int, count: int, as_json: bool, folder: Path) -> None:
    """Append entries and photographs durably, against bare write + fsync of the same bytes."""
    with plan(folder) as planned:
        show(run("ledger", planned, rounds, count), as_json)


if __name__ == "__main__":
    main()
