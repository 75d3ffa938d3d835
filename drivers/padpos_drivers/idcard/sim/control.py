"""The control socket of a simulator: one JSON object a line in, one a line out.

A request is ``{"do": name, ...}``; the answer is ``{"ok": true, ...}`` or
``{"ok": false, "error": text}``. The socket is for its owner only.
"""

import json
import os
import socketserver
from collections.abc import Callable, Mapping
from pathlib import Path

Json = dict[str, object]
Handler = Callable[[Mapping[str, object]], Json]


class ControlServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Serves requests from a table of handlers; a handler refuses with ValueError."""

    daemon_threads = True

    def __init__(self, path: Path, handlers: Mapping[str, Handler]) -> None:
        self.handlers = handlers
        path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            super().__init__(str(path), _LineHandler)
        finally:
            os.umask(before)

    def answer(self, line: bytes) -> Json:
        """Carry out one request line and return the answer."""
        try:
            request = json.loads(line)
            if not isinstance(request, dict):
                raise ValueError("a request is a JSON object")
            handler = self.handlers.get(str(request.get("do")))
            if handler is None:
                raise ValueError(f"do is one of: {', '.join(sorted(self.handlers))}")
            return {"ok": True, **handler(request)}
        except ValueError as error:
            return {"ok": False, "error": str(error)}


class _LineHandler(socketserver.StreamRequestHandler):
    server: ControlServer

    def handle(self) -> None:
        for line in self.rfile:
            answer = self.server.answer(line)
            self.wfile.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n")
