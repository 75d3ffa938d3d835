"""Promise: what the ledger has acknowledged is there after any cut of power."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from padpos.ledger.errors import LedgerError
from tests.ledger.losing import cut_power
from tests.ledger.shelf import begun, opened, parcel
from tests.wire.vector_objects import signer

CHILD = """
import sys
from pathlib import Path
from tests.ledger.shelf import begun, parcel
ledger = begun(Path(sys.argv[1]))
while True:
    appended, photo = parcel(ledger, bytes([ledger._seq % 256]) * (1000 + ledger._seq))
    print(appended.seq, appended.hash.hex(), photo.hex(), flush=True)
"""


@pytest.mark.parametrize("first", range(0, 40, 10))
def test_no_power_cut_loses_an_acknowledged_entry(tmp_path: Path, first: int) -> None:
    """Rules 2 and 3: `append` returns only once the entry is on stable storage."""
    acknowledged = 0
    for seed in range(first, first + 10):
        (tmp_path / str(seed)).mkdir()
        acknowledged += cut_power(tmp_path / str(seed), seed)[0]
    assert acknowledged > 50


def test_the_losing_disk_does_lose_what_a_careless_ledger_does_not_sync(tmp_path: Path) -> None:
    """The test above has teeth: without syncs the same cuts are noticed."""
    noticed = 0
    for seed in range(10):
        (tmp_path / str(seed)).mkdir()
        try:
            cut_power(tmp_path / str(seed), seed, pragma="PRAGMA synchronous = OFF")
        except (AssertionError, LedgerError, apsw.Error):
            noticed += 1
    assert noticed >= 5


@pytest.mark.parametrize("entries", [1, 4, 9])
def test_a_killed_process_leaves_every_entry_it_reported(tmp_path: Path, entries: int) -> None:
    """Rule 2: kill -9 right after a report; entry and photo are there."""
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        reported = [child.stdout.readline().split() for _ in range(entries)]
        os.kill(child.pid, signal.SIGKILL)
    ledger = opened(tmp_path)
    held = dict(ledger.db.execute("SELECT seq, hash FROM entries"))
    for seq, digest, photo in reported:
        assert held[int(seq)].hex() == digest
        assert ledger.files.read(bytes.fromhex(photo))
    assert ledger.verify(signer("entry").public) >= entries + 1


def test_a_photo_is_durable_under_its_name_before_the_ledger_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rule 3: file synced, folder synced, and only then the row; until an entry, none at all."""
    ledger = begun(tmp_path)
    story: list[str] = []
    real_sync = os.fsync

    def sync(descriptor: int) -> None:
        real_sync(descriptor)
        place = Path(f"/proc/self/fd/{descriptor}").readlink()
        story.append("folder synced" if place.is_dir() else f"{place.suffix} synced")

    def asked(_cursor: apsw.Cursor, statement: str, _bindings: object) -> bool:
        if "INSERT" in statement:
            story.append(statement.split(" (", maxsplit=1)[0])
        return True

    monkeypatch.setattr(os, "fsync", sync)
    ledger.db.exec_trace = asked
    parcel(ledger)
    assert story == [
        ".cose synced",
        "folder synced",
        "INSERT INTO entries",
        "INSERT INTO attachments",
    ]
