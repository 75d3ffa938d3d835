"""Where everything of one demo lies: one folder, one sub-folder for each house."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path


class User(IntEnum):
    """User ids of the demo's houses: numbers nobody else has, no account is made."""

    COUNTER = 61101
    UPLINK = 61102
    BROKER = 61103
    AUTHORITY = 61104
    CARRIER = 61105
    WORLD = 61106


LINK_GROUP = 61110
TERMINAL = "pad-demo-01"
CARRIER_NAME = "demo-express"
CLERKS = {"c-07": "4711", "c-12": "2718"}
CLERK = "c-07"
PIN = CLERKS[CLERK]
WORLD_PORTS = {"printer": 9100, "screen": 8080, "vpcd": 35963}  # in the counter's own namespace
LABEL_PREFIX = "HTTPS://P.EXAMPLE/"


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders, absolute."""

    root: Path

    @property
    def counter(self) -> Path:
        """The counter's house: configuration, keys, ledger."""
        return self.root / "counter"

    @property
    def uplink(self) -> Path:
        """The uplink's house: its TLS key and configuration."""
        return self.root / "uplink"

    @property
    def authority(self) -> Path:
        """The authority's house."""
        return self.root / "authority"

    @property
    def carrier(self) -> Path:
        """The safe-number service's house."""
        return self.root / "safenumber"

    @property
    def broker(self) -> Path:
        """The broker's configuration, log and persistence."""
        return self.root / "broker"

    @property
    def messages(self) -> Path:
        """Each message as it was uploaded, a file each."""
        return self.root / "uploaded"

    @property
    def papers(self) -> Path:
        """What the printer burnt."""
        return self.root / "papers"

    @property
    def logs(self) -> Path:
        """What the processes said."""
        return self.root / "logs"

    @property
    def world(self) -> Path:
        """Control sockets of the simulators."""
        return self.root / "world"

    @property
    def link(self) -> Path:
        """The socket between counter and uplink."""
        return self.root / "link" / "link.sock"

    @property
    def screen(self) -> Path:
        """The screen's Unix socket."""
        return self.root / "screen" / "screen.sock"

    @property
    def pcscd(self) -> Path:
        """pcscd's run folder."""
        return self.root / "pcscd"

    @property
    def config(self) -> Path:
        """The terminal's configuration file."""
        return self.counter / "terminal.toml"

    def make(self) -> None:
        """Make the folders, each its owner's alone but for the sockets between houses."""
        self.root.mkdir(parents=True, exist_ok=True)
        self.root.chmod(0o755)
        for folder, owner, group, mode in (
            (self.counter, User.COUNTER, User.COUNTER, 0o700),
            (self.uplink, User.UPLINK, User.UPLINK, 0o700),
            (self.authority, User.AUTHORITY, User.AUTHORITY, 0o755),
            (self.carrier, User.CARRIER, User.CARRIER, 0o755),
            (self.broker, User.BROKER, User.BROKER, 0o700),
            (self.messages, User.AUTHORITY, User.AUTHORITY, 0o700),
            (self.papers, User.WORLD, User.WORLD, 0o755),
            (self.world, User.WORLD, User.WORLD, 0o755),
            (self.link.parent, User.COUNTER, LINK_GROUP, 0o2750),
            (self.screen.parent, User.COUNTER, User.WORLD, 0o2750),
            (self.pcscd, 0, 0, 0o755),
            (self.logs, 0, 0, 0o755),
        ):
            folder.mkdir(exist_ok=True)
            os.chown(folder, owner, group)
            folder.chmod(mode)


def give(folder: Path, owner: int) -> None:
    """Hand a folder and all in it to a house."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner, owner, follow_symlinks=False)
