"""Promise: only a clerk of today opens a consignment, and who stands there is on record."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from padpos.counter.errors import CounterError
from padpos.counter.flow import Phase
from padpos.terminal.clerks import FREE_TRIES, hash_pin
from padpos.terminal.timekeeper import tick
from padpos.wire.documents import Leavers
from padpos.wire.facts import ClerkFacts, ConsignmentFacts, Kind
from padpos_drivers.idcard.errors import CardLifted
from padpos_drivers.printer import PrintOutcome
from tests.terminal.counters import PIN, Counter, counter, of_kind
from tests.wire.vector_objects import DAY_MS, START, TERMINAL, signer

OTHER_PIN, SERVICE_PIN = "271828", "161803"
OTHER = hash_pin(OTHER_PIN)
SERVICE = hash_pin(SERVICE_PIN)


def told(
    folder: Path,
    story: Callable[[Counter], Awaitable[None]],
    *,
    signed_in: bool = False,
    now: Callable[[], int] = lambda: START,
) -> None:
    """Let a story happen at a counter with two clerks and a technician."""

    async def run() -> None:
        async with counter(folder, signed_in=signed_in, now=now) as c:
            config = c.station.config
            pins = {**config.pins, "clerk-04": OTHER}
            c.station.config = replace(config, pins=pins, service={"tech-01": SERVICE})
            await story(c)

    asyncio.run(run())


async def refused(c: Counter, command: str, **arguments: object) -> str:
    """The code for which a command is refused."""
    with pytest.raises(CounterError) as said:
        await c.do(command, **arguments)
    return said.value.code


async def comings(c: Counter) -> list[tuple[str, bool]]:
    """Who came and went, as recorded."""
    return [(f.clerk, f.signed_in) for f in of_kind(await c.facts(Kind.CLERK), ClerkFacts)]


def test_a_clerks_card_signs_him_in_again_the_same_day_and_sends_nothing(tmp_path: Path) -> None:
    """Rule 4: and the next sender still lays a card of his own."""

    async def story(c: Counter) -> None:
        c.station.card_present = True
        assert await refused(c, "sign-in-card") == "card-not-enrolled"
        await c.do("sign-in", clerk="clerk-03", pin=PIN, card=True)
        await c.do("begin", customer="walk-in")
        assert c.station.state.problem == "card-used"
        assert c.station.state.consignment and c.station.state.consignment.document is None
        await c.do("abandon", reason="cancelled")
        await c.do("sign-out")
        await c.do("sign-in-card")
        assert await comings(c) == [("clerk-03", True), ("clerk-03", False), ("clerk-03", True)]

    told(tmp_path, story)


def test_with_the_day_a_card_is_forgotten(tmp_path: Path) -> None:
    """Rule 1: no token of an ID number outlives its day, not even a clerk's."""
    time = [START]

    async def story(c: Counter) -> None:
        await c.do("sign-in", clerk="clerk-03", pin=PIN, card=True)
        await c.do("sign-out")
        time[0] += DAY_MS
        assert await refused(c, "sign-in-card") == "card-not-enrolled"

    told(tmp_path, story, now=lambda: time[0])


def test_a_card_that_cant_be_read_signs_nobody_in(tmp_path: Path) -> None:
    async def story(c: Counter) -> None:
        c.reader.error = CardLifted()
        asked = {"clerk": "clerk-03", "pin": PIN, "card": True}
        assert await refused(c, "sign-in", **asked) == "card-lifted"
        assert c.station.clerk is None and await comings(c) == []

    told(tmp_path, story)


def test_a_clerk_who_sends_with_the_card_he_laid_is_known_as_such(tmp_path: Path) -> None:
    """Rule 4: a clerk's own document can't stand for a sender unnoticed."""

    async def story(c: Counter) -> None:
        await c.do("sign-in", clerk="clerk-03", pin=PIN, card=True)
        await c.do("begin", customer="walk-in")
        await c.lift_card()
        await c.lay_card()
        held = c.station.state.consignment
        assert held is not None and held.identity.clerks_own
        assert "limit-clerks-own" in (*held.concerns, *held.notices)

    told(tmp_path, story)


def test_wrong_pins_lock_out_whoever_gives_them_and_the_card_still_opens(tmp_path: Path) -> None:
    async def story(c: Counter) -> None:
        await c.do("sign-in", clerk="clerk-03", pin=PIN, card=True)
        await c.do("sign-out")
        for _ in range(FREE_TRIES):
            assert await refused(c, "sign-in", clerk="clerk-03", pin="000000") == "wrong-pin"
        assert await refused(c, "sign-in", clerk="clerk-03", pin=PIN) == "locked-out"
        await c.do("sign-in-card")
        assert c.station.clerk == "clerk-03"

    told(tmp_path, story)


def test_tries_side_by_side_do_not_outrun_the_lock_out(tmp_path: Path) -> None:
    async def story(c: Counter) -> None:
        tries = [refused(c, "sign-in", clerk="clerk-03", pin=f"{n:06}") for n in range(8)]
        codes = await asyncio.gather(*tries)
        assert codes.count("wrong-pin") == FREE_TRIES
        assert codes.count("locked-out") == 8 - FREE_TRIES

    told(tmp_path, story)


