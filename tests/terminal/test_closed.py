"""Promise: the program stays up without a usable ledger, and finds damage while it works."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from padpos.ledger import aside
from padpos.ledger.ledger import FILE, TAIL
from padpos.terminal.config import TerminalConfig
from padpos.wire.facts import GenesisFacts
from tests.ledger.shelf import clerk, opened
from tests.terminal.spoilt import altered, newer, run
from tests.wire.vector_objects import sealing


@contextmanager
def running(toml: Path) -> Iterator[httpx.Client]:
    """The terminal as a process, and a client of its screen; it must end well when asked to."""
    words = [sys.executable, "-m", "padpos", "terminal", "--config", str(toml)]
    process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    transport = httpx.HTTPTransport(uds=str(toml.parent / "screen.sock"))
    try:
        with httpx.Client(transport=transport, base_url="http://127.0.0.1:8080") as client:
            yield client
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
    finally:
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=20)
    assert process.returncode == 0, said


def state_of(client: httpx.Client, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The screen's state once it is as wanted, within a quarter of a minute."""
    until = time.monotonic() + 15
    told: dict[str, Any] = {}
    while time.monotonic() < until:
        with contextlib.suppress(httpx.TransportError):
            told = client.get("/api/state").json()
            if wanted(told):
                return told
        time.sleep(0.05)
    raise AssertionError(told)


def test_the_program_stays_up_closed_and_opens_when_the_ledger_is_put_back(
    toml: Path, config: TerminalConfig
) -> None:
    newer(config.state)
    with running(toml) as client:
        told = state_of(client, bool)
        assert told["closed"]["code"] == "ledger-newer"
        assert "技术员" in told["closed"]["zh"] and "technician" in told["closed"]["en"]
        assert not told["ready"]
        assert told["queue"] is None, "what lies aside may be unsent: the screen must not deny it"
        body = {"key": "12345678", "command": "begin", "customer": "walk-in"}
        refused = client.post("/api/command", json=body)
        assert (refused.status_code, refused.json()["code"]) == (409, "ledger-newer")
        (name,) = aside.listed(config.state)
        database = sqlite3.connect(config.state / "aside" / name / FILE)
        database.execute("PRAGMA user_version = 1")
        database.commit()
        database.close()
        assert run(toml, "restore", name).exit_code == 0
        told = state_of(client, lambda told: told["closed"] is None)
        assert told["missing"] == "keys"
        asked = json.loads(run(toml, "status", "--json").output)
        assert asked["entries"] >= 4, "the days before are closed by a checkpoint, perhaps already"
        assert asked["space"]["reserve"]


def test_the_program_finds_damage_behind_the_ends_while_it_works(
    toml: Path, config: TerminalConfig
) -> None:
    shutil.rmtree(config.state)
    ledger = opened(config.state)
    ledger.begin(GenesisFacts("test", sealing("inbox").raw))
    with ledger.transaction():
        for _ in range(2 * TAIL):
            clerk(ledger)
    ledger.close()
    altered(config.state)
    with running(toml) as client:
        told = state_of(client, lambda told: told["closed"] is not None)
        assert told["closed"]["code"] == "ledger-damaged"
    marked = aside.marked(config.state)
    assert marked is not None and marked.what.startswith("entry 2:")
