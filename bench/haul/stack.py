"""padpos from end to end: counter, uplink, broker and authority, each the real process."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from bench.faults.world import BIN, ROOT, Child, found
from padpos_services.authority.home import Home
from padpos_services.demo.ports import free_ports

TERMINAL = "haul-1"
RESEND_SECONDS = 30.0  # the product's own


class Stack:
    """One terminal and its authority; each part is started when it is wanted."""

    def __init__(self, root: Path, resend_seconds: float) -> None:
        self.root = root
        self.port = free_ports(1)[0]
        self.home: Home = found(root, TERMINAL, self.port, self.port, resend_seconds)
        self.folder = root / "terminal"
        config = str(self.folder / "uplink.toml")
        serve = [str(BIN / "padpos-authority"), "serve", "--home", str(self.home.root)]
        self.broker = Child(
            "broker", ["mosquitto", "-c", str(root / "broker" / "mosquitto.conf")], root
        )
        self.authority = Child("authority", [*serve, "--broker", f"127.0.0.1:{self.port}"], root)
        self.uplink = Child("uplink", [str(BIN / "padpos"), "uplink", "--config", config], root)
        self._counter: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start all of it, and wait until the terminal has its documents and nothing waits."""
        self.start_counter()
        for part in (self.broker, self.authority, self.uplink):
            part.start()
        self.answer()

    def start_counter(self) -> None:
        """Start the counter; it answers when the authority has let it open."""
        command = [sys.executable, "-m", "bench.haul.counter"]
        command += ["--folder", str(self.folder), "--terminal", TERMINAL]
        with (self.root / "counter.log").open("ab") as log:
            self._counter = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                text=True,
            )  # fmt: skip

    def fill(self, parcels: int, photos: int, size: int) -> int:
        """Let so many parcels wait: bytes of one's entry message."""
        return int(self._ask(f"fill {parcels} {photos} {size}")["bytes"])

    def drain(self) -> float:
        """Seconds from the end of the last `fill` to the last receipt's commit."""
        return self._ask("drain")["seconds"]

    def answer(self) -> dict[str, float]:
        """The counter's next line."""
        assert self._counter is not None and self._counter.stdout is not None
        line = self._counter.stdout.readline()
        if not line:
            raise click.ClickException(f"the counter ended; its log: {self.root / 'counter.log'}")
        said: dict[str, float] = json.loads(line)
        return said

    def close(self) -> None:
        """End every process."""
        for part in (self.uplink, self.authority, self.broker):
            part.end()
        if self._counter is not None:
            self._counter.kill()
            self._counter.wait()

    def _ask(self, line: str) -> dict[str, float]:
        assert self._counter is not None and self._counter.stdin is not None
        self._counter.stdin.write(line + "\n")
        self._counter.stdin.flush()
        return self.answer()


@contextmanager
def standing(root: Path, resend_seconds: float = RESEND_SECONDS) -> Iterator[Stack]:
    """A stack whose processes end with the block."""
    stack = Stack(root, resend_seconds)
    try:
        yield stack
    finally:
        stack.close()
