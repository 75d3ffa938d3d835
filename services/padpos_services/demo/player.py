"""Plays a scenario's consignments: the sender's hands and the clerk's, one step after the other."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from padpos_services.demo.errors import DemoError
from padpos_services.demo.layout import CLERK, PIN
from padpos_services.demo.scenario import Play
from padpos_services.demo.screen import POLL_SECONDS, CommandRefused, Json, Screen
from padpos_services.demo.stage import Stage
from padpos_services.demo.world import PAPER_LEFT_ROWS, World

ENDED = ("done",)
HANDS = ("label-unknown", "label-blocked")
CARD_PROBLEMS = ("card-lifted", "read-timeout")
MOST_LABELS = 4
LOOK_SECONDS = 2.0  # a whole label takes the head 1.2 s at 150 mm/s


@dataclass(slots=True)
class Played:
    """What became of a consignment."""

    title: str
    expected: str
    outcome: str = "unfinished"
    reason: str | None = None
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

    def __init__(self, stage: Stage, world: World, screen: Screen) -> None:
        self._stage = stage
        self._world = world
        self._screen = screen

    async def sign_in(self) -> None:
        """Wait until the counter can open, and sign the clerk in."""
        state = await self._screen.until("the signed documents", lambda s: bool(s["ready"]), 30)
        if state["clerk"] is None:
            await self._screen.do("sign-in", clerk=CLERK, pin=PIN)

    async def play(self, play: Play, number: int) -> Played:
        """Play a consignment; whatever goes wrong stands in the result."""
        played = Played(play.title, play.expected)
        before = len(await self._world.papers())
        try:
            await self._policy(play)
            await self._world.parcel(number)
            await self._steps(play, played)
        except (DemoError, CommandRefused) as error:
            played.error = str(error)
        except _Ended:
            pass
        finally:
            await self._heal()
        played.papers = (await self._world.papers())[before:]
        return played

    async def _steps(self, play: Play, played: Played) -> None:
        await self._screen.do("begin", customer=play.customer, contract=play.contract)
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

    async def _identify(self, play: Play, played: Played, *, needed: bool) -> None:
        await self._before("identify", play, played)
        if not needed:
            return
        if play.card is None:
            await self._refuse("document-not-shown", played)
        assert play.card is not None  # _refuse ends the consignment
        await self._world.lay(play.card, lifted_in_mid_read=play.fault("card-lifted", "identify"))
        state = await self._screen.until("the document", _read_or_problem)
        if state["problem"] and state["problem"]["code"] in CARD_PROBLEMS:
            await self._world.lift()
            await self._screen.until("the card lifted", lambda s: not s["reader"]["card"])
            await self._world.lay(play.card)
            state = await self._screen.until("the document, laid again", _document_or_refusal)
        if state["problem"]:
            await self._refuse(state["problem"]["code"], played)
        await self._screen.do("agree")

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
        await self._screen.do(
            "sender", phone=sender.phone, name=sender.name or None, address=sender.address or None
        )
        await self._screen.do(
            "recipient", name=recipient.name, phone=recipient.phone, address=recipient.address
        )
        await self._screen.do("contents", contents=play.contents, grams=play.grams)

    async def _print(self, play: Play, played: Played) -> None:
        if play.fault("paper-out", "print"):
            await self._world.paper(False, PAPER_LEFT_ROWS)
        if play.fault("no-paper", "print"):
            await self._world.paper(False)
        if play.fault("printer-silent", "print") or play.fault("kill-terminal", "print"):
            await self._world.silent(True)
        seen = len(await self._world.papers())
        await self._trouble("print", play)
        await self._screen.do("confirm")
        await self._trouble("upload", play)
        if play.fault("kill-terminal", "print"):
            await self._screen.until(
                "the label under way", lambda s: "first-byte" in s["milliseconds"]
            )
            await self._kill_terminal()
        for _ in range(MOST_LABELS):
            state = await self._screen.until("the label", _settled, 30)
            played.milliseconds = state["milliseconds"] or played.milliseconds
            if state["phase"] in ENDED or state["phase"] == "open":
                break
            seen = await self._decide(state, seen)
        await self._finish(state, played)

    # --- what happens between the steps ------------------------------------------------------

    async def _before(self, step: str, play: Play, played: Played) -> None:
        await self._trouble(step, play)
        if play.fault("kill-terminal", step):
            await self._kill_terminal()
            played.outcome, played.reason = "abandoned", "interrupted"
            raise _Ended
        if play.leaves_at == step:
            await self._screen.do("abandon", reason="sender-left")
            await self._finish(await self._screen.until("the end", _settled), played)
            raise _Ended

    async def _trouble(self, step: str, play: Play) -> None:
        if play.fault("broker-down", step):
            await self._world.network(False)
        if play.fault("kill-uplink", step):
            await self._world.kill("uplink")

    async def _decide(self, state: Json, seen: int) -> int:
        """What a person does who looks at the paper: how many pieces lie there afterwards."""
        await self._world.silent(False)
        whole = state["phase"] == "label-unknown" and await self._whole_label_since(seen)
        await self._world.paper(True)
        if state["phase"] == "label-blocked":
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

    async def _kill_terminal(self) -> None:
        pid = self._stage.house.running["terminal"].pid
        await self._world.kill("terminal")
        await self._screen.until(
            "the terminal's return",
            lambda _: self._stage.house.running["terminal"].pid not in (None, pid),
        )
        await self.sign_in()

    async def _policy(self, play: Play) -> None:
        if play.draw_rate is None:
            return
        version = (await self._screen.state())["policy"]
        await self._stage.office.policy(play.draw_rate)
        await self._screen.until("the new policy", lambda s: s["policy"] > version)

    async def _heal(self) -> None:
        await self._world.lift()
        await self._world.cover(False)
        await self._world.silent(False)
        await self._world.paper(True)
        await self._world.network(True)
        await self._screen.until("the reader empty", lambda s: not s["reader"]["card"])
        state = await self._screen.state()
        if state["phase"] == "open":
            await self._screen.do("abandon", reason="cancelled")
        await self._screen.until("a free counter", lambda s: s["phase"] in ("idle", *ENDED, *HANDS))


def _read_or_problem(state: Json) -> bool:
    return bool(state["problem"]) or bool(state["consignment"] and state["consignment"]["document"])


def _document_or_refusal(state: Json) -> bool:
    problem = state["problem"]["code"] if state["problem"] else None
    return _read_or_problem(state) and problem not in CARD_PROBLEMS


def _settled(state: Json) -> bool:
    return not state["busy"] and state["phase"] in (*ENDED, *HANDS, "open")
