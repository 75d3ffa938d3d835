"""The screen's HTTP interface: pages, one stream of snapshots, commands by POST."""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, TypeAlias

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from padpos.counter.errors import CounterError
from padpos.counter.reasons import words
from padpos.counter.summary_text import as_json, as_text
from padpos.ledger.errors import LedgerError
from padpos.terminal.station import Station
from padpos.ui.batch_routes import BatchRoutes
from padpos.ui.commands import execute
from padpos.ui.guard import Guard
from padpos.ui.snapshot import snapshot
from padpos_drivers.camera.interface import CameraError

STATIC = Path(__file__).parent / "static"
MOST_BODY = 16 << 10
MOST_KEYS = 256
Answer: TypeAlias = "tuple[int, dict[str, Any]]"


class Screen:
    """The routes, over one station."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._answers: OrderedDict[str, asyncio.Task[Answer]] = OrderedDict()

    def app(self) -> Guard:
        """The ASGI application."""
        routes = [
            Route("/", self._page),
            Route("/api/state", self._state),
            Route("/api/stream", self._stream),
            Route("/api/ledger", self._ledger),
            Route("/api/preview", self._preview),
            Route("/api/summary/{kind}", self._summary),
            *BatchRoutes(self._station).routes(),
            Route("/api/command", self._command, methods=["POST"]),
            Mount("/static", StaticFiles(directory=STATIC)),
        ]
        return Guard(Starlette(routes=routes))

    async def _page(self, _: Request) -> Response:
        return FileResponse(STATIC / "clerk.html")

    async def _state(self, _: Request) -> Response:
        return JSONResponse(snapshot(self._station))

    async def _stream(self, _: Request) -> Response:
        return StreamingResponse(self._snapshots(), media_type="text/event-stream")

    async def _snapshots(self) -> AsyncIterator[str]:
        async for _ in self._station.changes():
            yield f"data: {json.dumps(snapshot(self._station), ensure_ascii=False)}\n\n"

    async def _ledger(self, _: Request) -> Response:
        try:
            return JSONResponse((await self._station.books.status()).as_dict())
        except LedgerError as error:
            return JSONResponse({"code": error.code}, 503)

    async def _preview(self, _: Request) -> Response:
        try:
            return Response(await self._station.devices.preview(), media_type="image/jpeg")
        except CameraError:
            return Response(status_code=503)

    async def _summary(self, request: Request) -> Response:
        if self._station.clerk is None:
            return _refusal(409, "signed-out", "请先登录。", "Sign in first.")
        try:
            title, found = await self._station.closing.summary(request.path_params["kind"])
        except LedgerError as error:
            return _refusal(503, error.code, *words(error.code))
        except CounterError as error:
            return _refusal(404, error.code, error.chinese, error.english)
        made = as_json(found, title)
        return JSONResponse({**made, "text": as_text(found, title)})

    async def _command(self, request: Request) -> Response:
        body = await _json_body(request)
        if body is None:
            return _refusal(
                400, "request", "请求格式不对。", "Not a JSON object of 16 KiB at most."
            )
        key, command = body.pop("key", None), body.pop("command", None)
        if not isinstance(key, str) or not 8 <= len(key) <= 64 or not isinstance(command, str):
            return _refusal(400, "request", "缺少 key 或 command。", "key or command is missing.")
        if key not in self._answers:
            self._answers[key] = asyncio.create_task(self._execute(command, body))
            while len(self._answers) > MOST_KEYS:
                self._answers.popitem(last=False)
        # Shielded: a browser that goes away must not cancel what it asked for.
        status, answer = await asyncio.shield(self._answers[key])
        return JSONResponse(answer, status)

    async def _execute(self, command: str, arguments: dict[str, Any]) -> Answer:
        try:
            await execute(self._station, command, arguments)
        except CounterError as error:
            return 409, {"ok": False, "code": error.code, "zh": error.chinese, "en": error.english}
        return 200, {"ok": True}


async def _json_body(request: Request) -> dict[str, Any] | None:
    # Another origin's form can post text/plain unasked, never application/json.
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        return None
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BODY:
            return None
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _refusal(status: int, code: str, chinese: str, english: str) -> Response:
    return JSONResponse({"ok": False, "code": code, "zh": chinese, "en": english}, status)
