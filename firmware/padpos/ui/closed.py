"""The same screen where the counter can't work at all: it says why, and what must be done."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from padpos.counter.reasons import words
from padpos.terminal.config import TerminalConfig
from padpos.ui.app import STATIC
from padpos.ui.guard import Guard
from padpos.ui.snapshot import Json

_ALIVE_SECONDS = 15.0
_NOTHING = (
    "clerk", "missing", "policy", "step", "problem", "outcome", "reason", "consignment", "paper",
    "entry", "reader", "queue",
)  # fmt: skip


class ClosedScreen:
    """The routes of a terminal without a ledger; `code` may change while it serves."""

    def __init__(self, config: TerminalConfig, code: str) -> None:
        self._config = config
        self.code = code

    def app(self) -> Guard:
        """The ASGI application."""
        routes = [
            Route("/", self._page),
            Route("/api/state", self._state),
            Route("/api/stream", self._stream),
            Route("/api/preview", self._nothing),
            Route("/api/command", self._refuse, methods=["POST"]),
            Mount("/static", StaticFiles(directory=STATIC)),
        ]
        return Guard(Starlette(routes=routes))

    async def _page(self, _: Request) -> Response:
        return FileResponse(STATIC / "clerk.html")

    async def _state(self, _: Request) -> Response:
        return JSONResponse(self._snapshot())

    async def _stream(self, _: Request) -> Response:
        return StreamingResponse(self._snapshots(), media_type="text/event-stream")

    async def _snapshots(self) -> AsyncIterator[str]:
        while True:
            yield f"data: {json.dumps(self._snapshot(), ensure_ascii=False)}\n\n"
            await asyncio.sleep(_ALIVE_SECONDS)

    async def _nothing(self, _: Request) -> Response:
        return Response(status_code=503)

    async def _refuse(self, _: Request) -> Response:
        return JSONResponse({"ok": False, **self._why()}, 409)

    def _why(self) -> Json:
        chinese, english = words(self.code)
        return {"code": self.code, "zh": chinese, "en": english}

    def _snapshot(self) -> Json:
        """What `snapshot` gives of a station, as far as there is anything to give."""
        return dict.fromkeys(_NOTHING) | {
            "terminal": self._config.terminal,
            "outlet": self._config.outlet,
            "ready": False,
            "closed": self._why(),
            "phase": "idle",
            "busy": False,
            "milliseconds": {},
        }
