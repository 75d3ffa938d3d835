"""The clerk's hand: the screen's own HTTP interface, over its Unix socket."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from padpos_services.demo.errors import DemoError

Json = dict[str, Any]
POLL_SECONDS = 0.01


class CommandRefused(Exception):
    """The screen said no; `code` is its word for why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Screen:
    """Asks for states, sends commands."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def state(self) -> Json:
        """The snapshot. Raises OSError while the terminal is down."""
        return (await asyncio.to_thread(self._request, "GET", "/api/state", None))[1]

    async def do(self, command: str, **arguments: Any) -> None:
        """Send a command. Raises CommandRefused."""
        body = {"key": uuid.uuid4().hex, "command": command, **arguments}
        status, answer = await asyncio.to_thread(self._request, "POST", "/api/command", body)
        if status != http.HTTPStatus.OK:
            raise CommandRefused(str(answer.get("code")))

    def send_file(self, contract: str, data: bytes) -> Json:
        """Send a batch file: the answer. Raises OSError while the terminal is down."""
        place = f"/api/batch?contract={contract}"
        return self._send("POST", place, data, "application/octet-stream")[1]

    async def until(self, what: str, wanted: Callable[[Json], bool], seconds: float = 20.0) -> Json:
        """Wait for a state. Raises DemoError, saying what was waited for."""
        deadline = time.monotonic() + seconds
        last: Json = {}
        while time.monotonic() < deadline:
            try:
                last = await self.state()
            except (OSError, http.client.HTTPException, ValueError):
                last = {}
            if last and wanted(last):
                return last
            await asyncio.sleep(POLL_SECONDS)
        seen = {name: last.get(name) for name in ("phase", "step", "busy", "problem", "missing")}
        raise DemoError(f"waited {seconds:.0f} s for {what}; the screen shows {seen}")

    def _request(self, method: str, path: str, body: Json | None) -> tuple[int, Json]:
        payload = json.dumps(body).encode() if body is not None else None
        return self._send(method, path, payload, "application/json")

    def _send(self, method: str, path: str, body: bytes | None, kind: str) -> tuple[int, Json]:
        connection = _UnixConnection(self._path)
        try:
            connection.request(method, path, body, {"Content-Type": kind})
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        finally:
            connection.close()


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=30)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket's path."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))
