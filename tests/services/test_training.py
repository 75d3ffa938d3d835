"""Promise: training is a world of its own, with keys, chain, state and numbers of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from padpos import cli as terminal_cli
from padpos.ledger.held import Held
from padpos.ledger.ledger import Clock, Ledger
from padpos.terminal import keys as terminal_keys
from padpos.terminal.standing import Standing
from padpos.upkeep import provision
from padpos.wire import ids
from padpos.wire.documents import WaybillRange, Waybills
from padpos.wire.errors import Malformed
from padpos.wire.facts import LabelFacts
from padpos.wire.keys import SoftwareSigner
from padpos_services.authority import cli as authority_cli
from tests.terminal.counters import keys as fixed_keys
from tests.wire.vector_objects import (
    DAY_MS,
    START,
    TERMINAL,
    key_set,
    seed,
    signer,
)

if TYPE_CHECKING:
    from tests.services.conftest import Terminal

CLOCK = Clock(lambda: START, lambda: True)
TRAINEE = "training-07"
FIRST, LAST = ids.training_number(8), ids.training_number(11)


def authority(home: Path, *words: object) -> Result:
    """The authority's command, in this process."""
    return CliRunner().invoke(
        authority_cli.main, [*map(str, words), "--home", str(home)], standalone_mode=True
    )


def asked(folder: Path, terminal: str, *more: str) -> Result:
    """`padpos provision request`."""
    places = {"--keys": "keys", "--uplink": "uplink", "--state": "state", "--out": "request.json"}
    folder.mkdir(exist_ok=True)
    words = [w for option, name in places.items() for w in (option, str(folder / name))]
    return CliRunner().invoke(terminal_cli.main, ["provision", "request", terminal, *words, *more])


def founded(folder: Path, *more: str) -> Path:
    home = folder / "authority"
    assert authority(home, "init", *more).exit_code == 0
    return home


@pytest.mark.parametrize(
    ("terminal", "more", "made"),
    [
        (TRAINEE, ("--training",), True),
        ("pad-0731-01", (), True),
        ("pad-0731-01", ("--training",), False),
        (TRAINEE, (), False),
    ],
)
def test_a_training_terminal_says_so_in_its_id_and_no_other_does(
    tmp_path: Path, terminal: str, more: tuple[str, ...], made: bool
) -> None:
    done = asked(tmp_path / "t", terminal, *more)
    assert (done.exit_code == 0) == made, done.output
    assert (tmp_path / "t" / "state").exists() == made, "a refused request leaves nothing"


def test_production_refuses_a_training_chain_and_training_a_real_one(tmp_path: Path) -> None:
    """Rule 5: what was practised can't pass for what was done."""
    assert asked(tmp_path / "t", TRAINEE, "--training").exit_code == 0
    assert asked(tmp_path / "p", "pad-0731-01").exit_code == 0
    for kind, welcome, other in (("--training", "t", "p"), (None, "p", "t")):
        home = founded(tmp_path / str(kind), *([kind] if kind else []))
        papers = tmp_path / f"papers{kind}"
        refused = authority(home, "enrol", tmp_path / other / "request.json", "--out", papers)
        assert refused.exit_code == 1 and "training" in refused.output
        taken = authority(home, "enrol", tmp_path / welcome / "request.json", "--out", papers)
        assert taken.exit_code == 0, taken.output


def test_numbers_of_the_one_world_are_not_published_in_the_other(tmp_path: Path) -> None:
    assert asked(tmp_path / "t", TRAINEE, "--training").exit_code == 0
    home = founded(tmp_path, "--training")
    request = tmp_path / "t" / "request.json"
    assert authority(home, "enrol", request, "--out", tmp_path / "papers").exit_code == 0

    def publish(first: str, last: str) -> int:
        to = ("publish", "waybills", "--terminal", TRAINEE)
        return authority(home, *to, "--first", first, "--last", last).exit_code

    assert publish("PD2611000001", "PD2611000099") == 1
    assert publish("PPT00000000001", "PPT00000000011") == 1, "no check digits"
    assert publish(FIRST, LAST) == 0


def test_a_range_of_training_numbers_gives_each_its_check_digit_once(tmp_path: Path) -> None:
    """Rule 6: a number is used once, also across a crash, also where ranges overlap."""
    ledger = Ledger(tmp_path / "state", TRAINEE, signer("entry"), CLOCK)
    held = Held(ledger)
    both = (
        WaybillRange(FIRST, LAST, START + DAY_MS),
        WaybillRange(ids.training_number(10), ids.training_number(13), START + DAY_MS),
    )
    waybills = Waybills(1, TRAINEE, both)
    taken = [held.take_waybill(waybills, START) for _ in range(6)]
    assert taken == [ids.training_number(n) for n in range(8, 14)]
    assert all(map(ids.is_training, taken))
    ledger.close()


@pytest.mark.parametrize(
    ("first", "last"),
    [("PPT00000000001", "PPT00000000019"), (FIRST, "PPT00000000019"), (LAST, FIRST)],
)
def test_a_training_range_without_check_digits_is_malformed(first: str, last: str) -> None:
    with pytest.raises(Malformed):
        WaybillRange.from_cbor([first, last, START], "ranges")


@pytest.mark.parametrize(
    ("terminal", "first", "last", "said"),
    [
        (TERMINAL, FIRST, LAST, "not-accepted"),
        (TERMINAL, "AB000001", "AB000002", "ok"),
    ],
)
def test_a_terminal_takes_no_numbers_of_the_other_world(
    tmp_path: Path, terminal: str, first: str, last: str, said: str
) -> None:
    """Rule 5: signed or not, a production label never bears a training number."""
    ledger = Ledger(tmp_path / "state", terminal, signer("entry"), CLOCK)
    standing = Standing(ledger, Held(ledger), fixed_keys(), "样例速递")
    assert standing.take("keys", key_set().sign(signer("policy")).raw) == "ok"
    numbers = Waybills(1, terminal, (WaybillRange(first, last, START + DAY_MS),))
    assert standing.take("waybills", numbers.sign(signer("waybills")).raw) == said
    ledger.close()


def test_the_authority_stores_no_training_number_from_production(terminal: Terminal) -> None:
    """Rule 3: it is refused by name, and the terminal keeps its entry."""
    facts = LabelFacts(
        seed("c", 16), FIRST, 1, seed("code"), "intended", "terminal", None
    )  # fmt: skip
    assert terminal.send(facts, "label") == (2, "other-world")


def test_training_shares_no_key_with_production(tmp_path: Path) -> None:
    """Rule 1: losing a practice terminal loses no key that counts."""
    for folder, name, more in (("t", TRAINEE, ("--training",)), ("p", "pad-0731-01", ())):
        assert asked(tmp_path / folder, name, *more).exit_code == 0
    trainee, real = (json.loads((tmp_path / f / "request.json").read_text()) for f in "tp")
    assert trainee["chain"] != real["chain"] and trainee["inbox_key"] != real["inbox_key"]
    signers = [terminal_keys.load_entry_key(tmp_path / folder / "keys") for folder in "tp"]
    assert all(isinstance(each, SoftwareSigner) for each in signers)
    assert signers[0].public != signers[1].public
    with pytest.raises(provision.ProvisioningError):
        provision.request(
            TRAINEE, tmp_path / "p" / "keys", tmp_path / "u", tmp_path / "s", CLOCK, training=True
        )
