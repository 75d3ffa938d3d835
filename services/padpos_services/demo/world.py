"""The outside world of the counter: cards, parcels, paper, network, through the simulators."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from padpos_services.demo.cards import Card
from padpos_services.demo.errors import DemoError
from padpos_services.demo.stage import Stage

LIFT_AFTER_APDUS = 3
PAPER_LEFT_ROWS = 500


class World:
    """What a person could do to the terminal from outside."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def lay(self, card: Card, *, lifted_in_mid_read: bool = False) -> None:
        """Lay a card on the reader."""
        request: dict[str, Any] = {"do": "lay", "image": card.image}
        if lifted_in_mid_read:
            request |= {"lift_after_apdus": LIFT_AFTER_APDUS}
        await self._ask("card", request)

    async def lift(self) -> None:
        """Take the card away."""
        await self._ask("card", {"do": "lift"})

    async def parcel(self, seed: int | None = None) -> None:
        """Put the next open parcel under the camera."""
        await self._ask("camera", {"do": "parcel"} | ({"seed": seed} if seed else {}))

    async def cover(self, on: bool) -> None:
        """A hand over the lens, or away."""
        await self._ask("camera", {"do": "cover", "on": on})

    async def paper(self, on: bool, after_rows: int = 0) -> None:
        """Load a roll, or let it end so many rows from now."""
        out = {"do": "paper-out", "after_rows": after_rows}
        await self._ask("printer", {"do": "load-paper"} if on else out)

    async def silent(self, on: bool) -> None:
        """The printer prints and says nothing of it, or speaks again."""
        await self._ask("printer", {"do": "silent", "on": on, "after": "raster"})

    async def papers(self) -> list[dict[str, Any]]:
        """What came out of the printer so far."""
        answer = await self._ask("printer", {"do": "papers"})
        papers: list[dict[str, Any]] = answer["papers"]
        return papers

    async def network(self, on: bool) -> None:
        """Cut the network, or restore it."""
        await self._stage.broker(up=on)

    async def kill(self, name: str) -> None:
        """kill -9 a process; its supervisor starts it again."""
        await self._stage.house.running[name].kill()

    async def _ask(self, simulator: str, request: dict[str, Any]) -> dict[str, Any]:
        return await ask(self._stage.control(simulator), request)


async def ask(control: Path, request: dict[str, Any]) -> dict[str, Any]:
    """One request to a simulator. Raises DemoError where it says no."""
    try:
        reader, writer = await asyncio.open_unix_connection(str(control), limit=1 << 22)
    except OSError as error:
        raise DemoError(f"{control.name}: the simulator is not there") from error
    writer.write(json.dumps(request).encode() + b"\n")
    answer: dict[str, Any] = json.loads(await reader.readline() or b"{}")
    writer.close()
    if not answer.get("ok"):
        raise DemoError(f"{control.name}: {answer.get('error', 'no answer')}")
    return answer
