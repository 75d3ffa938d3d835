"""The counter's network namespace: loopback and nothing else, gone with its holder."""

from __future__ import annotations

import asyncio
import contextlib

from padpos_services.demo.errors import DemoError


class Namespace:
    """A network namespace held open by one sleeping process."""

    def __init__(self, holder: asyncio.subprocess.Process) -> None:
        self._holder = holder

    @classmethod
    async def make(cls) -> Namespace:
        """Raises DemoError where this machine does not allow it."""
        holder = await asyncio.create_subprocess_exec(
            "unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec sleep infinity",
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert holder.stdout and holder.stderr  # PIPE
        if await holder.stdout.readline() != b"up\n":
            said = (await holder.stderr.read()).decode().strip()
            raise DemoError(f"this machine makes no network namespace ({said}): root is needed")
        return cls(holder)

    def enter(self) -> tuple[str, ...]:
        """The words that put a command inside."""
        return ("nsenter", f"--net=/proc/{self._holder.pid}/ns/net", "--")

    async def close(self) -> None:
        """Let it go."""
        with contextlib.suppress(ProcessLookupError):
            self._holder.kill()
        await self._holder.wait()
