"""What lies in this repository: the files that are, or would be, committed."""

from __future__ import annotations

import functools
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
_GIT = ("git", "-c", "safe.directory=*")  # tests run as root in somebody's clone
_MADE = (".git", ".venv", ".cache", "out", "build", "dist", "__pycache__")


@functools.cache
def files() -> tuple[Path, ...]:
    """Every file that git keeps or would take, present ones only."""
    done = subprocess.run(
        [*_GIT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode == 0 and done.stdout:
        paths = [ROOT / name for name in done.stdout.split("\0") if name]
    else:  # an unpacked archive
        paths = [path for path in ROOT.rglob("*") if not _is_made(path.relative_to(ROOT))]
    return tuple(sorted(path for path in paths if path.is_file()))


def texts() -> Iterator[tuple[Path, str]]:
    """Every text file with its text."""
    for path in files():
        data = path.read_bytes()
        if b"\0" not in data:
            yield path.relative_to(ROOT), data.decode("utf-8", "replace")


def _is_made(path: Path) -> bool:
    return path.parts[0] in _MADE or any(
        part == "__pycache__" or part.endswith(("_cache", ".egg-info")) or part == ".hypothesis"
        for part in path.parts
    )
