"""A disk that loses exactly what was not synced: an apsw VFS under the real ledger.

At a chosen write, truncation or sync it takes a picture of what a power cut would leave there:
everything synced, and of the rest any part, torn anywhere.
`python -m tests.ledger.losing --seeds 500` cuts the power five hundred times.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import apsw
import click

from padpos.ledger.ledger import Appended
from padpos.wire.facts import GenesisFacts
from tests.ledger.shelf import clerk, opened, parcel
from tests.wire.vector_objects import sealing

BASE = apsw.vfs_names()[0]
Change = tuple[int, bytes | None]  # (offset, bytes written there), or (size, None) for a cut-off


@dataclass(slots=True)
class Disk:
    """What is durable of each file, and the changes since its last sync."""

    random: random.Random
    cut_at: int
    done: int = 0
    durable: dict[Path, bytes] = field(default_factory=dict)
    pending: dict[Path, list[Change]] = field(default_factory=dict)
    left: dict[Path, bytes] | None = None
    acknowledged: list[Appended] = field(default_factory=list)
    at_the_cut: int = 0

    def step(self) -> None:
        """Count an operation; at the chosen one, take the picture."""
        self.done += 1
        if self.done == self.cut_at:
            self.at_the_cut = len(self.acknowledged)
            self.left = {path: self._torn(path) for path in self.durable | self.pending}

    def change(self, path: Path, change: Change) -> None:
        """A write or truncation, not yet synced."""
        self.pending.setdefault(path, []).append(change)

    def sync(self, path: Path) -> None:
        """Everything so far is durable."""
        content = self.durable.get(path, b"")
        for change in self.pending.pop(path, []):
            content = applied(content, change)
        self.durable[path] = content

    def _torn(self, path: Path) -> bytes:
        content = self.durable.get(path, b"")
        keep = self.random.choice((0.0, 0.5, 1.0))
        for offset, data in self.pending.get(path, []):
            if self.random.random() >= keep:
                continue
            if data is not None and self.random.random() < 0.3:
                data = data[: self.random.randrange(len(data) + 1)]  # noqa: PLW2901 - torn here
            content = applied(content, (offset, data))
        return content


def applied(content: bytes, change: Change) -> bytes:
    """A file's content after one change."""
    offset, data = change
    if data is None:
        return content[:offset].ljust(offset, b"\0")
    return content[:offset].ljust(offset, b"\0") + data + content[offset + len(data) :]


class LosingVFS(apsw.VFS):
    """The machine's own VFS, watched."""

    def __init__(self, name: str, disk: Disk) -> None:
        self.disk = disk
        super().__init__(name, base=BASE, makedefault=True)

    def xOpen(self, name: apsw.URIFilename | str | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's name
        """Open a file and watch it."""
        return LosingFile(self.disk, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802 - SQLite's name
        """Delete a file; its name is gone at once, the hardest case for a journal."""
        super().xDelete(filename, syncdir)
        self.disk.durable.pop(Path(filename), None)
        self.disk.pending.pop(Path(filename), None)


class LosingFile(apsw.VFSFile):
    """A file whose writes are durable only once synced."""

    def __init__(self, disk: Disk, name: apsw.URIFilename | str | None, flags: list[int]) -> None:
        self._disk = disk
        self._path = Path(name.filename() if isinstance(name, apsw.URIFilename) else str(name))
        super().__init__(BASE, name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        """Write, not yet durable."""
        super().xWrite(data, offset)
        self._disk.change(self._path, (offset, bytes(data)))
        self._disk.step()

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - SQLite's name
        """Cut off, not yet durable."""
        super().xTruncate(newsize)
        self._disk.change(self._path, (newsize, None))
        self._disk.step()

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        """Make durable; a cut may come just before."""
        self._disk.step()
        super().xSync(flags)
        self._disk.sync(self._path)


@contextmanager
def on(disk: Disk) -> Iterator[None]:
    """Let every database opened meanwhile lie on that disk."""
    vfs = LosingVFS(f"losing-{id(disk)}", disk)
    try:
        yield
    finally:
        vfs.unregister()


def cut_power(folder: Path, seed: int, pragma: str = "") -> tuple[int, int]:
    """One life, one cut: (entries acknowledged before it, entries found after it).

    Raises AssertionError where an acknowledged entry is missing or another stands in its place,
    and LedgerDamaged where what is left is no chain.
    """
    chance = random.Random(seed)
    disk = Disk(chance, cut_at=chance.randrange(60, 400))
    with on(disk):
        live(folder / "live", disk, pragma)
    assert disk.left is not None, "the life was too short for its cut"
    left = folder / "left"
    left.mkdir()
    for path, content in disk.left.items():
        (left / path.name).write_bytes(content)
    ledger = opened(left)
    found = dict(ledger.db.execute("SELECT seq, hash FROM entries"))
    ledger.close()
    sure = disk.acknowledged[: disk.at_the_cut]
    lost = [appended.seq for appended in sure if found.get(appended.seq) != appended.hash]
    assert not lost, f"seed {seed}: lost {len(lost)} of {len(sure)} acknowledged entries"
    return len(sure), len(found)


def live(folder: Path, disk: Disk, pragma: str) -> None:
    """Append until the cut has come, remembering what was acknowledged."""
    ledger = opened(folder)
    if pragma:
        ledger.db.execute(pragma)
    disk.acknowledged.append(ledger.begin(GenesisFacts("test", sealing("inbox").raw)))
    while disk.left is None:
        if disk.random.random() < 0.3:
            photo = disk.random.randbytes(2000)
            disk.acknowledged.append(parcel(ledger, photo)[0])
        elif disk.random.random() < 0.3:
            with ledger.transaction():
                both = [clerk(ledger), clerk(ledger)]
            disk.acknowledged += both
        else:
            disk.acknowledged.append(clerk(ledger))
        if disk.random.random() < 0.1:
            ledger.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    ledger.close()


@click.command(help=__doc__)
@click.option("--seeds", default=100, help="How many power cuts.", show_default=True)
@click.option("--first", default=0, help="The first seed.", show_default=True)
def main(seeds: int, first: int) -> None:
    acknowledged = 0
    for seed in range(first, first + seeds):
        with tempfile.TemporaryDirectory() as name:
            acknowledged += cut_power(Path(name), seed)[0]
    click.echo(f"{seeds} power cuts, {acknowledged} entries acknowledged before them, none lost")


if __name__ == "__main__":
    main()
