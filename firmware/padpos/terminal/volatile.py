"""A folder that forgets: memory-backed, or refused. What must die with the day lies here alone."""

from __future__ import annotations

import contextlib
import ctypes
import os
from pathlib import Path

# f_type of struct statfs, its first word: <linux/magic.h>.
_TMPFS, _RAMFS = 0x01021994, 0x858458F6


class NotVolatile(Exception):
    """The folder is missing, or lies on a disk; the message says which."""


class Volatile:
    """Small files in a memory-backed folder: they outlive this process, never the power."""

    def __init__(self, folder: Path) -> None:
        """Raises NotVolatile."""
        try:
            # Held open: what was looked at is what is written to, whatever the path becomes.
            self._folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise NotVolatile(f"{folder}: {error.strerror}") from error
        if _kind_of(self._folder) not in (_TMPFS, _RAMFS):
            os.close(self._folder)
            raise NotVolatile(f"{folder}: not memory-backed; only a tmpfs forgets")

    def read(self, name: str) -> bytes | None:
        """A file's content, or None where there is none."""
        try:
            descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._folder)
        except FileNotFoundError:
            return None
        with os.fdopen(descriptor, "rb") as file:
            return file.read()

    def write(self, name: str, data: bytes) -> None:
        """Put a file in place of the one before, whole or not at all."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        descriptor = os.open(f"{name}.new", flags, 0o600, dir_fd=self._folder)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        os.replace(f"{name}.new", name, src_dir_fd=self._folder, dst_dir_fd=self._folder)

    def remove(self, name: str) -> None:
        """Remove; nothing happens where it is gone already."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._folder)

    def close(self) -> None:
        """Let go of the folder."""
        os.close(self._folder)


def _kind_of(descriptor: int) -> int:
    found = ctypes.create_string_buffer(256)
    if ctypes.CDLL(None, use_errno=True).fstatfs(descriptor, found) != 0:
        return 0
    size = ctypes.sizeof(ctypes.c_long)
    return int.from_bytes(found.raw[:size], "little") & 0xFFFFFFFF
