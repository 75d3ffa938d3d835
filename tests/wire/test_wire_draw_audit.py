"""Promise: whoever holds the day's key re-computes every draw, and finds the row that lies (§9)."""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Iterable
from dataclasses import replace

import pytest

from padpos.wire import draw, draw_audit, ids
from padpos.wire.draw_audit import Record, Row, Verdict
from padpos.wire.entry import NO_PREVIOUS, Entry
from padpos.wire.errors import WireError
from padpos.wire.fact_values import Drawn, Mark
from padpos.wire.facts import DrawFacts, Facts, GenesisFacts, Kind, PolicyFacts
from padpos.wire.policy import Policy
from tests.wire.vector_objects import (
    CHAIN,
    DAY,
    DAY_KEY,
    START,
    TERMINAL,
    consignment_facts,
    sealing,
    seed,
    signer,
    the_policy,
)

CONTRACT = "contract-9"
POLICY = the_policy(draw_rate=300_000)
SIGNED = POLICY.sign(signer("policy"))
POLICIES = draw_audit.read_policies([SIGNED.raw], signer("policy").public)
KEYS = {DAY: DAY_KEY}


# --- a second implementation: SHA-256 and arithmetic, and nothing of ours ------------------------


def other_draw(key: bytes, rate: int, *names: str | int | bytes) -> bool:
    """Formats §9 in a few lines of other code: CBOR and HMAC (RFC 2104) by hand."""

    def item(value: str | int | bytes) -> bytes:
        if isinstance(value, int):
            return head(0, value)
        body = value.encode() if isinstance(value, str) else value
        return head(3 if isinstance(value, str) else 2, len(body)) + body

    def head(major: int, value: int) -> bytes:
        if value < 24:
            return bytes([major << 5 | value])
        size = 0 if value < 256 else 1 if value < 65536 else 2
        return bytes([major << 5 | 24 + size]) + value.to_bytes(1 << size, "big")

    message = head(4, 2 + len(names)) + b"".join(map(item, ("padpos-draw", 1, *names)))
    block = key.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in block) + message).digest()
    u = hashlib.sha256(bytes(b ^ 0x5C for b in block) + inner).digest()
    return int(u.hex()[:16], 16) * 1_000_000 < rate * 2**64


def test_a_second_implementation_agrees_on_100000_draws() -> None:
    """Nobody has to believe our program: two that share no line say the same."""
    chance = random.Random(20260101)
    for _ in range(200):
        key, entry, rate = chance.randbytes(32), chance.randbytes(32), chance.randint(0, 1_000_000)
        day = ids.day_of(START + chance.randrange(400) * 86_400_000)
        contract = "".join(chance.choices("abc-0189协议", k=chance.randint(1, 40)))
        for n in chance.sample(range(1, 70_000), 500):
            ours = draw.is_drawn(
                day_key=key, terminal=TERMINAL, day=day, contract=contract, n=n,
                policy_entry=entry, rate=rate,
            )  # fmt: skip
            assert ours == other_draw(key, rate, TERMINAL, day, contract, n, entry)


@pytest.mark.parametrize("rate", [1_000, 50_000, 100_000, 500_000, 990_000])
def test_the_rate_of_20000_draws_lies_where_binomial_statistics_say(rate: int) -> None:
    """A fair draw: within four standard deviations of the rate, and so is each half of it."""
    key, entry = seed(f"key at {rate}"), seed("policy entry")
    fell = [other_draw(key, rate, TERMINAL, DAY, CONTRACT, n, entry) for n in range(1, 20_001)]
    for part in (fell, fell[::2], fell[1::2]):
        p = rate / 1_000_000
        spread = math.sqrt(len(part) * p * (1 - p))
        assert abs(sum(part) - len(part) * p) < 4 * spread


# --- a chain, as a terminal writes it -------------------------------------------------------------


def chain(facts: Iterable[Facts]) -> list[bytes]:
    """Signed entries with these facts, genesis first."""
    raws, prev = [], NO_PREVIOUS
    start: Facts = GenesisFacts("test", sealing("inbox").raw)
    for seq, fact in enumerate((start, *facts)):
        kind = Kind.CONSIGNMENT if fact.kind is Kind.CONSIGNMENT else fact.kind
        signed = Entry(
            TERMINAL, seq, prev, START + seq, True, kind, fact, None, (), CHAIN, None
        ).sign(signer("entry"))  # fmt: skip
        raws.append(signed.raw)
        prev = signed.hash
    return raws


def records(facts: Iterable[Facts]) -> list[Record]:
    """The same, verified."""
    return list(draw_audit.read_chain(chain(facts), signer("entry").public))


def outcome(n: int, policy_entry: bytes) -> bool:
    """What the draw of the contract's n-th parcel says."""
    return other_draw(DAY_KEY, POLICY.draw_rate, TERMINAL, DAY, CONTRACT, n, policy_entry)


ACCEPTED_POLICY = PolicyFacts(POLICY.version, SIGNED.hash)
POLICY_ENTRY = records([ACCEPTED_POLICY])[1].hash


def parcel(n: int, *, owed: bool = False, **changed: object) -> list[Facts]:
    """The draw entry and the consignment of an honest terminal."""
    fell = outcome(n, POLICY_ENTRY)
    name = seed(f"parcel {n}", 16)
    mark = "inspected" if fell or owed else "contract-uninspected"
    honest = {
        "consignment": name, "draw": Drawn(DAY, n, fell), "marks": (Mark(mark, ()),),
    }  # fmt: skip
    made = consignment_facts(**{**honest, **changed})
    return [DrawFacts(name, DAY, CONTRACT, n, POLICY.version), made]


