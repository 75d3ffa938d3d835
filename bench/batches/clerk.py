"""The clerk: imports the file, prints the batch, inspects what is drawn, looks at papers."""

import asyncio
import contextlib
import http.client
import time
from collections import Counter

from bench.batches.papers import Papers
from padpos_services.demo.errors import DemoError
from padpos_services.demo.layout import CLERK, PIN
from padpos_services.demo.screen import CommandRefused, Json, Screen

CONTRACT = "C-1001"
SHOP = {"name": "样例文具商行", "phone": "07318800001", "address": "湖南省长沙市样例路1号"}
LOOK_SECONDS = 1.5
PAUSE = 0.02
_DOWN = (OSError, http.client.HTTPException, ValueError)


class Clerk:
    """Does what the screen asks for; the terminal may die under his hands at any time."""

    def __init__(self, screen: Screen, papers: Papers, file: bytes) -> None:
        self.did: Counter[str] = Counter()
        self.recorded = 0
        self.importing = False
        self._screen = screen
        self._papers = papers
        self._file = file
        self._not_whole: set[bytes] = set()

    async def work(self, seconds: float) -> None:
        """Until every row has its label. Raises DemoError after so long without a new one."""
        last, since = -1, time.monotonic()
        while True:
            if self.recorded != last:
                last, since = self.recorded, time.monotonic()
            if time.monotonic() - since > seconds:
                raise DemoError(f"no new label for {seconds:.0f} s; {dict(self.did)}")
            with contextlib.suppress(CommandRefused, *_DOWN):
                if await self._step(await self._screen.state()):
                    return
            await asyncio.sleep(PAUSE)

    async def _step(self, state: Json) -> bool:
        for batch in state["batches"]["list"]:
            self.recorded = batch["rows"].get("recorded", 0)
        if not state["ready"] or state["busy"]:
            return False
        if state["clerk"] is None:
            await self._do("sign-in", clerk=CLERK, pin=PIN)
        elif state["phase"] == "label-blocked":
            await self._do("label-retry")
        elif state["phase"] == "label-unknown":
            whole = await self._lies_there(state["paper"]["waybill"])
            await self._do("label-whole" if whole else "label-reprint")
        elif state["phase"] == "open":
            await self._inspect(state)
        else:
            return await self._batch(state)
        return False

    async def _inspect(self, state: Json) -> None:
        held = state["consignment"]
        if not held["inspect"]:
            return
        if not held["photos"]:
            await self._do("photo")
        else:
            await self._do("confirm")

    async def _batch(self, state: Json) -> bool:
        batches = state["batches"]
        if not batches["list"]:
            await self._import(batches)
            return False
        (batch,) = batches["list"]
        if batch["stage"] == "ready" and not batch["left"]:
            return True
        if batch["stage"] == "ready" and batches["running"] is None:
            if batches["problem"]:
                self.did[f"stopped: {batches['problem']['code']}"] += 1
                await asyncio.sleep(0.2)
            await self._do("batch-run", batch=batch["id"])
        return False

    async def _import(self, batches: Json) -> None:
        if batches["progress"] is not None:
            return
        self.importing = True
        try:
            if batches["file"] is None:
                answer = await asyncio.to_thread(self._screen.send_file, CONTRACT, self._file)
                if not answer.get("ok") or answer["faulty"]:
                    raise DemoError(f"the file is not taken: {answer}")
                self.did["looked at"] += 1
            await self._do("batch-seal", **SHOP)
        finally:
            self.importing = False

    async def _lies_there(self, waybill: str) -> bool:
        """Whether a whole label of this number lies there that was not judged before."""
        deadline = time.monotonic() + LOOK_SECONDS
        while time.monotonic() < deadline:
            found = [p.code for p in await self._papers.whole() if p.waybill == waybill]
            if fresh := set(found) - self._not_whole:
                self._not_whole |= fresh
                return True
            await asyncio.sleep(0.1)
        return False

    async def _do(self, command: str, **arguments: str) -> None:
        self.did[command] += 1
        await self._screen.do(command, **arguments)
