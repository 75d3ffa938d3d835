"""Promise: a technician sees how a ledger stands, and puts nothing back that does not hold."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

from padpos.ledger import aside
from padpos.ledger.ledger import FILE, Ledger
from padpos.ledger.outbox import Outbox
from padpos.terminal.config import TerminalConfig
from tests.ledger.shelf import clerk, opened, receipt_for, stored
from tests.ledger.wrecks import RECEIPT_KEYS
from tests.terminal.spoilt import NOTE, code_of, content, newer, open_it, run
from tests.wire.vector_objects import signer


def test_status_tells_how_the_ledger_stands(toml: Path) -> None:
    told = json.loads(run(toml, "status", "--json").output)
    assert (told["entries"], told["waiting_entries"], told["waiting_photos"]) == (4, 4, 3)
    assert (told["damage"], told["aside"], told["receipt"]) == (None, {}, None)
    text = run(toml, "status").output
    assert "entries 记录" in text and "4" in text
    assert told["space"]["closing"] is None, "room not made yet is no full disk"


def test_status_names_refusals_receipts_and_what_lies_aside(
    toml: Path, config: TerminalConfig
) -> None:
    from padpos.wire.receipt import Status

    ledger = opened(config.state)
    raw = receipt_for(ledger, stored(clerk(ledger), Status.REFUSED), number=7)
    Outbox(ledger).apply(raw, RECEIPT_KEYS)
    ledger.close()
    (config.state / "aside" / "20260102T030405Z-ledger-foreign").mkdir(parents=True)
    told = json.loads(run(toml, "status", "--json").output)
    assert (told["refused"], told["receipt"]) == ({"not-in-chain": 1}, 7)
    assert list(told["aside"]) == ["20260102T030405Z-ledger-foreign"]


def test_without_a_ledger_status_names_what_lies_aside(toml: Path, config: TerminalConfig) -> None:
    newer(config.state)
    told = run(toml, "status", "--json")
    assert (told.exit_code, json.loads(told.output)["unusable"]["code"]) == (1, "ledger-newer")
    assert (config.state / FILE).exists(), "to look sets nothing aside"
    assert code_of(config) == "ledger-newer"
    (name,) = aside.listed(config.state)
    told = run(toml, "status", "--json")
    assert json.loads(told.output)["aside"] == {name: "ledger-newer"}
    text = run(toml, "status").output
    assert "NO LEDGER" in text and name in text


def test_what_was_set_aside_is_put_back_once_it_holds(toml: Path, config: TerminalConfig) -> None:
    """As after an update of the software that the newer ledger needs."""
    before = content(config.state)
    newer(config.state)
    assert code_of(config) == "ledger-newer"
    (name,) = aside.listed(config.state)
    refused = run(toml, "restore", name)
    assert refused.exit_code == 1 and "version 2" in refused.output
    database = sqlite3.connect(config.state / "aside" / name / FILE)
    database.execute("PRAGMA user_version = 1")
    database.commit()
    database.close()
    assert run(toml, "restore", name).exit_code == 0
    assert content(config.state).keys() - before.keys() <= {f"{FILE}-wal"}
    assert aside.listed(config.state) == {}
    found = open_it(config)
    assert isinstance(found, Ledger) and found.verify(signer("entry").public) == 4
    found.close()


def test_nothing_is_put_back_over_a_ledger_in_place(toml: Path, config: TerminalConfig) -> None:
    """Rule 6 and the chain: an old ledger over a new one would say everything twice."""
    copy = config.state / "aside" / "old"
    copy.parent.mkdir()
    shutil.copytree(config.state, copy, ignore=shutil.ignore_patterns("aside"))
    refused = run(toml, "restore", "old")
    assert refused.exit_code == 1 and "in its place already" in refused.output
    assert run(toml, "restore", "../state").exit_code == 1


def test_a_whole_ledger_is_not_set_aside_and_a_word_of_damage_can_be_taken_back(
    toml: Path, config: TerminalConfig
) -> None:
    refused = run(toml, "set-aside")
    assert refused.exit_code == 1 and "whole" in refused.output
    aside.mark(config.state, NOTE)
    assert run(toml, "verify").exit_code == 0
    assert aside.marked(config.state) is None
    (config.state / "attachments").rename(config.state / "gone")
    failed = run(toml, "verify")
    assert failed.exit_code == 1 and "photo" in failed.output
    marked = aside.marked(config.state)
    assert marked is not None and marked.code == "photo-missing"
    assert run(toml, "set-aside").exit_code == 0
    assert [note and note.code for note in aside.listed(config.state).values()] == ["photo-missing"]
