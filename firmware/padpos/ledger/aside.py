"""A ledger that can't be used is set aside whole, nothing of it deleted, and can be put back.

Set aside and put back survive a power cut in between: a folder whose name ends in `.part` or
`.back` is on its way, and `finish` brings it to its end. The database goes first out, last in.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from padpos.ledger.errors import LedgerError, LedgerUnfit

FOLDER = "aside"
NOTE = "note.json"
MARK = "damaged.json"
_FILE = "ledger.sqlite"
_PARTS = (_FILE, f"{_FILE}-wal", f"{_FILE}-shm", f"{_FILE}-journal", "attachments", MARK)
_GOING, _COMING = ".part", ".back"


class AsideError(LedgerError):
    """What was set aside can't be put back; the message says why."""

    code = "aside"


@dataclass(frozen=True, slots=True)
class Note:
    """What was wrong, and when that was found (UTC). No personal data."""

    code: str
    what: str
    found: str

    @classmethod
    def of(cls, error: LedgerError) -> Note:
        """What an error says, now."""
        return cls(error.code, str(error), datetime.now(UTC).isoformat(timespec="seconds"))


def mark(state: Path, note: Note) -> None:
    """Leave word beside a ledger in use that it is damaged; the first word stands."""
    with contextlib.suppress(FileExistsError, OSError):  # a full disk must not hide the finding
        _write(state / MARK, note, "x")


def marked(state: Path) -> Note | None:
    """The word left beside a ledger in use, if it was found damaged."""
    return _read(state / MARK)


def unmark(state: Path) -> bool:
    """Take the word back, once all was checked and holds: whether there was one."""
    there = (state / MARK).exists()
    (state / MARK).unlink(missing_ok=True)
    return there


def set_aside(state: Path, note: Note) -> str:
    """Move the ledger in `state` out of the way: the name it lies under. Raises OSError."""
    folder = state / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    stamp = datetime.fromisoformat(note.found).strftime("%Y%m%dT%H%M%SZ")
    name = base = f"{stamp}-{note.code}"
    number = 1
    while any((folder / f"{name}{end}").exists() for end in ("", _GOING, _COMING)):
        number += 1
        name = f"{base}-{number}"
    going = folder / f"{name}{_GOING}"
    going.mkdir(mode=0o700)
    _write(going / NOTE, note, "w")
    _sync(folder)
    _arrive(state, going)
    return name


def restore(state: Path, name: str, check: Callable[[Path], None]) -> None:
    """Put back what lies aside under a name, if `check` finds nothing wrong with it there.

    Raises AsideError, or what `check` raises.
    """
    folder = state / FOLDER
    there = folder / name
    if name not in listed(state):
        raise AsideError(f"{there}: nothing of that name lies aside")
    if (state / _FILE).exists():
        raise AsideError(f"{state / _FILE}: there is a ledger in its place already")
    check(there)
    coming = there.rename(folder / f"{name}{_COMING}")
    _sync(folder)
    _return(state, coming)


def listed(state: Path) -> dict[str, Note | None]:
    """What lies aside, oldest first, with its note."""
    folder = state / FOLDER
    found = sorted(folder.iterdir()) if folder.exists() else []
    whole = (path for path in found if path.suffix not in (_GOING, _COMING))
    return {path.name: _read(path / NOTE) for path in whole}


def finish(state: Path) -> None:
    """Bring to its end what a power cut has interrupted. Raises OSError."""
    folder = state / FOLDER
    for path in list(folder.iterdir()) if folder.exists() else []:
        if path.suffix == _GOING:
            _arrive(state, path)
        elif path.suffix == _COMING:
            _return(state, path)


def _arrive(state: Path, going: Path) -> None:
    for part in _PARTS:
        if (state / part).exists():
            (state / part).rename(going / part)
    _sync(going)
    _sync(state)
    going.rename(going.with_suffix(""))
    _sync(going.parent)


def _return(state: Path, coming: Path) -> None:
    for part in reversed(_PARTS):
        if (coming / part).exists():
            (coming / part).rename(state / part)
    _sync(state)
    unmark(state)
    (coming / NOTE).unlink(missing_ok=True)
    coming.rmdir()
    _sync(coming.parent)


def _write(path: Path, note: Note, mode: str) -> None:
    with path.open(mode, encoding="utf-8") as file:
        json.dump(asdict(note), file, indent=1)
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path) -> Note | None:
    try:
        table = json.loads(path.read_text("utf-8"))
        return Note(str(table["code"]), str(table["what"]), str(table["found"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        # Half a word is a word: whoever began to write it had found damage.
        return Note(LedgerUnfit.code, "its note can't be read", "")


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
