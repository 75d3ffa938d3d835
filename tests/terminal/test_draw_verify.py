"""Promise: `padpos draw verify` agrees with an honest day, and names the row that lies."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from padpos.cli import main
from padpos.ledger.ledger import Clock, Ledger
from padpos.wire.certificates import DOCUMENT_SIGNING
from padpos.wire.fact_values import Drawn
from padpos.wire.facts import DrawFacts, Kind
from tests.terminal.counters import POLICY, SENDER_PHONE, counter
from tests.terminal.test_closing import written_config
from tests.wire.vector_objects import (
    DAY,
    DAY_KEY,
    RECIPIENT,
    START,
    TERMINAL,
    certificate,
    consignment_facts,
    seed,
    signer,
)

HALF = replace(POLICY, draw_rate=500_000)
PARCELS = 12
DROPPED = (3, 11)  # one more after a draw, and a second clerk would be asked


def told(folder: Path, **changed: object) -> Path:
    """What the authority discloses of the day; `changed` replaces parts of it."""
    signed = HALF.sign(signer("policy"))
    whole = {"terminal": TERMINAL, "keys": {DAY: DAY_KEY.hex()}, "policies": [signed.raw.hex()]}
    path = folder / "disclosed.json"
    path.write_text(json.dumps({**whole, **changed}))
    return path


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state of a terminal that took contract parcels all day, some of them given up."""
    folder = tmp_path_factory.mktemp("worked")

    async def day() -> None:
        async with counter(folder, policy=HALF) as c:
            for number in range(PARCELS):
                await c.do("begin", customer="contract", contract="contract-9")
                if number in DROPPED:
                    await c.do("abandon", reason="cancelled")
                    continue
                held = c.station.state.consignment
                assert held is not None
                if held.check_owed or (held.draw and held.draw.drawn):
                    await c.do("photo")
                await c.do("sender", phone=SENDER_PHONE, name="样例商行", address="样例路9号")
                await c.do(
                    "recipient",
                    name=RECIPIENT.name, phone=RECIPIENT.phone, address=RECIPIENT.address,
                )  # fmt: skip
                await c.do("contents", contents="文具", grams=900)
                await c.do("confirm")

    asyncio.run(day())
    keys = written_config(folder).parent / "keys"
    pinned = signer("policy").public
    word = json.dumps({"alg": int(pinned.alg), "public": pinned.raw.hex()})
    (keys / "policy-key.json").write_text(word)
    paper = x509.load_der_x509_certificate(certificate([DOCUMENT_SIGNING]))
    (keys / "entry.pem").write_bytes(paper.public_bytes(Encoding.PEM))
    return folder


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def verify(worked: Path, disclosed: Path, *more: str) -> Result:
    """As the technician asks it."""
    config = worked / "terminal.toml"
    return run("draw", "verify", "--disclosed", disclosed, "--config", config, *more)


def test_an_honest_day_agrees_from_the_ledger_and_from_an_export(
    worked: Path, tmp_path: Path
) -> None:
    """Anyone with the day's key, the export and the pinned keys: no terminal is needed."""
    own = verify(worked, told(tmp_path), "--json")
    assert own.exit_code == 0, own.output
    rows = 2 * PARCELS - len(DROPPED)
    assert json.loads(own.output)["counted"] == {"agrees": rows}
    exported = tmp_path / "entries.hex"
    assert run("ledger", "export", "--config", worked / "terminal.toml", "--out", exported
               ).exit_code == 0  # fmt: skip
    other = run(
        "draw", "verify", "--disclosed", told(tmp_path), "--entries", exported,
        "--certificate", worked / "keys" / "entry.pem",
        "--policy-key", worked / "keys" / "policy-key.json",
    )  # fmt: skip
    assert other.exit_code == 0 and f"{rows} agrees" in other.output
    text = exported.read_text("ascii") + other.output
    for secret in (RECIPIENT.name, RECIPIENT.phone, SENDER_PHONE):
        assert secret.encode().hex() not in text and secret not in text


def test_a_wrong_key_another_terminal_and_a_silent_day_are_told_apart(
    worked: Path, tmp_path: Path
) -> None:
    wrong = verify(worked, told(tmp_path, keys={DAY: bytes(32).hex()}))
    assert wrong.exit_code == 1 and "key-wrong" in wrong.output
    silent = verify(worked, told(tmp_path, keys={}))
    assert silent.exit_code == 0 and "of days not disclosed" in silent.output
    foreign = verify(worked, told(tmp_path, terminal="another-01"))
    assert foreign.exit_code == 1 and "another terminal" in foreign.output
    unknown = verify(worked, told(tmp_path, policies=[]))
    assert unknown.exit_code == 1 and "policy-unknown" in unknown.output


@pytest.mark.parametrize("text", ["", "[]", '{"terminal": "x"}', '{"keys": {"today": "00"}}'])
def test_what_is_no_disclosure_is_named(worked: Path, tmp_path: Path, text: str) -> None:
    path = tmp_path / "disclosed.json"
    path.write_text(text)
    said = verify(worked, path)
    assert said.exit_code == 1 and "not what the authority discloses" in said.output


def test_a_day_with_a_lie_in_it_fails_and_names_the_row(tmp_path: Path) -> None:
    """Rule 4: a terminal that re-rolls, or shirks a check, signs its own confession."""
    clock = Clock(lambda: START, lambda: True)

    async def day() -> None:
        async with counter(tmp_path, policy=HALF):
            pass

    asyncio.run(day())
    keys = written_config(tmp_path).parent / "keys"
    pinned = signer("policy").public
    word = json.dumps({"alg": int(pinned.alg), "public": pinned.raw.hex()})
    (keys / "policy-key.json").write_text(word)
    ledger = Ledger(tmp_path / "state", TERMINAL, signer("entry"), clock)
    for n in range(1, 9):
        name = seed(f"parcel {n}", 16)
        ledger.append(Kind.DRAW, DrawFacts(name, DAY, "contract-9", n, HALF.version))
        shirked = consignment_facts(consignment=name, draw=Drawn(DAY, n, False), marks=())
        ledger.append(Kind.CONSIGNMENT, shirked)
    ledger.close()
    said = verify(tmp_path, told(tmp_path))
    assert said.exit_code == 1
    assert "contract-9 n=" in said.output and "not-checked" in said.output


def test_half_the_options_are_no_question(worked: Path, tmp_path: Path) -> None:
    said = run("draw", "verify", "--disclosed", told(tmp_path), "--entries", worked / "x")
    assert said.exit_code == 2 and "either --config" in said.output
