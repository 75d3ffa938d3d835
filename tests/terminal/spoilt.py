"""A terminal whose ledger is spoilt in every way, and the technician's commands on it."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from click.testing import CliRunner, Result

from padpos.cli import main as padpos
from padpos.ledger.aside import Note
from padpos.ledger.ledger import FILE, Ledger
from padpos.terminal.config import TerminalConfig
from padpos.terminal.opening import Closed, opened_or_closed
from tests.ledger.shelf import ticking
from tests.ledger.wrecks import flipped
from tests.wire.vector_objects import signer

NOTE = Note("ledger-damaged", "entry 3: of a test", "2026-01-02T03:04:05+00:00")


def open_it(config: TerminalConfig) -> Ledger | Closed:
    return opened_or_closed(config, signer("entry"), ticking())


def code_of(config: TerminalConfig) -> str:
    """The code for which it stays closed; it must not be open."""
    found = open_it(config)
    assert isinstance(found, Closed)
    return found.code


def content(state: Path) -> dict[str, bytes]:
    """Every file of a ledger by its path, but for what SQLite may fold in."""
    kept = (path for path in state.rglob("*") if path.is_file() and path.suffix != ".json")
    return {str(path.relative_to(state)): path.read_bytes() for path in kept}


def newer(state: Path) -> None:
    database = sqlite3.connect(state / FILE)
    database.execute("PRAGMA user_version = 2")
    database.commit()
    database.close()


def foreign(state: Path) -> None:
    (state / FILE).write_bytes(b"\xff\xd8\xff\xe0 a picture, say" * 300)


def truncated(state: Path) -> None:
    os.truncate(state / FILE, (state / FILE).stat().st_size - 5000)


def emptied(state: Path) -> None:
    os.truncate(state / FILE, 0)


def altered(state: Path) -> None:
    database = sqlite3.connect(state / FILE)
    raw: bytes = database.execute("SELECT raw FROM entries WHERE seq = 2").fetchone()[0]
    with database:
        database.execute("UPDATE entries SET raw = ? WHERE seq = 2", (flipped(raw, 1000),))
    database.close()


def run(toml: Path, *words: str) -> Result:
    return CliRunner().invoke(padpos, ["ledger", *words, "--config", str(toml)])
