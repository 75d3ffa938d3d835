"""Room on the disk: what is kept free for receipts and for the consignment in hand, and the marks.

Two files hold room that is theirs alone, whoever else fills the disk. They are given up when
SQLite or the disk say that it is full, and made again when there is room.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from padpos.ledger.errors import LedgerFull

log = logging.getLogger("padpos.ledger")

R = TypeVar("R")
MIB = 1 << 20
_BESIDE = MIB
"""What must be free beside the headroom when it is made again, or it would be given up at once."""


class Kept(StrEnum):
    """The files that keep room, by name."""

    HEADROOM = "headroom"
    RESERVE = "reserve"


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes. Below `least_free` on the file system, or with `quota` used, nothing new begins.

    `headroom` is one consignment at its largest: 8 photos of 2 MiB, its entries, and the log they
    go through. `reserve` is what a receipt needs: 4 MiB to fold in the log as it stands, then
    8 entries at a time, 8 × 3 × 64 KiB that go through the log as zeros, and the receipt's 64 KiB.
    """

    least_free: int = 64 * MIB
    quota: int = 4096 * MIB
    headroom: int = 20 * MIB
    reserve: int = 8 * MIB


class Closing(StrEnum):
    """Why no consignment may begin; each is a problem code."""

    LOW = "disk-low"
    QUOTA = "ledger-quota"


@dataclass(frozen=True, slots=True)
class Space:
    """How things stand: bytes free on the file system and used by the ledger, room kept."""

    free: int
    used: int
    reserve: bool
    headroom: bool
    closing: Closing | None


class Room:
    """The room of one ledger's folder. All calls on the ledger's thread."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.limits = limits
        self._folder = folder
        self._low = False

    def keep(self) -> None:
        """Make what was given up again, where there is room for it: first the reserve."""
        for kept in (Kept.RESERVE, Kept.HEADROOM):
            if not self.holds(kept) and not self._make(kept):
                return

    def holds(self, kept: Kept) -> bool:
        """Whether that room is kept."""
        path = self._folder / kept
        return path.exists() and path.stat().st_size == self._size(kept)

    def give_up(self, *which: Kept) -> bool:
        """Give room to whoever writes next: whether there was any."""
        held = [kept for kept in which if (self._folder / kept).exists()]
        for kept in held:
            log.warning("the disk is full: the %s is given up", kept)
            (self._folder / kept).unlink(missing_ok=True)
        return bool(held)

    def spending(self, call: Callable[[], R], *which: Kept) -> R:
        """Do what either succeeds or leaves nothing; if the disk is full, once more with that room.

        Raises LedgerFull where that is not enough either, and whatever `call` raises.
        """
        try:
            return call()
        except LedgerFull:
            if not self.give_up(*which):
                raise
        return call()

    def look(self, used: int, *, tried: bool = True) -> Space:
        """How things stand, `used` being the ledger's own bytes.

        `tried`: `keep` came before, so that room still missing tells of a disk that gives none.
        """
        system = os.statvfs(self._folder)
        free = system.f_bavail * system.f_frsize
        reserve, headroom = self.holds(Kept.RESERVE), self.holds(Kept.HEADROOM)
        # What has been low opens again only with room to spare, or it would flap.
        mark = self.limits.least_free + (self.limits.headroom if self._low else 0)
        self._low = free < mark or (tried and not (reserve and headroom))
        over = used >= self.limits.quota
        closing = Closing.LOW if self._low else Closing.QUOTA if over else None
        return Space(free, used, reserve, headroom, closing)

    def _size(self, kept: Kept) -> int:
        return self.limits.reserve if kept is Kept.RESERVE else self.limits.headroom

    def _make(self, kept: Kept) -> bool:
        path, size = self._folder / kept, self._size(kept)
        system = os.statvfs(self._folder)
        beside = _BESIDE if kept is Kept.HEADROOM else 0  # the reserve comes before all else
        if system.f_bavail * system.f_frsize < size + beside:
            return False
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, size)
            finally:
                os.close(descriptor)
        except OSError:
            path.unlink(missing_ok=True)
            return False
        return True
