"""Promise: a terminal without a usable ledger comes up closed and says why; nothing is deleted."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from padpos.cli import main as padpos
from padpos.ledger import aside
from padpos.ledger.aside import Note
from padpos.ledger.ledger import FILE, TAIL, Ledger
from padpos.terminal.config import TerminalConfig
from padpos.terminal.opening import Closed, opened_or_closed
from padpos.wire.facts import GenesisFacts
from tests.ledger.shelf import begun, clerk, opened, parcel, receipt_for, stored, ticking
from tests.ledger.wrecks import RECEIPT_KEYS, flipped
from tests.terminal.counters import configuration
from tests.wire.vector_objects import sealing, seed, signer

from padpos.ledger.outbox import Outbox  # isort: skip

NOTE = Note("ledger-damaged", "entry 3: of a test", "2026-01-02T03:04:05+00:00")


@pytest.fixture
def config(tmp_path: Path) -> TerminalConfig:
    """A terminal with a ledger of a few entries and a photo."""
    made = configuration(tmp_path)
    ledger = begun(made.state)
    for _ in range(3):
        parcel(ledger, os.urandom(3000))
    ledger.close()
    return made


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


# --- the technician's commands -------------------------------------------------------------------


@pytest.fixture
def toml(config: TerminalConfig) -> Path:
    """Its configuration as a file, and its keys."""
    config.keys.mkdir()
    private = signer("entry").private
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (config.keys / "entry.key.pem").write_bytes(pem)
    (config.keys / "inbox.key.hex").write_text(seed("inbox key").hex())
    public = signer("policy").public
    pinned = json.dumps({"alg": int(public.alg), "public": public.raw.hex()})
    (config.keys / "policy-key.json").write_text(pinned)
    path = config.state.parent / "terminal.toml"
    path.write_text(
        f'terminal = "{config.terminal}"\ncarrier = "c"\noutlet = "o"\narea = "a"\n'
        'state = "state"\nkeys = "keys"\nreader = "none"\nprinter = "127.0.0.1:9"\n'
        'camera = "camera"\nlink = "link.sock"\nlisten = ["unix:screen.sock"]\n'
        'label_prefix = "HTTPS://L.EXAMPLE.CN/"\n[clerks]\n',
        "utf-8",
    )
    return path


def run(toml: Path, *words: str) -> Result:
    return CliRunner().invoke(padpos, ["ledger", *words, "--config", str(toml)])


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


# --- the program itself --------------------------------------------------------------------------


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
        assert (asked["entries"], asked["space"]["reserve"]) == (4, True)


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
