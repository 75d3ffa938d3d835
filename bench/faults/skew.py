"""A wall clock that can be set, for one process: CLOCK_REALTIME and nothing else, by LD_PRELOAD."""

import os
import shutil
import struct
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("skew.c")


class NoCompiler(Exception):
    """The shim can't be built here."""


def build(folder: Path) -> Path:
    """Compile the shim into a folder. Raises NoCompiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise NoCompiler("gcc is needed for clocks that jump (setup.sh installs it)")
    library = folder / "skew.so"
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE)], check=True
    )
    return library


class Clock:
    """One process's wall clock: how far it is off, in seconds, is kept in a file."""

    def __init__(self, file: Path, library: Path) -> None:
        self._file = file
        self._library = library
        self.off = 0.0
        file.write_bytes(bytes(8))

    def set(self, off: float) -> None:
        """Jump, now, whatever the process does."""
        self.off = off
        descriptor = os.open(self._file, os.O_WRONLY)  # in place: it is mapped
        os.pwrite(descriptor, struct.pack("=q", int(off * 1e9)), 0)
        os.close(descriptor)

    @property
    def environment(self) -> dict[str, str]:
        """What a process must be started with to live by this clock."""
        return {"LD_PRELOAD": str(self._library), "SKEW_FILE": str(self._file)}
