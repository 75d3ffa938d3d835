"""The running terminal, asked over its own screen's interface on this machine."""

from __future__ import annotations

import contextlib
import http.client
import json
import secrets
import socket
from typing import Any

from padpos.terminal.config import TerminalConfig

_PATIENCE = 5.0
Json = dict[str, Any]


class NoTerminal(Exception):
    """No terminal answers at the places its configuration names."""


def fetch(place: str, path: str) -> Json:
    """GET a JSON object. Raises OSError, ValueError or HTTPException."""
    return _ask(place, "GET", path, (None, "application/json"), _PATIENCE)


def send(config: TerminalConfig, path: str, body: bytes, kind: str, patience: float) -> Json:
    """POST to the running terminal, waiting so many seconds for its answer. Raises NoTerminal."""
    for place in config.listen:
        with contextlib.suppress(ConnectionError, FileNotFoundError):
            try:
                return _ask(place, "POST", path, (body, kind), patience)
            except (ValueError, http.client.HTTPException, TimeoutError) as error:
                raise NoTerminal(f"{place}: the terminal did not answer as it should") from error
    raise NoTerminal("the terminal is not running, or listens elsewhere")


def command(config: TerminalConfig, what: str, patience: float, arguments: dict[str, str]) -> Json:
    """Give the running terminal a command. Raises NoTerminal."""
    body = {"key": secrets.token_hex(16), "command": what, **arguments}
    return send(config, "/api/command", json.dumps(body).encode(), "application/json", patience)


def _ask(
    place: str, method: str, path: str, sent: tuple[bytes | None, str], patience: float
) -> Json:
    connection = http.client.HTTPConnection("127.0.0.1", timeout=patience)
    if place.startswith("unix:"):
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(patience)
        connection.sock.connect(place.removeprefix("unix:"))
    else:
        connection.port = int(place.rpartition(":")[2])
    with contextlib.closing(connection):
        body, kind = sent
        connection.request(method, path, body, {"Content-Type": kind})
        told = json.loads(connection.getresponse().read())
    if not isinstance(told, dict):
        raise ValueError("not an object")
    return told