def judged(facts: Iterable[Facts], policies: dict[bytes, Policy] = POLICIES) -> list[Row]:
    return draw_audit.audit(records(facts), policies, KEYS)


FELL = next(n for n in range(1, 99) if outcome(n, POLICY_ENTRY))
SPARED = next(n for n in range(1, 99) if not outcome(n, POLICY_ENTRY))


def up_to(n: int) -> list[Facts]:
    """The honest day before the contract's n-th parcel."""
    before: list[Facts] = [ACCEPTED_POLICY]
    for earlier in range(1, n):
        before += parcel(earlier)
    return before


def test_an_honest_day_agrees_row_by_row() -> None:
    rows = judged(up_to(60))
    assert len(rows) == 2 * 59
    assert {row.verdict for row in rows} == {Verdict.AGREES}
    assert {row.drawn for row in rows} == {True, False}


@pytest.mark.parametrize(
    ("n", "changed", "verdict"),
    [
        (FELL, {"draw": Drawn(DAY, FELL, False)}, Verdict.NOT_CHECKED),
        (FELL, {"marks": ()}, Verdict.NOT_INSPECTED),
        (SPARED, {"draw": Drawn(DAY, SPARED, True)}, Verdict.NOT_INSPECTED),
        (SPARED, {"draw": Drawn(DAY, SPARED + 1, False)}, Verdict.OTHER_DRAW),
        (SPARED, {"draw": None}, Verdict.OTHER_DRAW),
        (SPARED, {"contract": "contract-8"}, Verdict.NO_DRAW),
        (SPARED, {"consignment": seed("another", 16)}, Verdict.NO_DRAW),
        (
            SPARED,
            {"draw": Drawn(DAY, SPARED, True), "marks": (Mark("inspected", ()),)},
            Verdict.STRICTER,
        ),
    ],
)
def test_a_consignment_that_says_otherwise_is_named(
    n: int, changed: dict[str, object], verdict: Verdict
) -> None:
    """Rule 5: what the label claimed of a check is held against the draw."""
    rows = judged([*up_to(n), *parcel(n, **changed)])
    assert rows[-1].verdict is verdict
    assert all(row.verdict is Verdict.AGREES for row in rows[:-1])


def test_cancelling_neither_re_rolls_nor_forgets_the_check() -> None:
    """Rule 4: the parcel after a cancelled drawn one was due for the check, and shirked it."""
    dropped = parcel(FELL)[:1]
    after = FELL + 1
    while outcome(after, POLICY_ENTRY):
        after += 1
    between = [fact for n in range(FELL + 1, after) for fact in parcel(n)[:1]]
    start = [*up_to(FELL), *dropped, *between]
    assert judged([*start, *parcel(after)])[-1].verdict is Verdict.NOT_INSPECTED
    assert judged([*start, *parcel(after, owed=True)])[-1].verdict is Verdict.AGREES


@pytest.mark.parametrize("n", [FELL, FELL + 2])
def test_a_number_used_twice_or_left_out_is_named(n: int) -> None:
    """Rule 4: n is the contract's next one, whatever became of the one before."""
    again = replace(parcel(n)[0], consignment=seed("again", 16))
    rows = judged([*up_to(FELL + 1), again])
    assert rows[-1].verdict is Verdict.COUNT


def test_a_consignment_put_to_the_draw_again_is_named() -> None:
    first = parcel(1)[0]
    again = replace(first, n=2)
    rows = judged([ACCEPTED_POLICY, first, again])
    assert [row.verdict for row in rows] == [Verdict.AGREES, Verdict.DRAWN_TWICE]


def test_a_key_nobody_committed_to_and_a_missing_one_are_told_apart() -> None:
    day = records([*up_to(3)])
    for keys, verdict in (({}, Verdict.KEY_UNKNOWN), ({DAY: bytes(32)}, Verdict.KEY_WRONG)):
        rows = draw_audit.audit(day, POLICIES, keys)
        assert rows[0].verdict is verdict and rows[0].drawn is None
    assert judged(up_to(3), {})[0].verdict is Verdict.POLICY_UNKNOWN


def test_the_first_policy_that_commits_to_a_day_fixes_it() -> None:
    """A second policy can't choose the outcome by its own hash."""
    later = replace(POLICY, version=POLICY.version + 1).sign(signer("policy"))
    policies = draw_audit.read_policies([SIGNED.raw, later.raw], signer("policy").public)
    accepted = [ACCEPTED_POLICY, PolicyFacts(POLICY.version + 1, later.hash)]
    rows = judged([*accepted, *parcel(1), *parcel(2)], policies)
    assert {row.verdict for row in rows} == {Verdict.AGREES}


def test_an_entry_left_out_changed_or_swapped_is_no_record() -> None:
    """Rule 3: draws can't be picked from a chain; it is whole or it is refused."""
    raws = chain(up_to(4))
    public = signer("entry").public
    altered = bytearray(raws[2])
    altered[-1] ^= 1
    for bad in (
        raws[1:], [*raws[:2], *raws[3:]], [raws[0], raws[2], raws[1]],
        [*raws[:2], bytes(altered), *raws[3:]],
    ):  # fmt: skip
        with pytest.raises(WireError):
            list(draw_audit.read_chain(bad, public))
