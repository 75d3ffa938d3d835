"""What the bytes of a database file and of its log say before SQLite is let near them.

https://www.sqlite.org/fileformat2.html, §1.3 (database header) and §4.1 (WAL file format).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from padpos.ledger.errors import LedgerDamaged, LedgerForeign, LedgerTruncated, typed

MAGIC = b"SQLite format 3\0"
HEADER = 100
WAL_HEADER = 32
FRAME_HEADER = 24


def check(path: Path) -> None:
    """Name what is plainly no ledger; a file that is not there passes. Raises LedgerUnfit."""
    with typed():
        if not path.exists():
            return
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(HEADER)
    if not size:
        return  # new, or all of it is still in the log
    if head[: len(MAGIC)] != MAGIC[: len(head)]:
        raise LedgerForeign("the ledger file is not a ledger")
    if len(head) < HEADER:
        raise LedgerTruncated("the ledger file ends within its head")
    if _page_size(head) is None or not {head[18], head[19]} <= {1, 2} or head[20] != 0:
        raise LedgerDamaged("the ledger file's head is damaged")


def is_truncated(path: Path) -> bool:
    """Whether the file is shorter than its own head says; for when SQLite has refused it."""
    with typed():
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(HEADER)
    if len(head) < HEADER or head[24:28] != head[92:96]:
        return False  # the page count holds only where these two agree
    pages: int = struct.unpack(">I", head[28:32])[0]
    return size < pages * (_page_size(head) or 0)


def _page_size(head: bytes) -> int | None:
    size: int = struct.unpack(">H", head[16:18])[0]
    size = 65536 if size == 1 else size
    return size if size >= 512 and not size & (size - 1) else None


def _head_holds(head: bytes) -> bool:
    """Whether the checksum of a log's head is right (§4.2)."""
    words = struct.unpack("<6I" if head[3] & 1 == 0 else ">6I", head[:24])
    first = second = 0
    for place in range(0, len(words), 2):
        first = (first + words[place] + second) & 0xFFFFFFFF
        second = (second + words[place + 1] + first) & 0xFFFFFFFF
    return struct.pack(">2I", first, second) == head[24:32]


@dataclass(frozen=True, slots=True)
class Log:
    """The write-ahead log as it lay there: the numbers (from 1) of the frames that end a commit.

    Only frames of the log's present run count: those that bear the salts of its head.
    """

    frames: int
    commits: tuple[int, ...]

    def lost(self, valid: int) -> bool:
        """Whether commits are lost behind the `valid` frames that SQLite takes.

        Each commit is synced before the next is written, so a power cut tears at most one: frames
        behind the end of another are damage, not a tear.
        """
        return any(valid < commit < self.frames for commit in self.commits)


def read_log(path: Path) -> Log:
    """Read the heads of a log's frames; no log is an empty one."""
    with typed():
        raw = path.read_bytes() if path.exists() else b""
    if len(raw) < WAL_HEADER:
        return Log(0, ())
    page, salts = struct.unpack(">I", raw[8:12])[0], raw[16:24]
    if not 512 <= page <= 65536 or not _head_holds(raw[:WAL_HEADER]):
        return Log(0, ())  # a cut may have torn it as the log was begun anew: all is folded in then
    commits = []
    last = 0
    places = range(WAL_HEADER, len(raw) - FRAME_HEADER - page + 1, FRAME_HEADER + page)
    for number, place in enumerate(places, 1):
        if raw[place + 8 : place + 16] != salts:
            continue
        last = number
        if raw[place + 4 : place + 8] != bytes(4):
            commits.append(number)
    return Log(last, tuple(commits))
