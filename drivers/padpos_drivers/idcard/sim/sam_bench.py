"""A security module on a pseudo-terminal, to open as a serial port; and one without any line.

For demo, training and tests. Needs no rights and no hardware.
"""

import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from padpos_drivers.idcard.sim.bench import BenchError, ask, connects, wait_until
from padpos_drivers.idcard.sim.sam import Module, SamCard


class SamBench:
    """The module's process, for as long as the ``with`` block lasts."""

    def __init__(self, directory: Path, *, speed: int = 115200, asleep: int = 0) -> None:
        self.port = directory / "sam"
        self._control = directory / "sam.sock"
        self._options = ["--speed", str(speed), "--asleep", str(asleep)]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "padpos_drivers.idcard.sim.sam_port"]
        places = ["--port", str(self.port), "--control", str(self._control)]
        self._process = subprocess.Popen([*command, *places, *self._options])
        wait_until(lambda: connects(self._control), self._process, "security module")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(5)

    def lay(self, image: bytes, fingerprints: int = 0) -> None:
        """Lay a card with this storage image and so many fingerprints."""
        self.control({"do": "lay", "image": image.hex(), "fingerprints": fingerprints})

    def lift(self) -> None:
        """Take the card away."""
        self.control({"do": "lift"})

    def fail(self, **faults: object) -> None:
        """Fail in these ways from now on; in none, when none is named."""
        self.control({"do": "fail", **faults})

    def plug(self, inside: bool) -> None:
        """Unplug the port, or plug it in again."""
        self.control({"do": "plug", "in": inside})

    def control(self, request: dict[str, object]) -> dict[str, object]:
        """Send one request to the module's control socket; raises on ``"ok": false``."""
        answer = ask(self._control, request)
        if not answer.pop("ok"):
            raise BenchError(str(answer["error"]))
        return answer


class InProcessReader:
    """A CCID reader that passes escape commands to a module, without leaving the process.

    The virtual reader of pcscd passes none, so that path has this instead. ``delay`` is how many
    seconds each command takes; ``spoil`` changes an answer on its way.
    """

    def __init__(self, module: Module) -> None:
        self.module = module
        self.delay = 0.0
        self.spoil: bytes | None = None
        self._lock = threading.Lock()

    def lay(self, card: SamCard) -> None:
        """Lay a card, in place of any other."""
        with self._lock:
            self.module.lay(card)

    def lift(self) -> None:
        """Take the card away."""
        with self._lock:
            self.module.lift()

    def control(self, data: bytes) -> bytearray:
        """Answer one escape command; empty where the module does not answer."""
        time.sleep(self.delay)
        with self._lock:
            answer = self.module.answer(data)
        return bytearray((answer or b"") if self.spoil is None else self.spoil)
