"""Promise: a photograph is whole and under its name on the disk before anything says so."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from padpos.wire.messages import PART_SIZE, parts_of
from padpos_services.authority.blobs import Blobs
from padpos_services.authority.home import Home


def test_contents_then_names_are_durable_when_sync_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rule 3: a receipt's commit follows `sync`; what it signs for must survive a cut."""
    (tmp_path / "store").mkdir()
    blobs, story, real_sync, real_replace = Blobs(Home(tmp_path)), [], os.fsync, Path.replace

    def sync(descriptor: int) -> None:
        real_sync(descriptor)
        place = Path(f"/proc/self/fd/{descriptor}").readlink()
        story.append(("synced", place.relative_to(tmp_path / "store").parts[0], place.is_dir()))

    def replace(self: Path, target: Path) -> Path:
        story.append(("renamed", target.parent.parent.name, False))
        return real_replace(self, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "replace", replace)
    whole, begun = bytes(PART_SIZE) + b"the end", bytes([1]) * PART_SIZE + b"more to come"
    for part in (*parts_of(whole), next(parts_of(begun))):
        blobs.write_piece("t-1", part.sha256, part.offset, part.data)
    named = next(parts_of(whole)).sha256
    assert blobs.assemble("t-1", named, len(whole))
    blobs.sync()
    assert story[:2] == [("synced", "partial", False), ("renamed", "blobs", False)]
    assert ("synced", "partial", False) in story[2:]  # the piece of the other
    assert [step for step in story if step[2]].count(("synced", "blobs", True)) == 2
    assert [step for step in story if step[2]].count(("synced", "partial", True)) == 2
    assert blobs.path(named).read_bytes() == whole


def test_a_second_sync_has_nothing_left_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "store").mkdir()
    blobs = Blobs(Home(tmp_path))
    part = next(parts_of(b"a photograph"))
    blobs.write_piece("t-1", part.sha256, part.offset, part.data)
    blobs.sync()
    monkeypatch.setattr(os, "fsync", lambda _: pytest.fail("nothing was written since"))
    blobs.sync()
