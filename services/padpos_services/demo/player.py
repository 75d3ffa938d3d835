"""Plays a scenario's consignments: the sender's hands and the clerk's, one step after the other."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from padpos_services.demo.documents import show
from padpos_services.demo.errors import DemoError
from padpos_services.demo.hands import ENDED, HANDS, Hands
from padpos_services.demo.layout import CLERKS
from padpos_services.demo.play import Play
from padpos_services.demo.screen import POLL_SECONDS, CommandRefused, Json
from padpos_services.demo.world import PAPER_LEFT_ROWS

MOST_LABELS = 9  # three generations, each blocked before and behind
LOOK_SECONDS = 2.0  # a whole label takes the head 1.2 s at 150 mm/s
FAILING = ("paper-out", "paper-always-out")


@dataclass(slots=True)
class Played:
    """What became of a consignment."""

    title: str
    expected: str
    outcome: str = "unfinished"
    reason: str | None = None
    clerk: str | None = None
    consignment: str | None = None
    waybill: str | None = None
    drawn: bool | None = None
    milliseconds: dict[str, float] = field(default_factory=dict)
    papers: list[dict[str, Any]] = field(default_factory=list)
    error: str | None = None


class _Ended(Exception):
    """The consignment has ended before its last step."""


class Player:
    """Plays one consignment after the other on one stage."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self._world = hands.world
        self._screen = hands.screen

    async def play(self, play: Play, number: int, *, leave_card: bool = False) -> Played:
        """Play a consignment; whatever goes wrong stands in the result."""
        played = Played(play.title, play.expected)
        before = len(await self._world.papers())
        try:
            await self._hands.change(play.around)
            played.clerk = self._hands.clerk
            await self._world.parcel(number)
            await self._steps(play, played)
        except (DemoError, CommandRefused) as error:
            played.error = str(error)
        except _Ended:
            pass
        finally:
            await self._hands.heal(leave_card=leave_card)
        played.papers = (await self._world.papers())[before:]
        return played

    async def _steps(self, play: Play, played: Played) -> None:
        await self._begin(play, played)
        state = await self._screen.until(
            "the draw", lambda s: s["step"] != "draw" and not s["busy"]
        )
        consignment = state["consignment"]
        played.consignment, played.drawn = consignment["id"], consignment["drawn"]
        await self._identify(play, played, needed=consignment["identify"])
        await self._inspect(play, played, needed=consignment["inspect"])
        await self._recipient(play, played)
        await self._print(play, played)

    # --- one step each -----------------------------------------------------------------------

    async def _begin(self, play: Play, played: Played) -> None:
        try:
            await self._screen.do(
                "begin", customer=play.customer, contract=play.contract,
                same_visit=play.shown.same_visit,
            )  # fmt: skip
        except CommandRefused as refused:
            if play.expected != "not-begun":
                raise
            played.outcome, played.reason = "not-begun", refused.code
            raise _Ended from refused

    async def _identify(self, play: Play, played: Played, *, needed: bool) -> None:
        await self._before("identify", play, played)
        problem = await show(self._hands, play) if needed else None
        if problem is not None:
            await self._refuse(problem, played)
        await self._hands.agree()

    async def _inspect(self, play: Play, played: Played, *, needed: bool) -> None:
        await self._before("inspect", play, played)
        if play.refuses is not None:
            await self._refuse(play.refuses, played)
        if play.fault("lens-covered"):
            await self._world.cover(True)
            await self._screen.do("photo")
            await self._screen.until("the covered lens told", lambda s: bool(s["problem"]))
            await self._world.cover(False)
        for _ in range(play.photos or (1 if needed else 0)):
            await self._screen.do("photo")

    async def _recipient(self, play: Play, played: Played) -> None:
        await self._before("recipient", play, played)
        sender, recipient = play.sender, play.recipient
        if not play.shown.same_visit:
            address = sender.address or None
            await self._screen.do(
                "sender", phone=sender.phone, name=sender.name or None, address=address
            )
        await self._screen.do(
            "recipient", name=recipient.name, phone=recipient.phone, address=recipient.address
        )
        await self._screen.do("contents", contents=play.contents, grams=play.grams)
        if "look" in await self._hands.owed():
            clerk = self._hands.clerk
            await self._screen.do("look", clerk=clerk, pin=CLERKS[clerk])

    async def _print(self, play: Play, played: Played) -> None:
        await self._prepare_printer(play)
        seen = len(await self._world.papers())
        await self._trouble("print", play)
        await self._screen.do("confirm")
        await self._trouble("upload", play)
        if play.fault("kill-terminal", "print"):
            await self._screen.until(
                "the label under way", lambda s: "first-byte" in s["milliseconds"]
            )
            await self._hands.kill_terminal()
        for _ in range(MOST_LABELS):
            state = await self._screen.until("the label", _settled, 30)
            played.milliseconds = state["milliseconds"] or played.milliseconds
            if state["phase"] in ENDED or state["phase"] == "open":
                break
            seen = await self._decide(play, state, seen)
        await self._finish(state, played)

    async def _prepare_printer(self, play: Play) -> None:
        if any(play.fault(kind, "print") for kind in FAILING):
            await self._world.paper(False, PAPER_LEFT_ROWS)
        if play.fault("no-paper", "print") or play.fault("printer-given-up", "print"):
            await self._world.paper(False)
        if play.fault("printer-silent", "print") or play.fault("kill-terminal", "print"):
            await self._world.silent(True)

    # --- what happens between the steps ------------------------------------------------------

    async def _before(self, step: str, play: Play, played: Played) -> None:
        await self._trouble(step, play)
        if play.fault("kill-terminal", step):
            await self._hands.kill_terminal()
            played.outcome, played.reason = "abandoned", "interrupted"
            raise _Ended
        if play.leaves_at == step:
            await self._screen.do("abandon", reason="sender-left")
            await self._finish(await self._screen.until("the end", _settled), played)
            raise _Ended

    async def _trouble(self, step: str, play: Play) -> None:
        if play.fault("broker-down", step):
            await self._hands.network(False)
        if play.fault("kill-uplink", step):
            await self._world.kill("uplink")

    async def _decide(self, play: Play, state: Json, seen: int) -> int:
        """What a person does who looks at the paper: how many pieces lie there afterwards."""
        await self._world.silent(False)
        whole = state["phase"] == "label-unknown" and await self._whole_label_since(seen)
        await self._world.paper(True)
        if play.fault("paper-always-out"):
            await self._world.paper(False, PAPER_LEFT_ROWS)
        if play.fault("printer-given-up"):
            await self._screen.do("label-void")
        elif state["phase"] == "label-blocked":
            await self._screen.do("label-retry")
        else:
            await self._screen.do("label-whole" if whole else "label-reprint")
        return len(await self._world.papers())

    async def _whole_label_since(self, seen: int) -> bool:
        deadline = time.monotonic() + LOOK_SECONDS
        while time.monotonic() < deadline:
            pieces = (await self._world.papers())[seen:]
            if any(piece["complete"] and not piece["waste"] for piece in pieces):
                return True
            await asyncio.sleep(POLL_SECONDS)
        return False

    async def _refuse(self, reason: str, played: Played) -> None:
        await self._screen.do("refuse", reason=reason)
        await self._finish(await self._screen.until("the end", _settled), played)
        raise _Ended

    async def _finish(self, state: Json, played: Played) -> None:
        played.outcome = state["outcome"] or "unfinished"
        played.reason = state["reason"]["code"] if state["reason"] else None
        played.milliseconds = state["milliseconds"] or played.milliseconds
        if state["paper"]:
            played.waybill = state["paper"]["waybill"]
        if state["phase"] == "open":
            problem = state["problem"]["code"] if state["problem"] else None
            played.error = f"not recorded: {problem}"
            await self._screen.do("abandon", reason="cancelled")


def _settled(state: Json) -> bool:
    return not state["busy"] and state["phase"] in (*ENDED, *HANDS, "open")
