"""The screen's sockets: loopback, or a Unix socket; nothing the network can reach."""

from __future__ import annotations

import socket
from pathlib import Path

import uvicorn

from padpos.ui.guard import Guard


async def serve_screen(app: Guard, places: tuple[str, ...]) -> None:
    """Serve until cancelled, at each of `127.0.0.1:PORT` and `unix:PATH`."""
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=1
    )
    server = _Server(config)
    await server.serve(sockets=[_listen(place) for place in places])


class _Server(uvicorn.Server):
    """The daemon handles signals, not the web server."""

    def install_signal_handlers(self) -> None:
        """Leave them alone."""


def _listen(place: str) -> socket.socket:
    if place.startswith("unix:"):
        path = Path(place.removeprefix("unix:"))
        path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        path.chmod(0o660)
        return listener
    host, _, port = place.rpartition(":")
    listener = socket.socket(socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, int(port)))
    return listener
