"""Terminal, uplink, wire, broker and authority: real processes, each of which can be killed."""

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from bench.faults.proxy import Proxy
from bench.faults.sabotage import Sabotage
from padpos.ledger.ledger import Clock
from padpos.terminal.clock import now_ms
from padpos.upkeep import provision
from padpos_services.authority import broker, enrolment, founding, publishing
from padpos_services.authority.home import Home
from padpos_services.demo.ports import free_ports

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
TERMINAL = "faults-1"
STARTS_WITHIN = 20.0


class Child:
    """A process of ours, its output in a file, and the figures of its deaths."""

    def __init__(self, name: str, command: list[str], folder: Path) -> None:
        self.name = name
        self._command = command
        self._log = folder / f"{name}.log"
        self._process: subprocess.Popen[str] | None = None

    def start(self, stdout: int | None = None) -> subprocess.Popen[str]:
        """Start it."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=ROOT, stdout=log if stdout is None else stdout, stderr=log,
                text=True,
            )  # fmt: skip
        return self._process

    def kill(self) -> int | None:
        """kill -9: None, or the code with which it had ended by itself before."""
        ended = self.ended
        self.end()
        return ended

    def end(self) -> None:
        """kill -9, if it was started and runs."""
        if self._process is not None:
            if self._process.poll() is None:
                os.kill(self._process.pid, signal.SIGKILL)
            self._process.wait()

    @property
    def ended(self) -> int | None:
        """The code with which it has ended, or None."""
        return self._process.poll() if self._process else None

    @property
    def pid(self) -> int:
        """Its process id, while it runs."""
        assert self._process is not None  # asked of what was started only
        return self._process.pid

    def last_words(self) -> str:
        """The end of its log."""
        lines = self._log.read_text(errors="replace").splitlines()
        return lines[-1][:200] if lines else ""


class World:
    """One terminal and its authority, and what the terminal's writer has reported."""

    def __init__(self, root: Path, chance: Random, sabotage: Sabotage | None) -> None:
        self.root = root
        self.folder = root / "terminal"
        self.link = self.folder / "link.sock"
        self.reports: list[dict[str, object]] = []
        self._lines: queue.Queue[str] = queue.Queue()
        self._port, via = free_ports(2)
        self.home = found(root, TERMINAL, self._port, via)
        self.proxy = Proxy(via, self._port, chance)
        python = [sys.executable, "-m"]
        writer = [*python, "bench.faults.writer", "--folder", str(self.folder)]
        writer += ["--terminal", TERMINAL] + (["--sabotage", sabotage] if sabotage else [])
        uplink = [*python, "bench.faults.impatient", "--config", str(self.folder / "uplink.toml")]
        serve = [str(BIN / "padpos-authority"), "serve", "--home", str(self.home.root)]
        serve += ["--broker", f"127.0.0.1:{self._port}"]
        mosquitto = ["mosquitto", "-c", str(root / "broker" / "mosquitto.conf")]
        self.children = {
            name: Child(name, command, root)
            for name, command in (
                ("broker", mosquitto), ("authority", serve), ("terminal", writer),
                ("uplink", uplink),
            )
        }  # fmt: skip

    def start(self, name: str) -> None:
        """Start one of the four."""
        child = self.children[name]
        if name != "terminal":
            child.start()
            return
        process = child.start(subprocess.PIPE)
        assert process.stdout is not None  # it is a pipe
        threading.Thread(target=self._listen, args=(process.stdout,), daemon=True).start()

    def quiet(self, still: bool) -> None:
        """Let the writer pause, or go on."""
        path = self.folder / "quiet"
        if still:
            path.touch()
        else:
            path.unlink(missing_ok=True)

    def heard(self) -> int:
        """Take in what the writer has reported: how much there is in all."""
        while not self._lines.empty():
            self.reports.append(json.loads(self._lines.get()))
        return len(self.reports)

    def forget_broker(self) -> None:
        """Take away what the (dead) broker has kept."""
        (self.root / "broker" / "data" / "mosquitto.db").unlink(missing_ok=True)

    def broker_listens(self) -> bool:
        """Whether the broker can be reached."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0

    def _listen(self, pipe: Iterator[str]) -> None:
        for line in pipe:
            if line.endswith("\n"):  # else the process died in mid-word
                self._lines.put(line)


def found(root: Path, terminal: str, port: int, via: int, resend_seconds: float = 2.0) -> Home:
    """An authority with its broker at `port`, and a terminal provisioned by it that dials `via`."""
    home, folder = Home(root / "authority"), root / "terminal"
    founding.found(home, "127.0.0.1")
    broker.write_configuration(home, port, root / "broker", None)
    keys, uplink = folder / "keys", folder / "uplink"
    asked = provision.request(terminal, keys, uplink, folder / "state", Clock(now_ms, lambda: True))
    request = folder / "request.json"
    request.write_bytes(asked)
    enrolment.enrol(home, request, folder / "answer")
    provision.accept(folder / "answer", keys, uplink)
    publishing.publish_keys(home, terminal, 7)
    publishing.publish_policy(home, terminal, draw_rate=0, file=None, days=1, valid_days=30)
    publishing.publish_waybills(home, terminal, "PD00000001", "PD99999999", 30)
    (folder / "uplink.toml").write_text(
        'link = "link.sock"\nhost = "127.0.0.1"\n'
        f"port = {via}\n"
        'ca = "uplink/ca.pem"\ncertificate = "uplink/tls.pem"\nkey = "uplink/tls.key.pem"\n'
        f"resend_seconds = {resend_seconds}\n"
    )
    return home


@contextmanager
def running(root: Path, chance: Random, sabotage: Sabotage | None) -> Iterator[World]:
    """A world at work: all four run, and the first parcel is on its way."""
    world = World(root, chance, sabotage)
    try:
        for name in world.children:
            world.start(name)
        wait_for(lambda: world.heard() > 0, STARTS_WITHIN)
        yield world
    finally:
        world.proxy.close()
        for child in world.children.values():
            child.end()


def wait_for(what: Callable[[], bool], seconds: float) -> bool:
    """Whether it came to be within that time."""
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
