"""The workbench's HTTP interface: what a person does from outside, and sees."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from padpos_services.demo import courier
from padpos_services.demo.cards import Card
from padpos_services.demo.errors import DemoError
from padpos_services.demo.stage import Stage
from padpos_services.demo.world import PAPER_LEFT_ROWS, World

Json = dict[str, Any]
STATIC = Path(__file__).parent / "static"
KILLABLE = ("terminal", "uplink")
MOST_LINES = 100
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'",
    "Cache-Control": "no-store",
}


class Workbench:
    """The routes, over one stage."""

    def __init__(self, stage: Stage, world: World, cards: dict[str, Card]) -> None:
        self._stage = stage
        self._world = world
        self._cards = cards
        self._card: str | None = None
        self._paper = True
        self._covered = False
        self._silent = False
        self._log: deque[Json] = deque(maxlen=MOST_LINES)
        self._origin = ""
        self._deeds: dict[str, Callable[[Json], Awaitable[Json]]] = {
            "lay": self._lay,
            "lift": self._lift,
            "paper": self._load,
            "network": self._network,
            "cover": self._cover,
            "silent": self._silence,
            "parcel": self._parcel,
            "kill": self._kill,
            "scan": self._scan,
        }

    def app(self, port: int) -> Starlette:
        """The ASGI application, for this port of loopback only."""
        self._origin = f"http://127.0.0.1:{port}"
        routes = [
            Route("/", self._page),
            Route("/api/state", self._state),
            Route("/api/do", self._do, methods=["POST"]),
            Route("/papers/{n:int}.png", self._paper_png),
            Mount("/static", StaticFiles(directory=STATIC)),
        ]
        hosts = Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
        return Starlette(routes=routes, middleware=[hosts])

    async def _page(self, _: Request) -> Response:
        return FileResponse(STATIC / "workbench.html", headers=_HEADERS)

    async def _state(self, _: Request) -> Response:
        ports, running = self._stage.ports, self._stage.house.running
        papers = await self._world.papers()
        return JSONResponse(
            {
                "cards": [
                    {"name": card.name, "kind": card.kind, "note": ""}
                    for card in self._cards.values()
                ],
                "card": self._card,
                "network": running["broker"].pid is not None,
                "paper": self._paper,
                "covered": self._covered,
                "silent": self._silent,
                "papers": [
                    {"n": paper["n"], "png": f"/papers/{paper['n']}.png", "when": ""}
                    for paper in papers
                ],
                "processes": [
                    {"name": name, "up": one.pid is not None} for name, one in running.items()
                ],
                "log": list(self._log),
                "addresses": {
                    "screen": f"http://127.0.0.1:{ports.screen}/",
                    "safenumber": f"http://127.0.0.1:{ports.safenumber}/",
                },
            },
            headers=_HEADERS,
        )

    async def _do(self, request: Request) -> Response:
        if request.headers.get("origin") not in (None, self._origin):
            return JSONResponse({"ok": False, "error": "another origin"}, 403)
        try:
            body = json.loads(await request.body())
            answer = await self._deeds[body["do"]](body)
        except (ValueError, KeyError, TypeError):
            return JSONResponse({"ok": False, "error": "not something one can do here"}, 400)
        except DemoError as error:
            return JSONResponse({"ok": False, "error": str(error)}, 409)
        return JSONResponse({"ok": True, "answer": answer})

    async def _paper_png(self, request: Request) -> Response:
        number = request.path_params["n"]
        for paper in await self._world.papers():
            if paper["n"] == number:
                return FileResponse(self._stage.layout.papers / paper["png"], headers=_HEADERS)
        return Response(status_code=404)

    # --- deeds -------------------------------------------------------------------------------

    async def _lay(self, body: Json) -> Json:
        card = self._cards[body["card"]]
        await self._world.lay(card)
        self._card = card.name
        return self._note("放上证件", f"card laid: {card.kind}")

    async def _lift(self, _: Json) -> Json:
        await self._world.lift()
        self._card = None
        return self._note("拿起证件", "card lifted")

    async def _load(self, body: Json) -> Json:
        self._paper = bool(body["on"])
        await self._world.paper(self._paper, PAPER_LEFT_ROWS)
        return self._note(
            "装入纸卷" if self._paper else "纸快用完",
            "paper loaded" if self._paper else f"paper ends in {PAPER_LEFT_ROWS} rows",
        )

    async def _network(self, body: Json) -> Json:
        on = bool(body["on"])
        await self._world.network(on)
        return self._note(
            "网络恢复" if on else "网络中断", "network restored" if on else "network cut"
        )

    async def _cover(self, body: Json) -> Json:
        self._covered = bool(body["on"])
        await self._world.cover(self._covered)
        return self._note(
            "遮住镜头" if self._covered else "移开手",
            "lens covered" if self._covered else "lens free",
        )

    async def _silence(self, body: Json) -> Json:
        self._silent = bool(body["on"])
        await self._world.silent(self._silent)
        return self._note(
            "打印机不应答" if self._silent else "打印机恢复应答",
            "printer falls silent" if self._silent else "printer speaks again",
        )

    async def _parcel(self, _: Json) -> Json:
        await self._world.parcel()
        return self._note("换一个包裹", "next parcel on the tray")

    async def _kill(self, body: Json) -> Json:
        name = body["process"]
        if name not in KILLABLE:
            raise DemoError("only terminal and uplink are killed here")
        await self._world.kill(name)
        return self._note(f"强行终止 {name}", f"{name} killed with -9")

    async def _scan(self, body: Json) -> Json:
        number = int(body["n"])
        for paper in await self._world.papers():
            if paper["n"] == number:
                png = self._stage.layout.papers / paper["png"]
                scanned = await asyncio.to_thread(courier.codes, png)
                if scanned is None:
                    raise DemoError("no two codes can be read on this paper")
                token, port = self._stage.courier_token, self._stage.ports.safenumber
                status, answer = await asyncio.to_thread(courier.resolve, port, token, *scanned)
                self._note("快递员扫描", f"courier scanned label {number}: {status}")
                return {"status": status, **answer}
        raise DemoError("there is no such paper")

    def _note(self, chinese: str, english: str) -> Json:
        self._log.append({"time": time.strftime("%H:%M:%S"), "zh": chinese, "en": english})
        return {}
