"""Promise: the terminal obeys only what was signed for it, and only ever something newer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from padpos.ledger.held import Held
from padpos.ledger.ledger import Ledger
from padpos.terminal.standing import Standing
from padpos.wire import draw
from padpos.wire.documents import Contracts, Waybills
from padpos.wire.facts import Kind, PolicyFacts
from padpos.wire.keys import SoftwareSigner
from padpos.wire.link import Again
from padpos.wire.receipt import AttachmentItem, Status
from padpos.wire.want import Want
from tests.ledger.shelf import begun, opened, parcel, receipt_for, stored
from tests.terminal.counters import POLICY, keys, papers, read_chain
from tests.wire.vector_objects import (
    DAY,
    DAY_KEY,
    TERMINAL,
    key_set,
    sealing,
    seed,
    signer,
)

CARRIER = "样例速递"
PAPERS = papers()
SIGN = signer("policy")
OTHER = SoftwareSigner(signer("entry").private)


def standing_on(ledger: Ledger) -> Standing:
    return Standing(ledger, Held(ledger), keys(), CARRIER)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = begun(tmp_path)
    yield made
    made.db.close()  # again does no harm


@pytest.fixture
def standing(ledger: Ledger) -> Standing:
    """A standing with every document of version 1 or so."""
    made = standing_on(ledger)
    assert [made.take(kind, raw) for kind, raw in PAPERS.items()] == ["ok"] * 5
    return made


def policy_entries(ledger: Ledger) -> list[int]:
    facts = read_chain(ledger, Kind.POLICY)
    return [item.version for item in facts if isinstance(item, PolicyFacts)]


def test_a_terminal_says_which_document_it_still_lacks(ledger: Ledger) -> None:
    standing = standing_on(ledger)
    lacking = []
    for kind, raw in PAPERS.items():
        lacking.append(standing.missing)
        assert standing.take(kind, raw) == "ok"
    assert lacking == ["keys", "policy", "waybills", None, None]


def test_everything_accepted_is_there_again_after_a_restart(
    tmp_path: Path, standing: Standing, ledger: Ledger
) -> None:
    assert standing.missing is None
    ledger.close()
    again_ledger = opened(tmp_path)
    again = standing_on(again_ledger)
    again.load()
    assert (again.keys, again.policy, again.waybills, again.contracts, again.day_keys) == (
        standing.keys, standing.policy, standing.waybills, standing.contracts, {DAY: DAY_KEY},
    )  # fmt: skip
    assert policy_entries(again_ledger) == [12]
    again_ledger.close()


@pytest.mark.parametrize("kind", ["keys", "policy", "waybills", "contracts"])
def test_the_same_version_again_is_not_newer_and_changes_nothing(
    standing: Standing, ledger: Ledger, kind: str
) -> None:
    assert standing.take(kind, PAPERS[kind]) == "not-newer"
    assert policy_entries(ledger) == [12]


def test_versions_only_rise_also_across_a_restart(
    tmp_path: Path, standing: Standing, ledger: Ledger
) -> None:
    """Rule 4: an old, laxer policy can't be played back."""
    newer = replace(POLICY, version=14).sign(SIGN).raw
    older = replace(POLICY, version=13).sign(SIGN).raw
    assert standing.take("policy", newer) == "ok"
    assert standing.take("policy", older) == "not-newer"
    ledger.close()
    again_ledger = opened(tmp_path)
    again = standing_on(again_ledger)
    again.load()
    assert again.take("policy", older) == "not-newer"
    assert again.policy is not None and again.policy.version == 14
    again_ledger.close()


