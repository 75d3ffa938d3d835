"""Sealed attachments as files beside the database: durable before named, gone on receipt."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


class AttachmentFiles:
    """A folder of sealed attachments, each named by its SHA-256."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sync(folder.parent)  # or a power cut may take the folder, and every photo in it

    def write(self, sha256: bytes, data: bytes) -> None:
        """Write and make durable: file, then its name."""
        path = self._path(sha256)
        temporary = path.with_suffix(".new")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with open(descriptor, "wb", closefd=False) as file:
                file.write(data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.rename(path)
        _sync(self._folder)

    def read(self, sha256: bytes, offset: int = 0, size: int = -1) -> bytes:
        """Bytes of an attachment. Raises FileNotFoundError."""
        with self._path(sha256).open("rb") as file:
            file.seek(offset)
            return file.read(size)

    def remove(self, sha256: bytes) -> None:
        """Remove; nothing happens where it is gone already."""
        self._path(sha256).unlink(missing_ok=True)

    def sweep(self, known: set[bytes]) -> int:
        """Remove files that nothing names, as a crash leaves them: how many."""
        orphans = [path for path in self._folder.iterdir() if path.name not in set(_names(known))]
        for path in orphans:
            path.unlink()
        return len(orphans)

    def _path(self, sha256: bytes) -> Path:
        return self._folder / f"{sha256.hex()}.cose"


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _names(hashes: set[bytes]) -> Iterator[str]:
    return (f"{sha256.hex()}.cose" for sha256 in hashes)
