"""Attachments as files, named by their hash; pieces gather in a file of their own until whole."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from padpos_services.authority.home import Home
from padpos_services.shared.files import sync_directory


class Blobs:
    """The blob store on one machine's disk."""

    def __init__(self, home: Home) -> None:
        self._blobs = home.store / "blobs"
        self._partial = home.store / "partial"
        self._blobs.mkdir(exist_ok=True)
        self._partial.mkdir(exist_ok=True)
        self._touched: set[Path] = set()
        self._renamed: set[Path] = set()

    def path(self, sha256: bytes) -> Path:
        """Where the blob lies, or would."""
        name = sha256.hex()
        return self._blobs / name[:2] / name

    def holds(self, sha256: bytes, size: int | None = None) -> bool:
        """Whether the whole blob is here, and of that size."""
        path = self.path(sha256)
        return path.exists() and size in (None, path.stat().st_size)

    def write_piece(self, terminal: str, sha256: bytes, offset: int, data: bytes) -> None:
        """Put a piece at its place; durable after `sync`."""
        path = self._partial_path(terminal, sha256)
        path.parent.mkdir(exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.pwrite(descriptor, data, offset)
        finally:
            os.close(descriptor)
        self._touched.add(path)

    def assemble(self, terminal: str, sha256: bytes, size: int) -> bool:
        """Make the gathered pieces a blob, whose name is durable after `sync`.

        False, and the pieces gone, where the hash is wrong.
        """
        path = self._partial_path(terminal, sha256)
        if not path.exists():
            return self.holds(sha256)
        content = path.read_bytes()
        if len(content) != size or hashlib.sha256(content).digest() != sha256:
            self.drop(terminal, sha256)
            # A crash between the blob's rename and the commit leaves all but the last piece on
            # record and none in the file: what came again is a fragment of a blob that is whole.
            return self.holds(sha256, size)
        _sync_file(path)
        self._touched.discard(path)
        target = self.path(sha256)
        target.parent.mkdir(exist_ok=True)
        path.replace(target)
        self._renamed.add(target.parent)
        return True

    def drop(self, terminal: str, sha256: bytes) -> None:
        """Forget the gathered pieces."""
        path = self._partial_path(terminal, sha256)
        self._touched.discard(path)
        path.unlink(missing_ok=True)

    def remove(self, sha256: bytes) -> None:
        """Delete a blob."""
        self.path(sha256).unlink(missing_ok=True)

    def sync(self) -> None:
        """Bring every piece and blob made since the last call to stable storage."""
        for path in self._touched:
            _sync_file(path)
        for folder in {path.parent for path in self._touched} | self._renamed:
            sync_directory(folder)
        for changed, root in ((self._touched, self._partial), (self._renamed, self._blobs)):
            if changed:
                sync_directory(root)
            changed.clear()

    def _partial_path(self, terminal: str, sha256: bytes) -> Path:
        return self._partial / terminal / sha256.hex()


def _sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
