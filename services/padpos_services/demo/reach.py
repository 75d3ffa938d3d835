"""Code that other users can read: a clone below a closed folder is reached through another door.

The demo's processes run as users of their own. Where the clone lies in a home that is closed to
them, the code is copied to an open folder, and the virtual environment is bound to an open
path in a mount namespace of the demo's own. Nothing outside that namespace changes.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from padpos_services.demo.errors import DemoError

PACKAGES = ("padpos", "padpos_drivers", "padpos_services")
DOOR = Path("/var/tmp")  # noqa: S108 - only a mount point below it
_CLONE_NEWNS = 0x00020000


@dataclass(frozen=True, slots=True)
class Interpreter:
    """How the demo's processes run Python."""

    executable: str
    environment: dict[str, str]


def interpreter() -> Interpreter:
    """An interpreter that every user can run. Raises DemoError where there is none."""
    own = [Path(sys.executable), *(_package(name) for name in PACKAGES)]
    if all(is_open(path) for path in own):
        return Interpreter(sys.executable, {})
    code = _beside("code")
    for name in PACKAGES:
        shutil.copytree(_package(name), code / name, ignore=shutil.ignore_patterns("__pycache__"))
    _open_up(code)
    return Interpreter(str(_door() / "bin" / "python"), {"PYTHONPATH": str(code)})


def is_open(path: Path) -> bool:
    """Whether any user can read the path, and pass every folder above it."""
    real = path.resolve()
    passable = all(folder.stat().st_mode & 0o001 for folder in (*path.parents, *real.parents))
    return passable and bool(real.stat().st_mode & 0o004)


def _door() -> Path:
    """Bind the virtual environment to a path that is open, for this process and its children."""
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNS) != 0:
        raise DemoError(
            f"{sys.prefix} is closed to other users, and this machine makes no mount namespace:"
            " clone padpos into a folder that all users can enter, such as /opt"
        )
    door = _beside("venv")
    door.mkdir(mode=0o755)
    # Where / is no mount point (a chroot) there is nothing to make private; the door is unmounted.
    subprocess.run(["mount", "--make-rprivate", "/"], capture_output=True, check=False)
    for words in (
        ("mount", "--bind", sys.prefix, str(door)),
        ("mount", "-o", "remount,bind,ro", str(door)),
    ):
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            raise DemoError(f"{' '.join(words)}: {done.stderr.strip()}")
    return door


def close_door() -> None:
    """Take copy and door away again, if there are any; the environment itself is not touched."""
    shutil.rmtree(_beside("code"), ignore_errors=True)
    door = _beside("venv")
    if door.is_dir():
        subprocess.run(["umount", str(door)], check=False, capture_output=True)
        door.rmdir()


def _beside(what: str) -> Path:
    return DOOR / f"padpos-{what}-{os.getpid()}"


def _package(name: str) -> Path:
    import importlib.util  # noqa: PLC0415

    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise DemoError(f"the package {name} is not installed")
    return Path(spec.submodule_search_locations[0])


def _open_up(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
