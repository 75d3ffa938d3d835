"""Hands at the counter: clerks and the sender, and what they do beside one parcel's own steps."""

from __future__ import annotations

from collections.abc import Callable

from padpos_services.demo.cards import Card
from padpos_services.demo.layout import CLERK, CLERKS
from padpos_services.demo.play import Around
from padpos_services.demo.screen import Json, Screen
from padpos_services.demo.stage import Stage
from padpos_services.demo.world import World

ENDED = ("done",)
HANDS = ("label-unknown", "label-blocked")
CARD_PROBLEMS = ("card-lifted", "read-timeout")
DRAIN_SECONDS = 60.0


class Hands:
    """Who stands where, and what is on the reader."""

    def __init__(self, stage: Stage, world: World, screen: Screen) -> None:
        self.world = world
        self.screen = screen
        self.clerk = CLERK
        self._stage = stage
        self._cut = False

    @property
    def other(self) -> str:
        """The clerk who is not at the counter: who lets pass what needs a second one."""
        return next(clerk for clerk in CLERKS if clerk != self.clerk)

    async def sign_in(self) -> None:
        """Wait until the counter can open, and sign the clerk in."""
        state = await self.screen.until("the signed documents", lambda s: bool(s["ready"]), 30)
        if state["clerk"] is None:
            await self.screen.do("sign-in", clerk=self.clerk, pin=CLERKS[self.clerk])

    async def change(self, around: Around) -> None:
        """Let happen what happens before a parcel."""
        if around.clerk is not None and around.clerk != self.clerk:
            await self.screen.do("hand-over", clerk=around.clerk, pin=CLERKS[around.clerk])
            self.clerk = around.clerk
        if around.network is not None:
            await self._network(up=around.network == "up")
        if around.draw_rate is not None:
            version = (await self.screen.state())["policy"]
            await self._stage.office.policy(around.draw_rate)
            await self.screen.until("the new policy", lambda s: s["policy"] > version)

    async def network(self, on: bool) -> None:
        """Cut the network for a while, or restore it where it is not cut for longer."""
        await self.world.network(on and not self._cut)

    async def agree(self) -> None:
        """Say that person and document agree; let a second clerk pass what needs one."""
        owed = await self.owed()
        if "person" in owed:
            await self.screen.do("agree")
        if "approve" in owed:
            await self.screen.do("approve", clerk=self.other, pin=CLERKS[self.other])

    async def owed(self) -> tuple[str, ...]:
        """What the parcel in hand still owes."""
        consignment = (await self.screen.state())["consignment"]
        return tuple(consignment["owed"]) if consignment else ()

    async def read(self, card: Card, step: str, *, lifted_in_mid_read: bool = False) -> Json:
        """Lay a card until its document is taken for that step, or a problem stands."""
        await self.world.lay(card, lifted_in_mid_read=lifted_in_mid_read)
        state = await self.screen.until("the document", _taken(step))
        if _problem(state) in CARD_PROBLEMS:
            await self.lift()
            await self.world.lay(card)
            wanted = _taken(step)
            state = await self.screen.until(
                "the document, laid again",
                lambda s: wanted(s) and _problem(s) not in CARD_PROBLEMS,
            )
        return state

    async def lift(self) -> None:
        """Take the card away."""
        await self.world.lift()
        await self.screen.until("the card lifted", lambda s: not s["reader"]["card"])

    async def kill_terminal(self) -> None:
        """kill -9, and sign in again."""
        pid = self._stage.house.running["terminal"].pid
        await self.world.kill("terminal")
        await self.screen.until(
            "the terminal's return",
            lambda _: self._stage.house.running["terminal"].pid not in (None, pid),
        )
        await self.sign_in()

    async def heal(self, *, leave_card: bool) -> None:
        """Put right whatever went wrong; a card may stay for the next parcel of its visit."""
        if not leave_card:
            await self.world.lift()
        await self.world.cover(False)
        await self.world.silent(False)
        await self.world.paper(True)
        await self.network(True)
        if not leave_card:
            await self.screen.until("the reader empty", lambda s: not s["reader"]["card"])
        state = await self.screen.state()
        if state["phase"] == "open":
            await self.screen.do("abandon", reason="cancelled")
        await self.screen.until("a free counter", lambda s: s["phase"] in ("idle", *ENDED, *HANDS))

    async def close_day(self) -> None:
        """Print the day's sums and close it."""
        await self.screen.do("summary-print", kind="day")
        await self.screen.do("day-close")

    async def _network(self, *, up: bool) -> None:
        """Cut it once nothing waits any more, so that what waits behind the cut can be counted."""
        if not up:
            await self.screen.until("an empty outbox", _drained, DRAIN_SECONDS)
        self._cut = not up
        await self.world.network(up)
        if up:
            await self.screen.until("the thaw", _drained, DRAIN_SECONDS)


def _drained(state: Json) -> bool:
    return not any(state["queue"].values()) and state["frozen"] is None


def _problem(state: Json) -> str | None:
    return state["problem"]["code"] if state["problem"] else None


def _taken(step: str) -> Callable[[Json], bool]:
    def taken(state: Json) -> bool:
        held = state["consignment"]
        return bool(state["problem"]) or bool(held and step not in held["owed"])

    return taken
