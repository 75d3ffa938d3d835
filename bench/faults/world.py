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
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from bench.faults.proxy import Proxy
from bench.faults.sabotage import Sabotage
from bench.faults.skew import Clock as Skewed
from bench.faults.skew import build
from bench.faults.wire import Ends, Wire
from padpos.ledger.ledger import Clock
from padpos.terminal.clock import now_ms
from padpos.upkeep import provision
from padpos_services.authority import broker, enrolment, founding, publishing
from padpos_services.authority.home import Home
from padpos_services.demo.ports import free_ports

BIN = Path(sys.executable).parent
ROOT = Path(__file__).resolve().parents[2]
TERMINAL = "faults-1"
STARTS_WITHIN = 20.0
GIVE_UP_SECONDS = 120.0  # without anything going on
RESEND = 2.0  # seconds without a receipt; the product's is half a minute
Made = Callable[["World", Ends], Wire]


@dataclass(frozen=True, slots=True)
class Setting:
    """How the four are run: by clocks that can be set, or with all the product's patience."""

    skewed: bool = False
    patient: bool = False


USUAL = Setting()


def proxied(world: "World", ends: Ends) -> Wire:
    """A wire that can be cut."""
    return Proxy(ends, world.chance)


class Child:
    """A process of ours, its output in a file, and the figures of its deaths."""

    def __init__(
        self, name: str, command: list[str], folder: Path, more: dict[str, str] | None = None
    ) -> None:
        self.name = name
        self._command = command
        self._environment = {**os.environ, **(more or {})}
        self._log = folder / f"{name}.log"
        self._process: subprocess.Popen[str] | None = None

    def start(self, stdout: int | None = None) -> subprocess.Popen[str]:
        """Start it."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=ROOT, stdout=log if stdout is None else stdout, stderr=log,
                text=True, env=self._environment,
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
    def runs(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

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

    def __init__(
        self,
        root: Path,
        chance: Random,
        sabotage: Sabotage | None,
        make: Made = proxied,
        *,
        setting: Setting = USUAL,
    ) -> None:
        self.root = root
        self.chance = chance
        self.folder = root / "terminal"
        self.link = self.folder / "link.sock"
        self.reports: list[dict[str, Any]] = []
        self._lines: queue.Queue[str] = queue.Queue()
        self._port, *vias = free_ports(3)
        self.home = found(root, TERMINAL, self._port, vias[0], None if setting.patient else RESEND)
        self.wires = {ends.client: make(self, ends) for ends in self._ends(*vias)}
        commands = self._commands(vias[1], ["--sabotage", sabotage] if sabotage else [])
        if setting.patient:
            commands |= self._patient(vias[1])
        library = build(root) if setting.skewed else None
        self.clocks = (
            {name: Skewed(root / f"{name}.clock", library) for name in commands} if library else {}
        )
        self.children = {
            name: Child(name, command, root, self.clocks[name].environment if library else None)
            for name, command in commands.items()
        }

    def close(self) -> None:
        """End all there is."""
        for wire in self.wires.values():
            wire.close()
        for child in self.children.values():
            child.end()

    def start_all(self) -> None:
        """Start those of the four that do not run."""
        for name, child in self.children.items():
            if not child.runs:
                self.start(name)

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

    def week(self, number: int) -> None:
        """Let the writer write so many parcels, spread by its clock over a week, and no more."""
        new = self.folder / "week.new"
        new.write_text(str(number))
        new.rename(self.folder / "week")

    def forget_broker(self) -> None:
        """Take away what the (dead) broker has kept."""
        (self.root / "broker" / "data" / "mosquitto.db").unlink(missing_ok=True)

    def broker_listens(self) -> bool:
        """Whether the broker can be reached."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0

    def _ends(self, uplink: int, authority: int) -> list[Ends]:
        server = self.home.broker / "server.pem", self.home.broker / "server-key.pem"
        own, ingest = self.folder / "uplink", self.home.ingest
        papers = {
            TERMINAL: (uplink, (own / "tls.pem", own / "tls.key.pem")),
            "authority": (authority, (ingest / "tls.pem", ingest / "tls-key.pem")),
        }
        return [
            Ends(name, port, self._port, self.home.ca, server, certificate)
            for name, (port, certificate) in papers.items()
        ]

    def _commands(self, authority: int, more: list[str]) -> dict[str, list[str]]:
        python = [sys.executable, "-m"]
        home, config = str(self.home.root), str(self.folder / "uplink.toml")
        writer = [*python, "bench.faults.writer", "--folder", str(self.folder)]
        impatient = [*python, "bench.faults.impatient"]
        serve = [*impatient, "authority", "--home", home, "--broker", f"127.0.0.1:{authority}"]
        return {
            "broker": ["mosquitto", "-c", str(self.root / "broker" / "mosquitto.conf")],
            "authority": [*serve, *more],
            "terminal": [*writer, "--terminal", TERMINAL, *more],
            "uplink": [*impatient, "uplink", "--config", config, *more],
        }

    def _patient(self, authority: int) -> dict[str, list[str]]:
        """The product's own two commands."""
        serve = ["serve", "--home", str(self.home.root), "--broker", f"127.0.0.1:{authority}"]
        return {
            "authority": [str(BIN / "padpos-authority"), *serve],
            "uplink": [str(BIN / "padpos"), "uplink", "--config", str(self.folder / "uplink.toml")],
        }

    def _listen(self, pipe: Iterator[str]) -> None:
        for line in pipe:
            if line.endswith("\n"):  # else the process died in mid-word
                self._lines.put(line)


def found(root: Path, terminal: str, port: int, via: int, resend: float | None = RESEND) -> Home:
    """An authority with its broker at `port`, and a terminal provisioned by it that dials `via`.

    `resend`: seconds without a receipt, or None for the product's own.
    """
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
        + (f"resend_seconds = {resend}\n" if resend else "")
    )
    return home


@contextmanager
def running(
    root: Path, chance: Random, sabotage: Sabotage | None, make: Made, setting: Setting = USUAL
) -> Iterator[World]:
    """A world; at the end nothing of it is left."""
    world = World(root, chance, sabotage, make, setting=setting)
    try:
        yield world
    finally:
        world.close()


def wait_for(what: Callable[[], bool], seconds: float) -> bool:
    """Whether it came to be within that time."""
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