@pytest.mark.parametrize("kind", [*PAPERS, "receipt", "want"])
@pytest.mark.parametrize("fault", ["another key", "an altered byte", "another kind", "nothing"])
def test_what_is_not_authentic_changes_nothing(
    standing: Standing, ledger: Ledger, kind: str, fault: str
) -> None:
    """Rules 3 and 4: whoever controls the broker can neither relax the law nor delete."""
    before = (standing.keys, standing.policy, standing.waybills, standing.contracts)
    parcel(ledger)
    raw = forged(kind, fault, ledger)
    assert standing.take(kind, raw) not in ("ok", "not-newer")
    assert (standing.keys, standing.policy, standing.waybills, standing.contracts) == before
    assert standing.day_keys == {DAY: DAY_KEY}
    assert standing.wants.told() == Again()
    message = ledger.message(2)
    assert message is not None and message.sealed


def forged(kind: str, fault: str, ledger: Ledger) -> bytes:
    """A newer document or receipt with something wrong."""
    by = OTHER if fault == "another key" else None
    made = {
        "keys": lambda: replace(key_set(), version=8).sign(by or SIGN).raw,
        "policy": lambda: replace(POLICY, version=13).sign(by or SIGN).raw,
        "waybills": lambda: Waybills(2, TERMINAL, ()).sign(by or signer("waybills")).raw,
        "contracts": lambda: Contracts(2, TERMINAL, ()).sign(by or SIGN).raw,
        "draw": lambda: draw.draw_message({DAY: DAY_KEY}, TERMINAL, sealing("inbox"), by or SIGN),
        "receipt": lambda: receipt_for(ledger, number=1, key=by),
        "want": lambda: Want(TERMINAL, 1, ledger.chain, (2,)).sign(by or signer("receipt")).raw,
    }
    if fault == "nothing":
        return b""
    if fault == "another kind":
        return made["contracts" if kind == "policy" else "policy"]()
    raw = bytearray(made[kind]())
    if fault == "an altered byte":
        raw[len(raw) // 2] ^= 1
    return bytes(raw)


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("keys", replace(key_set(), version=8, terminal="cn-sh-0001").sign(SIGN).raw),
        ("policy", replace(POLICY, version=13, audience=("cn-sh-0001",)).sign(SIGN).raw),
        ("policy", replace(POLICY, version=13, audience="另一速递", commitments={}).sign(SIGN).raw),
        ("waybills", Waybills(2, "cn-sh-0001", ()).sign(signer("waybills")).raw),
        ("contracts", Contracts(2, "cn-sh-0001", ()).sign(SIGN).raw),
    ],
)
def test_what_is_meant_for_others_is_not_accepted(
    standing: Standing, ledger: Ledger, kind: str, raw: bytes
) -> None:
    assert standing.take(kind, raw) == "not-accepted"
    assert policy_entries(ledger) == [12]


def test_a_policy_for_the_whole_carrier_is_taken(standing: Standing) -> None:
    raw = replace(POLICY, version=13, audience=CARRIER, commitments={}).sign(SIGN).raw
    assert standing.take("policy", raw) == "ok"


def test_each_policy_is_an_entry_before_it_is_in_force(standing: Standing, ledger: Ledger) -> None:
    """Rule 4: whatever law was followed is on the record."""
    assert standing.take("policy", replace(POLICY, version=13).sign(SIGN).raw) == "ok"
    assert policy_entries(ledger) == [12, 13]


def test_a_day_committed_to_keeps_its_key_whatever_a_later_policy_says(
    standing: Standing, ledger: Ledger
) -> None:
    """Rule 4: nobody re-draws a day whose parcels he has seen."""
    first = Held(ledger).commitment(DAY)
    other = {DAY: draw.commitment(bytes(32))}
    raw = replace(POLICY, version=13, commitments=other).sign(SIGN).raw
    assert standing.take("policy", raw) == "not-accepted"
    assert standing.policy is not None and standing.policy.version == 12
    assert Held(ledger).commitment(DAY) == first


def test_a_repeated_commitment_keeps_the_entry_that_made_it_first(
    standing: Standing, ledger: Ledger
) -> None:
    first = Held(ledger).commitment(DAY)
    assert standing.take("policy", replace(POLICY, version=13).sign(SIGN).raw) == "ok"
    assert Held(ledger).commitment(DAY) == first is not None


