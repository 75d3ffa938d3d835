"""A disk that is cut off at one operation, or full from one operation on.

SQLite comes to it through an apsw VFS, the attachments through the system calls of `os`: what is
tested is what ships.
"""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, BinaryIO

import apsw

from bench.faults.folder import Folder
from padpos.ledger import files
from padpos.ledger.room import Kept
from tests.ledger.losing import Disk, LosingFile, LosingVFS

WRITING = os.O_WRONLY | os.O_RDWR


class FaultyDisk(Disk):
    """The ledger's folder on a disk that fails; `on_cut` is called in mid-operation."""

    def __init__(
        self,
        folder: Path,
        chance: Random,
        *,
        cut_at: int = 0,
        full_at: int = 0,
        on_cut: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(chance, cut_at)
        self.folder = folder
        self.full_at = full_at
        self.full = False
        self.room: int | None = None  # by how much files can grow again: it was given up by us
        self.refused = 0
        self.attachments = Folder(folder / "attachments")
        self._left_files: dict[str, bytes] = {}
        self._on_cut = on_cut
        self.durable = {path: path.read_bytes() for path in folder.glob("ledger.sqlite*")}

    def step(self) -> None:
        """Count an operation; at the chosen one the power goes, or the space."""
        super().step()
        if self.done == self.cut_at:
            self._left_files = self.attachments.after_a_cut(self.random)
            self._on_cut()
        if self.done == self.full_at:
            self.full = True

    def no_space(self, growth: int = 0) -> bool:
        """Whether a write must fail that lets a file grow by so many bytes, or shrink."""
        if self.full and self.room is not None and growth <= self.room:
            self.room -= growth
            return False
        self.refused += self.full
        return self.full

    def restore(self, to: Path) -> None:
        """Write what the cut left to a new folder."""
        assert self.left is not None  # the power was cut
        (to / "attachments").mkdir(parents=True)
        for path, content in self.left.items():
            (to / path.name).write_bytes(content)
        for name, content in self._left_files.items():
            (to / "attachments" / name).write_bytes(content)


@contextmanager
def mounted(disk: FaultyDisk) -> Iterator[None]:
    """Let the ledger in the disk's folder lie on it meanwhile."""
    vfs = _Vfs(f"faulty-{id(disk)}", disk)
    calls = _Calls(disk)
    try:
        with calls.instead():
            yield
    finally:
        vfs.unregister()


class _Vfs(LosingVFS):
    disk: FaultyDisk

    def xOpen(self, name: apsw.URIFilename | str | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's name
        return _File(self.disk, name, flags)


class _File(LosingFile):
    _disk: FaultyDisk

    def __init__(
        self, disk: FaultyDisk, name: apsw.URIFilename | str | None, flags: list[int]
    ) -> None:
        path = Path(name.filename() if isinstance(name, apsw.URIFilename) else str(name))
        self._is_new = path.name.endswith(("-wal", "-journal")) and not path.exists()
        super().__init__(disk, name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        if self._disk.no_space(max(0, offset + len(data) - self.xFileSize())):
            raise apsw.FullError("no space left on this disk")
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - SQLite's name
        if self._disk.room is not None:
            self._disk.room += self.xFileSize() - newsize
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        super().xSync(flags)
        if self._is_new:  # SQLite's own VFS syncs the folder of a log that it has made
            self._disk.attachments.parent_synced()
            self._is_new = False


class _Calls:
    """The system calls by which attachments are written, each with its fault."""

    def __init__(self, disk: FaultyDisk) -> None:
        self._disk = disk
        self._folder = disk.attachments
        self._real: dict[str, Any] = {
            name: getattr(os, name)
            for name in (
                "open",
                "write",
                "fsync",
                "fdatasync",
                "rename",
                "replace",
                "unlink",
                "posix_fallocate",
            )
        }

    @contextmanager
    def instead(self) -> Iterator[None]:
        """Put these in the place of the real ones."""
        ours = {"fdatasync": self._fsync, "replace": self._rename}
        for name in self._real:
            setattr(os, name, ours.get(name) or getattr(self, f"_{name}"))
        files.open = self._file  # type: ignore[attr-defined]  # hides the builtin in that module
        try:
            yield
        finally:
            del files.open  # type: ignore[attr-defined]  # set above
            for name, real in self._real.items():
                setattr(os, name, real)

    def _open(self, path: Any, flags: int, *more: Any, **named: Any) -> int:
        if not (self._is_ours(path) and flags & WRITING):
            opened: int = self._real["open"](path, flags, *more, **named)
            return opened
        self._disk.step()
        self._need_space()
        descriptor: int = self._real["open"](path, flags, *more, **named)
        self._folder.born(Path(path).name)
        return descriptor

    def _file(self, file: Any, mode: str = "r", **named: Any) -> Any:
        opened: Any = open(file, mode, **named)  # noqa: SIM115, PTH123 - a descriptor, handed on
        return _Written(opened, self._disk) if "w" in mode else opened

    def _write(self, descriptor: int, data: Any) -> int:
        if self._is_ours(_place(descriptor)):
            self._disk.step()
            self._need_space()
        written: int = self._real["write"](descriptor, data)
        return written

    def _fsync(self, descriptor: int) -> None:
        place = _place(descriptor)
        if not self._is_ours(place) and place not in (self._folder.path, self._disk.folder):
            self._real["fsync"](descriptor)
            return
        self._disk.step()
        if place == self._folder.path:
            self._folder.names_synced()
        elif place == self._disk.folder:
            self._folder.parent_synced()
        else:
            self._need_space()  # space may be found only now
            self._folder.file_synced(place.name)

    def _rename(self, old: Any, new: Any, **named: Any) -> None:
        if not self._is_ours(old):
            self._real["rename"](old, new, **named)
            return
        self._disk.step()
        self._need_space()
        self._real["rename"](old, new, **named)
        self._folder.renamed(Path(old).name, Path(new).name)

    def _posix_fallocate(self, descriptor: int, offset: int, size: int) -> None:
        if self._disk.no_space(size):
            raise _no_space()
        self._real["posix_fallocate"](descriptor, offset, size)

    def _unlink(self, path: Any, **named: Any) -> None:
        if Path(path).parent == self._disk.folder and Path(path).name in set(Kept):
            self._disk.room = (self._disk.room or 0) + Path(path).stat().st_size
        if not self._is_ours(path):
            self._real["unlink"](path, **named)
            return
        self._disk.step()
        content = Path(path).read_bytes()
        self._real["unlink"](path, **named)
        self._folder.gone(Path(path).name, content)

    def _is_ours(self, path: Any) -> bool:
        return isinstance(path, (str, Path)) and Path(path).parent == self._folder.path

    def _need_space(self) -> None:
        if self._disk.no_space():
            raise _no_space()


class _Written:
    """An open file whose disk may fill in mid-write."""

    def __init__(self, file: BinaryIO, disk: FaultyDisk) -> None:
        self._file = file
        self._disk = disk

    def __enter__(self) -> "_Written":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, data: bytes) -> int:
        """Write all, or half of it and fail."""
        self._disk.step()
        if self._disk.no_space(len(data)):
            self._file.write(data[: len(data) // 2])
            raise _no_space()
        written = self._file.write(data)
        self._file.flush()
        self._disk.step()
        return written


def _no_space() -> OSError:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _place(descriptor: int) -> Path:
    return Path(f"/proc/self/fd/{descriptor}").readlink()
