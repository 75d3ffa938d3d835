"""Promise: a terminal without a usable ledger comes up closed and says why; nothing is deleted."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from padpos.ledger import aside
from padpos.ledger.ledger import FILE, Ledger
from padpos.ledger.outbox import Outbox
from padpos.terminal.config import TerminalConfig
from tests.ledger.shelf import receipt_for, stored
from tests.ledger.wrecks import RECEIPT_KEYS
from tests.terminal.spoilt import (
    NOTE,
    altered,
    code_of,
    content,
    emptied,
    foreign,
    newer,
    open_it,
    truncated,
)

SPOILT: dict[str, list[Callable[[Path], None]]] = {
    "ledger-newer": [newer],
    "ledger-foreign": [foreign],
    "ledger-truncated": [truncated, emptied],
    "ledger-damaged": [altered],
}


@pytest.mark.parametrize(
    ("code", "spoil"), [(code, spoil) for code, ways in SPOILT.items() for spoil in ways]
)
def test_what_can_not_be_used_is_set_aside_whole_and_the_counter_stays_closed(
    config: TerminalConfig, code: str, spoil: Callable[[Path], None]
) -> None:
    """Rule 3: unsent evidence in it is still somebody's to save."""
    spoil(config.state)
    before = content(config.state)
    assert code_of(config) == code
    ((name, note),) = aside.listed(config.state).items()
    assert note is not None and note.code == code
    assert name.endswith(f"Z-{code}")
    assert content(config.state / "aside" / name) == before
    assert not (config.state / FILE).exists()
    assert code_of(config) == code, "and it says so for as long as nobody has helped"
    assert len(aside.listed(config.state)) == 1


def test_another_terminals_ledger_is_foreign(config: TerminalConfig) -> None:
    assert code_of(replace(config, terminal="cn-sh-0001")) == "ledger-foreign"


def test_what_may_pass_by_itself_is_left_alone(config: TerminalConfig) -> None:
    """Another process, a disk that answers with errors, a folder that isn't mounted yet."""
    before = content(config.state)
    holder = subprocess.Popen(
        [
            sys.executable, "-c",
            "import sys; from pathlib import Path; from tests.ledger.shelf import opened\n"
            "held = opened(Path(sys.argv[1])); print('open', flush=True); sys.stdin.read()",
            str(config.state),
        ],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert holder.stdout is not None
    assert holder.stdout.readline() == "open\n"
    assert code_of(config) == "ledger-in-use"
    holder.communicate("")
    (config.state / FILE).rename(config.state / "away")
    assert code_of(config) == "ledger-missing"
    assert not (config.state / FILE).exists(), "no empty ledger is made in its place"
    (config.state / "away").rename(config.state / FILE)
    assert aside.listed(config.state) == {}
    found = open_it(config)
    assert isinstance(found, Ledger)
    found.close()
    after = content(config.state)
    assert {name: after[name] for name in before if name != FILE} | {FILE: before[FILE]} == before


def test_a_disk_error_is_not_taken_for_damage(
    config: TerminalConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    import errno

    def broken(self: Path, mode: str = "r", **_: Any) -> Any:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", broken)
        assert code_of(config) == "disk-error"
    found = open_it(config)
    assert isinstance(found, Ledger)
    found.close()


@pytest.mark.parametrize("steps", range(4))
def test_a_power_cut_in_the_middle_of_setting_aside_loses_nothing(
    config: TerminalConfig, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    """An old database without its log would pass for whole, and fork the chain."""
    before = content(config.state)
    real, done = Path.rename, 0

    def cut(self: Path, target: Path) -> Path:
        nonlocal done
        done += 1
        if done > steps:
            raise KeyboardInterrupt
        return real(self, target)

    with monkeypatch.context() as patch, contextlib.suppress(KeyboardInterrupt):
        patch.setattr(Path, "rename", cut)
        aside.set_aside(config.state, NOTE)
    assert code_of(config) == NOTE.code
    (name,) = aside.listed(config.state)
    assert content(config.state / "aside" / name) == before


def test_damage_found_at_work_closes_the_counter_but_what_is_whole_is_still_sent(
    config: TerminalConfig,
) -> None:
    """Rule 3: set aside only once nothing in it waits for the authority any more."""
    aside.mark(config.state, NOTE)
    found = open_it(config)
    assert isinstance(found, Ledger)
    from padpos.terminal.books import Books

    books = Books(found, None, lambda: None)  # type: ignore[arg-type]  # nothing is run here
    assert books.closed == NOTE.code
    rows = found.db.execute("SELECT seq, hash FROM entries").fetchall()
    items = [stored(type("Row", (), {"seq": seq, "hash": digest})) for seq, digest in rows]  # type: ignore[arg-type]  # it has both
    Outbox(found).apply(receipt_for(found, *items), RECEIPT_KEYS)
    found.close()
    found = open_it(config)
    assert isinstance(found, Ledger), "photos wait still"
    found.close()
    for photo in list((config.state / "attachments").iterdir()):
        photo.unlink()
    database = sqlite3.connect(config.state / FILE)
    database.create_function("row_sum", -1, lambda *_: b"")
    with database:
        database.execute("UPDATE attachments SET receipted = 1")
    database.close()
    assert code_of(config) == NOTE.code
    assert not (config.state / FILE).exists()