def test_of_two_who_sign_in_at_the_same_instant_one_does(tmp_path: Path) -> None:
    async def story(c: Counter) -> None:
        pairs = (("clerk-03", PIN), ("clerk-04", OTHER_PIN))
        ends = await asyncio.gather(
            *(c.do("sign-in", clerk=clerk, pin=pin) for clerk, pin in pairs),
            return_exceptions=True,
        )
        assert [isinstance(end, CounterError) for end in ends].count(True) == 1
        assert len(await comings(c)) == 1

    told(tmp_path, story)


def test_a_shift_is_handed_over_in_one_step_on_record(tmp_path: Path) -> None:
    async def story(c: Counter) -> None:
        await c.do("sign-in", clerk="clerk-03", pin=PIN)
        assert await refused(c, "hand-over", clerk="clerk-03", pin=PIN) == "second-clerk"
        assert await refused(c, "hand-over", clerk="clerk-04", pin=PIN) == "wrong-pin"
        await c.do("begin", customer="walk-in")
        assert await refused(c, "hand-over", clerk="clerk-04", pin=OTHER_PIN) == "not-now"
        await c.do("abandon", reason="cancelled")
        await c.do("hand-over", clerk="clerk-04", pin=OTHER_PIN)
        assert c.station.clerk == "clerk-04"
        assert await comings(c) == [("clerk-03", True), ("clerk-03", False), ("clerk-04", True)]

    told(tmp_path, story)


def test_a_leaver_comes_in_by_no_way(tmp_path: Path) -> None:
    """Rule 4: by PIN, card or hand-over, nor is his word a second clerk's."""

    async def story(c: Counter) -> None:
        await c.do("sign-in", clerk="clerk-03", pin=PIN, card=True)
        raw = Leavers(1, TERMINAL, ("clerk-03",)).sign(signer("policy")).raw
        assert await c.station.in_ledger(c.standing.take, "leavers", raw) == "ok"
        await tick(c.station)
        assert c.station.clerk is None
        assert await refused(c, "sign-in", clerk="clerk-03", pin=PIN) == "wrong-pin"
        assert await refused(c, "sign-in-card") == "wrong-pin"
        await c.do("sign-in", clerk="clerk-04", pin=OTHER_PIN)
        assert await refused(c, "hand-over", clerk="clerk-03", pin=PIN) == "wrong-pin"
        assert await refused(c, "approve", clerk="clerk-03", pin=PIN) == "wrong-pin"

    told(tmp_path, story)


def test_a_leaver_whose_label_waits_for_a_person_goes_and_the_next_clerk_answers(
    tmp_path: Path,
) -> None:
    """Rule 6: the paper stays unknown until somebody who works here has looked."""

    async def story(c: Counter) -> None:
        c.printer.outcomes.append(PrintOutcome.UNKNOWN)
        await c.walk_in()
        assert c.phase is Phase.LABEL_UNKNOWN
        raw = Leavers(1, TERMINAL, ("clerk-03",)).sign(signer("policy")).raw
        await c.station.in_ledger(c.standing.take, "leavers", raw)
        await tick(c.station)
        assert c.station.clerk is None and c.phase is Phase.LABEL_UNKNOWN
        await c.do("sign-in", clerk="clerk-04", pin=OTHER_PIN)
        await c.do("label-whole")
        assert c.phase is Phase.DONE

    told(tmp_path, story, signed_in=True)


@pytest.mark.parametrize("customer", ["walk-in", "contract", "letter", "self-service"])
def test_service_mode_cannot_accept_a_parcel(tmp_path: Path, customer: str) -> None:
    """Rule 4: the maintenance credential opens no consignment, attended or not."""

    async def story(c: Counter) -> None:
        await c.do("service-in", technician="tech-01", pin=SERVICE_PIN)
        contract = {"contract": "contract-9"} if customer == "contract" else {}
        code = await refused(c, "begin", customer=customer, **contract)
        assert code in ("service-mode", "signed-out")
        assert c.station.state.consignment is None
        assert await refused(c, "sign-in", clerk="clerk-03", pin=PIN) == "service-mode"
        assert await refused(c, "sign-in-card") == "service-mode"
        for command in ("photo", "confirm", "label-void", "approve", "hand-over", "agree"):
            assert await refused(c, command, clerk="tech-01", pin=SERVICE_PIN) == "signed-out"
        assert of_kind(await c.facts(), ConsignmentFacts) == []
        await c.do("service-out")
        await c.do("sign-in", clerk="clerk-03", pin=PIN)

    told(tmp_path, story)


def test_credentials_do_not_mix(tmp_path: Path) -> None:
    """Rule 4: a technician's PIN neither signs in nor approves; a clerk's opens no service."""

    async def story(c: Counter) -> None:
        assert await refused(c, "sign-in", clerk="tech-01", pin=SERVICE_PIN) == "wrong-pin"
        assert await refused(c, "service-in", technician="clerk-03", pin=PIN) == "wrong-pin"
        await c.do("sign-in", clerk="clerk-03", pin=PIN)
        assert await refused(c, "approve", clerk="tech-01", pin=SERVICE_PIN) == "wrong-pin"
        assert await refused(c, "service-in", technician="tech-01", pin=SERVICE_PIN) == "not-now"
        assert await comings(c) == [("clerk-03", True)]

    told(tmp_path, story)