@pytest.mark.parametrize(
    "days", [{DAY: bytes(32)}, {"2026-01-02": DAY_KEY}, {DAY: DAY_KEY, "2026-01-02": DAY_KEY}]
)
def test_a_draw_key_nobody_committed_to_is_not_used(
    standing: Standing, days: dict[str, bytes]
) -> None:
    """Rule 4: the key of a draw was fixed before the parcels came."""
    standing.day_keys = {}
    raw = draw.draw_message(days, TERMINAL, sealing("inbox"), SIGN)
    assert standing.take("draw", raw) == "not-accepted"
    assert standing.day_keys == {}


def test_a_draw_message_for_another_terminal_does_not_open(standing: Standing) -> None:
    raw = draw.draw_message({DAY: DAY_KEY}, "cn-sh-0001", sealing("inbox"), SIGN)
    assert standing.take("draw", raw) == "cannot-open"


def test_the_days_keys_are_kept_sealed(tmp_path: Path, standing: Standing, ledger: Ledger) -> None:
    """Who copies the disk can't foresee the draw without the inbox key."""
    assert standing.day_keys == {DAY: DAY_KEY}
    ledger.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for file in tmp_path.rglob("*.sqlite*"):
        assert DAY_KEY not in file.read_bytes()


def test_a_receipt_before_any_key_set_is_not_believed(ledger: Ledger) -> None:
    """Rule 3: without the authority's key there is nobody to believe."""
    appended, photo = parcel(ledger)
    raw = receipt_for(ledger, stored(appended), AttachmentItem(photo, Status.STORED))
    standing = standing_on(ledger)
    assert standing.take("receipt", raw) == "not-accepted"
    message = ledger.message(appended.seq)
    assert message is not None and message.sealed
    assert standing.take("keys", PAPERS["keys"]) == "ok"
    assert standing.take("receipt", raw) == "ok"
    message = ledger.message(appended.seq)
    assert message is not None and message.sealed is None


def test_a_want_is_believed_by_the_key_sets_key_and_only_ever_newer(
    tmp_path: Path, ledger: Ledger
) -> None:
    """Rule 3: without a key set nobody asks; with one, a want played back asks for nothing."""
    raw = Want(TERMINAL, 5, ledger.chain, (0,)).sign(signer("receipt")).raw
    standing = standing_on(ledger)
    assert standing.take("want", raw) == "not-accepted"
    assert standing.take("keys", PAPERS["keys"]) == "ok"
    assert standing.take("want", raw) == "ok"
    assert standing.wants.told().entries == (0,)
    assert standing.take("want", raw) == "not-newer"
    ledger.close()
    again_ledger = opened(tmp_path)
    again = standing_on(again_ledger)
    again.load()
    assert again.take("want", raw) == "not-newer"
    assert again.wants.told() == Again()
    again_ledger.close()


def test_a_message_of_a_kind_nobody_knows_is_said_to_be_so(standing: Standing) -> None:
    assert standing.take("update", b"whatever") == "not-yet-known"


def test_a_policy_must_state_every_duty_once(standing: Standing) -> None:
    """Rule 4: a policy that forgets a duty is none."""
    forgot = replace(POLICY, version=13, requirements=POLICY.requirements[1:])
    assert standing.take("policy", forgot.sign(SIGN).raw) == "malformed"


def test_no_warning_holds_more_than_kind_and_size(
    standing: Standing, caplog: pytest.LogCaptureFixture
) -> None:
    """Rule 1: what came from outside is counted, not repeated."""
    assert standing.take("policy", seed("noise") * 10) != "ok"
    (record,) = caplog.records
    assert "policy of 320 bytes" in record.getMessage()
    assert seed("noise").hex() not in record.getMessage()
