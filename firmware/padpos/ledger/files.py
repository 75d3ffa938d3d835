"""Sealed attachments as files beside the database: durable before named, gone on receipt.

A file's name says of which consignment it is, what it holds, and its SHA-256: a photo needs no row
until an entry names it, and a file that a crash has torn is told by its own name.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from padpos.ledger.errors import typed

SUFFIX = ".cose"


@dataclass(frozen=True, slots=True)
class Label:
    """What a file's name tells: the consignment, and the media type of what is sealed."""

    consignment: bytes = b""
    media_type: str = "application/octet-stream"


class AttachmentFiles:
    """A folder of sealed attachments."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sync(folder.parent)  # or a power cut may take the folder, and every photo in it
        self._descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        self._names = {sha256: name for name in _listed(folder) if (sha256 := _hash_of(name))}

    def write(self, sha256: bytes, data: bytes, label: Label | None = None) -> None:
        """Write and make durable, the name too. Raises LedgerFull, and nothing is left then."""
        name = _name(sha256, label or Label())
        path = self._folder / name
        with typed():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                with open(descriptor, "wb", closefd=False) as file:
                    file.write(data)
                os.fsync(descriptor)
                os.fsync(self._descriptor)
            except BaseException:
                path.unlink(missing_ok=True)
                raise
            finally:
                os.close(descriptor)
        self._names[sha256] = name

    def read(self, sha256: bytes, offset: int = 0, size: int = -1) -> bytes:
        """Bytes of an attachment. Raises FileNotFoundError."""
        with self._path(sha256).open("rb") as file:
            file.seek(offset)
            return file.read(size)

    def size(self, sha256: bytes) -> int:
        """The length of an attachment's file. Raises FileNotFoundError."""
        return self._path(sha256).stat().st_size

    def has(self, sha256: bytes) -> bool:
        """Whether it is held here."""
        return sha256 in self._names

    def label(self, sha256: bytes) -> Label:
        """What its name tells. Raises FileNotFoundError."""
        return _label(self._path(sha256).name)

    def of(self, consignment: bytes) -> list[bytes]:
        """The attachments of a consignment, named or not, in the order they were taken."""
        start = f"{consignment.hex()}."
        found = [sha256 for sha256, name in self._names.items() if name.startswith(start)]
        return sorted(found, key=lambda sha256: self._path(sha256).stat().st_mtime_ns)

    def whole(self, sha256: bytes) -> bool:
        """Whether the file holds what its name says."""
        return hashlib.sha256(self.read(sha256)).digest() == sha256

    def remove(self, sha256: bytes) -> None:
        """Remove; nothing happens where it is gone already."""
        name = self._names.pop(sha256, None)
        if name is not None:
            (self._folder / name).unlink(missing_ok=True)

    def sweep(self, known: set[bytes]) -> int:
        """Remove files that nothing names, as a crash leaves them: how many."""
        keep = {self._names[sha256] for sha256 in known if sha256 in self._names}
        orphans = [name for name in _listed(self._folder) if name not in keep]
        for name in orphans:
            (self._folder / name).unlink()
        self._names = {sha256: name for sha256, name in self._names.items() if name in keep}
        return len(orphans)

    def close(self) -> None:
        """Let the folder go."""
        os.close(self._descriptor)

    def _path(self, sha256: bytes) -> Path:
        name = self._names.get(sha256)
        if name is None:
            raise FileNotFoundError("no such attachment")
        return self._folder / name


def _name(sha256: bytes, label: Label) -> str:
    kind = label.media_type.replace("/", "-", 1)
    return f"{label.consignment.hex()}.{sha256.hex()}.{kind}{SUFFIX}"


def _hash_of(name: str) -> bytes | None:
    try:
        _, sha256, kind = name.removesuffix(SUFFIX).split(".", 2)
        digest = bytes.fromhex(sha256)
    except ValueError:
        return None
    return digest if len(digest) == 32 and kind and name.endswith(SUFFIX) else None


def _label(name: str) -> Label:
    consignment, _, kind = name.removesuffix(SUFFIX).split(".", 2)
    return Label(bytes.fromhex(consignment), kind.replace("-", "/", 1))


def _listed(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries]


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
