"""The simulated camera worker's sockets: pictures on one, the outside world on the other."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

from padpos_drivers.camera.sim import scene


class SimulatedCamera:
    """What lies on the tray, and whether the camera works."""

    def __init__(self) -> None:
        self._parcel = 1
        self._covered = False
        self._silent = False
        self._cache: dict[tuple[int, bool, bool], bytes] = {}

    async def serve(self, pictures: Path, control: Path) -> None:
        """Serve both sockets until cancelled."""
        for path in (pictures, control):
            path.unlink(missing_ok=True)
        servers = [
            await asyncio.start_unix_server(self._picture, str(pictures)),
            await asyncio.start_unix_server(self._control, str(control)),
        ]
        pictures.chmod(0o666)
        await asyncio.gather(*(server.serve_forever() for server in servers))

    async def _picture(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = _line(await reader.readline())
        if self._silent:
            await reader.read()
        else:
            jpeg = self._frame(still=request.get("do") == "still")
            header = {"ok": True, "size": len(jpeg), "taken": time.time_ns() // 1_000_000}
            writer.write(json.dumps(header).encode() + b"\n" + jpeg)
        writer.close()

    def _frame(self, *, still: bool) -> bytes:
        key = (self._parcel, still, self._covered)
        if key not in self._cache:
            size = scene.STILL if still else scene.PREVIEW
            self._cache = {} if len(self._cache) > 8 else self._cache
            self._cache[key] = scene.jpeg(scene.draw(self._parcel, size, covered=self._covered))
        return self._cache[key]

    async def _control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            answer = self._command(_line(line))
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        writer.close()

    def _command(self, request: dict[str, Any]) -> dict[str, Any]:
        match request.get("do"):
            case "parcel":
                self._parcel = int(request.get("seed", self._parcel + 1))
                # A sensor's frame is there when it is asked for; drawing one takes a while.
                for still in (True, False):
                    self._frame(still=still)
            case "cover":
                self._covered = bool(request.get("on"))
            case "silent":
                self._silent = bool(request.get("on"))
            case "status":
                pass
            case _:
                return {"ok": False, "error": "do: parcel, cover, silent or status"}
        return {"ok": True, "parcel": self._parcel, "covered": self._covered}


def _line(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
