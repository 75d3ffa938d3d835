"""The control socket: one JSON object a line, one answer a line.

| request | what happens |
|---|---|
| `{"do":"status"}` | sensors, faults and counters |
| `{"do":"papers"}` | the pieces of paper so far: n, png, escpos, rows, complete, waste, black |
| `{"do":"paper-out","after_rows":N}` | the roll ends N rows from now (0 = now) |
| `{"do":"paper-near-end","on":bool}` | the near-end sensor |
| `{"do":"load-paper"}` | a new roll; what was under way goes on on it |
| `{"do":"cover","open":bool}` | the cover |
| `{"do":"silent","on":bool,"after":"now"|"raster"}` | prints, but says nothing more |
| `{"do":"drop-connection","after_bytes":N}` | every connection is reset after N more bytes; null ends it |
| `{"do":"lie","on":bool}` | reports process ids of other jobs |
| `{"do":"power-cycle"}` | off and on: connection and buffer lost, paper torn off by hand |
| `{"do":"heal"}` | undoes every fault |

Faults stay until they are undone.
"""  # noqa: E501 - a table

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from .machine import Machine
from .server import LineServer

Request = Mapping[str, object]
Answer = dict[str, object]


class Control:
    """Turns requests into faults and answers."""

    def __init__(self, machine: Machine, line: LineServer) -> None:
        self._machine = machine
        self._line = line
        self._actions: dict[str, Callable[[Request], Awaitable[Answer]]] = {
            "status": self._status,
            "papers": self._papers,
            "paper-out": self._paper_out,
            "paper-near-end": self._paper_near_end,
            "load-paper": self._load_paper,
            "cover": self._cover,
            "silent": self._silent,
            "drop-connection": self._drop_connection,
            "lie": self._lie,
            "power-cycle": self._power_cycle,
            "heal": self._heal,
        }

    async def listen(self, path: Path) -> asyncio.Server:
        """Begin to answer on a Unix socket; the server is the caller's to close."""
        path.unlink(missing_ok=True)
        return await asyncio.start_unix_server(self._talk, path)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                answer = await self.answer(line)
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError):  # gone, or a line that never ends
            return
        finally:
            writer.close()

    async def answer(self, line: bytes) -> Answer:
        """Obey one request line."""
        try:
            request = json.loads(line)
            action = self._actions[request["do"]]
            return {"ok": True, **await action(request)}
        except (ValueError, KeyError, TypeError) as error:
            return {"ok": False, "error": f"not a request: {error!r}"}

    async def _status(self, _: Request) -> Answer:
        machine = self._machine
        return {
            "online": machine.health.online,
            "paper_out": machine.health.paper_out,
            "rows_left": machine.health.rows_left,
            "near_end": machine.health.near_end,
            "cover_open": machine.health.cover_open,
            "silent": machine.faults.silent,
            "connected": self._line.connected,
            "received": machine.received,
            "buffered": machine.buffered,
            "rows_under_way": machine.rows_under_way,
            **machine.counters,
        }

    async def _papers(self, _: Request) -> Answer:
        return {"papers": [paper.as_json() for paper in self._machine.papers]}

    async def _paper_out(self, request: Request) -> Answer:
        self._machine.health.rows_left = _count(request.get("after_rows", 0))
        await self._machine.health_changed()
        return {}

    async def _paper_near_end(self, request: Request) -> Answer:
        self._machine.health.near_end = _flag(request.get("on", True))
        await self._machine.health_changed()
        return {}

    async def _load_paper(self, _: Request) -> Answer:
        await self._machine.load_paper()
        return {}

    async def _cover(self, request: Request) -> Answer:
        self._machine.health.cover_open = _flag(request["open"])
        await self._machine.health_changed()
        return {}

    async def _silent(self, request: Request) -> Answer:
        on, after = _flag(request.get("on", True)), request.get("after", "now")
        if after not in ("now", "raster"):
            raise ValueError('"after" is "now" or "raster"')
        self._machine.faults.silent = on and after == "now"
        self._machine.faults.silent_from_raster = on and after == "raster"
        return {}

    async def _drop_connection(self, request: Request) -> Answer:
        after = request.get("after_bytes", 0)
        await self._line.arm_drop(None if after is None else _count(after))
        return {}

    async def _lie(self, request: Request) -> Answer:
        self._machine.faults.wrong_ids = _flag(request.get("on", True))
        return {}

    async def _power_cycle(self, _: Request) -> Answer:
        await self._line.drop()
        await self._machine.power_cycle()
        return {}

    async def _heal(self, _: Request) -> Answer:
        machine = self._machine
        machine.faults.silent = machine.faults.silent_from_raster = False
        machine.faults.wrong_ids = False
        await self._line.arm_drop(None)
        machine.health.cover_open = machine.health.near_end = False
        if machine.health.rows_left is not None:
            await machine.load_paper()
        await machine.health_changed()
        return {}


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError("expected true or false")
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("expected a number, 0 or more")
    return value
