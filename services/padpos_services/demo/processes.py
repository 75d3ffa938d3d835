"""The demo's processes: each with its own user, its own log, ended by its own id."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from padpos_services.demo.errors import DemoError

STOP_SECONDS = 10.0
RESTART_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Program:
    """How to run one process; `enter` are words before it, such as those of a namespace."""

    name: str
    command: Sequence[str]
    user: int
    groups: Sequence[int] = ()
    enter: Sequence[str] = ()
    environment: dict[str, str] = field(default_factory=dict)
    restart: bool = False

    def words(self) -> list[str]:
        """The whole command line."""
        words = list(self.enter)
        if self.user:
            groups = ",".join(map(str, (self.user, *self.groups)))
            words += [
                "setpriv", f"--reuid={self.user}", f"--regid={self.user}",
                f"--groups={groups}", "--no-new-privs", "--",
            ]  # fmt: skip
        return [*words, *self.command]


class Running:
    """One program, kept running until it is stopped."""

    def __init__(self, program: Program, log: Path) -> None:
        self.program = program
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        process = self._process
        return process.pid if process and process.returncode is None else None

    async def start(self) -> None:
        """Start, and start again after a crash where the program says so."""
        self._process = await self._spawn()
        self._keeper = asyncio.create_task(self._keep(self._process))

    async def kill(self) -> None:
        """kill -9, as a power cut would; it is then started again."""
        if self._process and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()

    async def stop(self) -> None:
        """Ask to end; after ten seconds, make it end."""
        if self._keeper:
            self._keeper.cancel()
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()

    def tail(self) -> str:
        """The last line of its log."""
        lines = self._log.read_text("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    async def _keep(self, process: asyncio.subprocess.Process) -> None:
        while True:
            await process.wait()
            if not self.program.restart:
                return
            await asyncio.sleep(RESTART_SECONDS)
            process = self._process = await self._spawn()

    async def _spawn(self) -> asyncio.subprocess.Process:
        environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            **self.program.environment,
        }
        with self._log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *self.program.words(),
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
                env=environment, cwd="/",
            )  # fmt: skip


class House:
    """All programs of the demo, by name."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self.running: dict[str, Running] = {}

    async def start(self, program: Program) -> Running:
        """Start a program; one that was stopped before starts anew."""
        running = Running(program, self._logs / f"{program.name}.log")
        await running.start()
        self.running[program.name] = running
        return running

    async def stop(self) -> None:
        """Stop all, the last started first."""
        for running in reversed(self.running.values()):
            await running.stop()

    async def wait_for_socket(self, name: str, path: Path, seconds: float = 15.0) -> None:
        """Wait until a Unix socket is there. Raises DemoError with what the program said last."""
        await self.wait_until(name, path.is_socket, seconds)

    async def wait_for_port(self, name: str, port: int, seconds: float = 15.0) -> None:
        """Wait until a loopback port takes connections."""

        async def open_() -> bool:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                return False
            writer.close()
            return True

        deadline = time.monotonic() + seconds
        while not await open_():
            await self._patience(name, deadline)

    async def wait_until(self, name: str, ready: Callable[[], bool], seconds: float) -> None:
        """Wait until `ready` says so."""
        deadline = time.monotonic() + seconds
        while not ready():
            await self._patience(name, deadline)

    async def _patience(self, name: str, deadline: float) -> None:
        running = self.running[name]
        if time.monotonic() > deadline:
            raise DemoError(f"{name} did not get ready; it said last: {running.tail()}")
        if running.pid is None and not running.program.restart:
            raise DemoError(f"{name} ended at once; it said last: {running.tail()}")
        await asyncio.sleep(0.02)
