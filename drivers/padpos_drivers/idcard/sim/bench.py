"""A whole virtual reader: network namespace, real pcscd, and a card to lay on it.

For demo, training and tests. Needs root. The client's process must have
``PCSCLITE_CSOCK_NAME`` set to :attr:`ReaderBench.client_socket` before its first PC/SC call,
because the client library reads it once.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from padpos_drivers.idcard.sim.emrtd.chip import Profile
from padpos_drivers.idcard.sim.emrtd.request import request_of

READER_NAME: Final = "Virtual PCD 00 00"
_READY_SECONDS: Final = 10.0
_END_SECONDS: Final = 5.0


class BenchError(Exception):
    """The virtual reader cannot be set up; the message says why."""


class ReaderBench:
    """Namespace, pcscd and card, for as long as the ``with`` block lasts.

    ``directory`` takes all files (a short path: Unix sockets allow about 100 characters),
    ``driver`` is libifdvpcd.so, ``port`` and the one after it are vpcd's.
    """

    def __init__(self, directory: Path, driver: Path, *, port: int = 35963) -> None:
        self._directory = directory
        self._driver = driver
        self._port = port
        self._namespace = f"padpos-t-{os.getpid()}-{port}"
        self._pcscd: subprocess.Popen[bytes] | None = None
        self._card: subprocess.Popen[bytes] | None = None

    @property
    def client_socket(self) -> Path:
        """The value for PCSCLITE_CSOCK_NAME."""
        return self._directory / "run" / "pcscd.comm"

    @property
    def pcscd_pid(self) -> int:
        """Process id of the pcscd that runs now."""
        if self._pcscd is None:
            raise BenchError("pcscd does not run")
        return self._pcscd.pid

    def __enter__(self) -> Self:
        self._check()
        self._ip("netns", "add", self._namespace)
        try:
            self._ip("-n", self._namespace, "link", "set", "lo", "up")
            self.start_pcscd()
            self._start_card()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def start_pcscd(self) -> None:
        """Start pcscd, unless it runs, and wait until it takes clients."""
        if self._pcscd is not None and self._pcscd.poll() is None:
            return
        options = ("--run", str(self._directory), "--driver", str(self._driver))
        self._pcscd = self._run("pcscd", *options)
        wait_until(lambda: connects(self.client_socket), self._pcscd, "pcscd")

    def kill_pcscd(self) -> None:
        """End pcscd the hard way (SIGKILL), and reap it: the next one refuses beside a zombie."""
        if self._pcscd is not None:
            self._pcscd.kill()
            self._pcscd.wait(_END_SECONDS)
            self._pcscd = None

    def lay(self, image: bytes, **options: object) -> None:
        """Lay a card with this storage image; options as in ``sim.card``."""
        self.control({"do": "lay", "image": image.hex(), **options})

    def lay_document(self, profile: Profile, **options: object) -> None:
        """Lay a travel document; options as in ``sim.card``."""
        self.control({"do": "lay", "emrtd": request_of(profile), **options})

    def lift(self) -> None:
        """Take the card away."""
        self.control({"do": "lift"})

    def control(self, request: dict[str, object]) -> dict[str, object]:
        """Send one request to the card's control socket; raises on ``"ok": false``."""
        answer = ask(self._control, request)
        if not answer.pop("ok"):
            raise BenchError(str(answer["error"]))
        return answer

    @property
    def _control(self) -> Path:
        return self._directory / "card.sock"

    def _check(self) -> None:
        if os.geteuid() != 0:
            raise BenchError("the virtual reader needs root, to make its namespaces")
        if not self._driver.is_file():
            raise BenchError(
                f"no vpcd driver at {self._driver}; run setup.sh, or set VPCD_DRIVER to its place"
            )
        for tool in ("ip", "unshare", "pcscd"):
            if shutil.which(tool) is None:
                raise BenchError(f"the command {tool} is missing")

    def _start_card(self) -> None:
        self._card = self._run("card", "--control", str(self._control))
        wait_until(lambda: connects(self._control), self._card, "card")

    def _run(self, module: str, *options: str) -> subprocess.Popen[bytes]:
        name = f"padpos_drivers.idcard.sim.{module}"
        inner = [sys.executable, "-m", name, "--port", str(self._port), *options]
        return subprocess.Popen(["ip", "netns", "exec", self._namespace, *inner])

    def _close(self) -> None:
        for process in (self._card, self._pcscd):
            if process is not None and process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.send_signal(signal.SIGCONT)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_END_SECONDS)
                if process.poll() is None:
                    process.kill()
                    process.wait(_END_SECONDS)
        self._ip("netns", "delete", self._namespace)

    @staticmethod
    def _ip(*arguments: str) -> None:
        subprocess.run(["ip", *arguments], check=True)


def ask(control: Path, request: dict[str, object]) -> dict[str, object]:
    """Send one request to a simulator's control socket and return its answer."""
    with socket.socket(socket.AF_UNIX) as link, link.makefile("rb") as lines:
        link.connect(str(control))
        link.sendall(json.dumps(request).encode() + b"\n")
        answer: dict[str, object] = json.loads(lines.readline())
        return answer


def connects(path: Path) -> bool:
    """Tell whether somebody listens on a Unix socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[bytes], name: str) -> None:
    """Wait until a process just started is ready. Raises BenchError if it ends or takes long."""
    deadline = time.monotonic() + _READY_SECONDS
    while not condition():
        if process.poll() is not None:
            raise BenchError(f"{name} ended with code {process.returncode}")
        if time.monotonic() > deadline:
            raise BenchError(f"{name} is not ready after {_READY_SECONDS:.0f} s")
        time.sleep(0.02)
