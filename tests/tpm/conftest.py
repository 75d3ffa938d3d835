"""TPMs of swtpm, each with a state of its own, on loopback."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from padpos_services.demo.ports import free_ports


class Tpm:
    """A software TPM. Its seeds and locks are in its folder and outlive it, as a chip's do."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._port, self._control = free_ports(2)
        self.tcti = f"swtpm:host=127.0.0.1,port={self._port}"
        self.plug_in()

    def plug_in(self) -> None:
        command = [
            "swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self._folder}",
            "--server", f"type=tcp,port={self._port},bindaddr=127.0.0.1",
            "--ctrl", f"type=tcp,port={self._control},bindaddr=127.0.0.1",
            "--flags", "not-need-init,startup-clear",
        ]  # fmt: skip
        self._process = subprocess.Popen(command)
        deadline = time.monotonic() + 10
        while not self._listens():
            assert time.monotonic() < deadline and self._process.poll() is None, "no swtpm"
            time.sleep(0.01)

    def pull(self) -> None:
        """Gone without a word."""
        self._process.kill()
        self._process.wait(10)

    def hang(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def _listens(self) -> bool:
        # By the control channel: the other one takes a single guest.
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._control)) == 0


@pytest.fixture
def new_tpm(tmp_path: Path) -> Iterator[Callable[[], Tpm]]:
    made: list[Tpm] = []

    def make() -> Tpm:
        made.append(Tpm(tmp_path / f"tpm{len(made)}"))
        return made[-1]

    yield make
    for tpm in made:
        tpm.go_on()
        tpm.pull()


@pytest.fixture
def tpm(new_tpm: Callable[[], Tpm]) -> Tpm:
    return new_tpm()
