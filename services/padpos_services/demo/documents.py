"""Showing who sends: cards laid one after the other, an organisation named, a document typed."""

from __future__ import annotations

from padpos_services.demo.cards import Card
from padpos_services.demo.hands import Hands
from padpos_services.demo.play import Play


async def show(hands: Hands, play: Play) -> str | None:
    """Show what the parcel's class asks for; the problem code for which it was not taken."""
    shown = play.shown
    if shown.same_visit:
        return None
    if shown.organisation is not None:
        organisation = shown.organisation
        await hands.screen.do("organisation", name=organisation.name, code=organisation.code)
    if shown.card is None:
        return "document-not-shown"
    if shown.typed is not None:
        await _type(hands, shown.card, shown.typed)
        return None
    lifted = play.fault("card-lifted", "identify")
    state = await hands.read(shown.card, "identify", lifted_in_mid_read=lifted)
    if not state["problem"] and shown.agent is not None:
        await hands.lift()
        state = await hands.read(shown.agent, "agent")
    return state["problem"]["code"] if state["problem"] else None


async def _type(hands: Hands, card: Card, reason: str) -> None:
    names = ("type", "name", "number", "sex", "birth", "valid_from", "valid_until", "address")
    given = {name: card.fields.get(name) for name in names}
    await hands.screen.do("document", reason=reason, **given)
