"""Promise: a policy that is wrong changes nothing at a running terminal; it goes on with the last.

A real mosquitto, the uplink, the link's socket and the counter: what is said at one end is heard
at the other, and the counter works all the while.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from padpos.counter.errors import CounterError
from padpos.counter.flow import Outcome
from padpos.terminal.timekeeper import tick
from padpos.wire import cbor, signed
from padpos.wire.cbor import Cbor
from padpos.wire.facts import Kind, PolicyFacts
from padpos.wire.messages import down_topic
from padpos.wire.policy import Duty, Policy, Requirement
from tests.terminal.counters import POLICY, SENDER_PHONE, Counter, counter
from tests.uplink.office import Office, until
from tests.uplink.test_forwarder import running
from tests.wire.vector_objects import DAY_MS, RECIPIENT, START, TERMINAL, signer

SIGN = signer("policy")
NEXT = replace(POLICY, version=13)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A broker of this test's own."""
    made = Office(tmp_path)
    made.listen()
    yield made
    made.close()


def with_map(change: Callable[[dict[Cbor, Cbor]], None]) -> bytes:
    """A policy whose signed map was changed by hand."""
    held = cbor.loads(signed.parts(signed.What.POLICY, NEXT.sign(SIGN).raw)[1], 1 << 18)
    assert isinstance(held, dict)
    change(held)
    return signed.sign(signed.What.POLICY, cbor.dumps(held), SIGN).raw


def signed_by_policy_key(policy: Policy) -> bytes:
    return policy.sign(SIGN).raw


def without(customer: str) -> tuple[Requirement, ...]:
    return tuple(r for r in POLICY.requirements if r.customer != customer)


def flipped(raw: bytes) -> bytes:
    return raw[:-1] + bytes([raw[-1] ^ 1])


LETTERS_READ = tuple(
    replace(r, duty=Duty.REQUIRED) if (r.customer, r.step) == ("letter", "inspect") else r
    for r in POLICY.requirements
)
WRONG: dict[str, tuple[bytes, str]] = {
    "an unknown key": (with_map(lambda m: m.update({99: 1})), "malformed"),
    "a missing key": (with_map(lambda m: m.pop(16) and None), "malformed"),
    "a rate of another kind": (with_map(lambda m: m.update({7: "all"})), "malformed"),
    "ends before it begins": (
        signed_by_policy_key(replace(NEXT, valid_until=NEXT.valid_from)), "malformed"
    ),
    "a guardian younger than the child": (
        signed_by_policy_key(replace(NEXT, adult_at=10, guardian_under=14)), "malformed"
    ),
    "a duty left out": (
        signed_by_policy_key(replace(NEXT, requirements=without("agent"))), "malformed"
    ),
    "a letter to be read": (
        signed_by_policy_key(replace(NEXT, requirements=LETTERS_READ)), "malformed"
    ),
    "another key's signature": (NEXT.sign(signer("entry")).raw, "wrong-key"),
    "an altered signature": (flipped(signed_by_policy_key(NEXT)), "bad-signature"),
    "an earlier version": (signed_by_policy_key(replace(POLICY, version=11)), "not-newer"),
    "the same version, laxer": (
        signed_by_policy_key(replace(POLICY, requirements=tuple(
            replace(r, duty=Duty.EXEMPT) for r in POLICY.requirements))), "not-newer"
    ),
    "another terminal's": (
        signed_by_policy_key(replace(NEXT, audience=("cn-sh-0001",))), "not-accepted"
    ),
    "no policy at all": (b"\xa0", "malformed"),
}  # fmt: skip


def say(office: Office, raw: bytes) -> None:
    """What the authority's identity publishes as the terminal's policy."""
    assert office._client is not None
    office._client.publish(down_topic(TERMINAL, "policy"), raw, qos=1)


async def accepted_one(c: Counter) -> bool:
    await c.walk_in()
    return c.station.state.outcome is Outcome.ACCEPTED


async def in_force(c: Counter, version: int) -> None:
    await until(lambda: c.station.standing.policy is not None
                and c.station.standing.policy.version == version)  # fmt: skip


async def on_record(c: Counter) -> list[int]:
    return [f.version for f in await c.facts(Kind.POLICY) if isinstance(f, PolicyFacts)]


def test_what_is_wrong_is_refused_by_name_and_the_counter_goes_on(
    tmp_path: Path, office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    """Rule 4: whoever speaks on the wire can't relax the law, and no mistake closes a counter."""
    caplog.set_level(logging.INFO)
    answers: list[str] = []

    async def story() -> None:
        async with counter(tmp_path / "counter") as c, running(c, office):
            await until(lambda: len(office.heard.entries) >= 2)
            take = c.standing.take
            c.standing.take = lambda kind, raw: _noted(take(kind, raw), answers)  # type: ignore[method-assign]
            for number, (raw, code) in enumerate(WRONG.values(), 1):
                say(office, raw)
                await until(lambda n=number: len(answers) == n)  # type: ignore[misc]
                assert answers[-1] == code, list(WRONG)[number - 1]
            assert c.standing.policy == POLICY
            assert await accepted_one(c)
            say(office, signed_by_policy_key(NEXT))
            await in_force(c, 13)
            assert await on_record(c) == [12, 13]
            assert await accepted_one(c)

    asyncio.run(story())
    told = [r.getMessage() for r in caplog.records if r.name == "padpos.terminal"]
    warned = [line for line in told if line.startswith("policy of")]
    assert len(warned) == sum(code != "not-newer" for _, code in WRONG.values())
    for text in (RECIPIENT.name, SENDER_PHONE, "条"):
        assert not [line for line in told if text in line]


def _noted(answer: str, answers: list[str]) -> str:
    answers.append(answer)
    return answer


def test_a_policy_of_the_future_waits_for_its_day(tmp_path: Path, office: Office) -> None:
    """Rule 4: no law before its time, and no moment without one."""
    time = [START]
    tomorrow = START + DAY_MS
    later = replace(NEXT, valid_from=tomorrow, typed_per_day=7)

    async def story() -> None:
        async with counter(tmp_path / "counter", now=lambda: time[0]) as c, running(c, office):
            await until(lambda: len(office.heard.entries) >= 2)
            say(office, signed_by_policy_key(later))
            await until(lambda: c.standing.next_policy is not None)
            await tick(c.station)
            assert c.standing.policy == POLICY
            assert await accepted_one(c)
            time[0] = tomorrow
            await tick(c.station)
            assert c.standing.policy == later
            assert await accepted_one(c)

    asyncio.run(story())


def test_a_first_policy_of_the_future_opens_no_counter_and_says_why(tmp_path: Path) -> None:
    early = replace(POLICY, valid_from=START + DAY_MS)

    async def story() -> None:
        async with counter(tmp_path / "counter", policy=early) as c:
            with pytest.raises(CounterError) as said:
                await c.do("begin", customer="walk-in")
            assert said.value.code == "policy-not-yet-valid"
            assert said.value.chinese and said.value.english

    asyncio.run(story())
