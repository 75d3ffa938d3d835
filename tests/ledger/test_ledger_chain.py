"""Promise: the ledger is one chain of one terminal, and whatever was altered is named."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from padpos.ledger.errors import LedgerDamaged, LedgerForeign, LedgerFull, LedgerNewer, PhotoLost
from padpos.ledger.ledger import Ledger
from padpos.wire import entry as wire_entry
from padpos.wire.facts import GenesisFacts, Kind
from tests.ledger.shelf import begun, clerk, opened, parcel, ticking
from tests.wire.vector_objects import TERMINAL, sealing, signer

FILE = "ledger.sqlite"
KEY = signer("entry").public


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """The folder of a closed ledger with genesis, clerk, parcel, clerk."""
    ledger = begun(tmp_path)
    clerk(ledger)
    parcel(ledger)
    clerk(ledger)
    ledger.close()
    return tmp_path


def altered(folder: Path, statement: str, *values: object) -> None:
    """Change the closed database behind the ledger's back."""
    database = sqlite3.connect(folder / FILE)
    database.create_function("row_sum", -1, lambda *_: b"a forged sum")
    with database:
        database.execute("PRAGMA foreign_keys = OFF")
        assert database.execute(statement, values).rowcount > 0
    database.close()


def raw_of(folder: Path, seq: int) -> bytes:
    database = sqlite3.connect(folder / FILE)
    raw: bytes = database.execute("SELECT raw FROM entries WHERE seq = ?", (seq,)).fetchone()[0]
    database.close()
    return raw


def test_each_entry_names_the_hash_of_the_one_before(shelf: Path) -> None:
    before = bytes(32)
    for seq in range(4):
        entry, digest = wire_entry.verify(raw_of(shelf, seq), KEY)
        assert (entry.seq, entry.prev, entry.terminal) == (seq, before, TERMINAL)
        before = digest
    assert entry.kind is Kind.CLERK


def test_a_reopened_ledger_verifies_and_goes_on_where_it_stood(shelf: Path) -> None:
    ledger = opened(shelf)
    assert ledger.verify(KEY) == 4
    appended = clerk(ledger)
    entry, _ = wire_entry.verify(ledger.message(appended.seq).entry, KEY)  # type: ignore[union-attr]  # it was just appended
    assert appended.seq == 4
    assert entry.prev == wire_entry.verify(raw_of_open(ledger, 3), KEY)[1]
    assert ledger.verify(KEY) == 5


def raw_of_open(ledger: Ledger, seq: int) -> bytes:
    message = ledger.message(seq)
    assert message is not None
    return message.entry


def test_a_chain_begins_once(shelf: Path) -> None:
    ledger = opened(shelf)
    chain = ledger.chain
    with pytest.raises(LedgerForeign):
        ledger.begin(GenesisFacts("again", sealing("inbox").raw))
    assert (ledger.chain, ledger.verify(KEY)) == (chain, 4)


def test_two_chains_of_one_terminal_bear_two_names(tmp_path: Path) -> None:
    assert begun(tmp_path / "one").chain != begun(tmp_path / "two").chain


def test_an_empty_ledger_takes_no_entry_but_genesis(tmp_path: Path) -> None:
    ledger = opened(tmp_path)
    assert not ledger.begun
    ledger.begin(GenesisFacts("test", sealing("inbox").raw))
    assert ledger.begun


@pytest.mark.parametrize("seq", [0, 1, 2, 3])
@pytest.mark.parametrize("place", [0.05, 0.3, 0.5, 0.7, 0.99])
def test_one_bit_altered_in_an_entry_is_found_and_the_entry_named(
    shelf: Path, seq: int, place: float
) -> None:
    raw = bytearray(raw_of(shelf, seq))
    raw[int(len(raw) * place)] ^= 0x10
    altered(shelf, "UPDATE entries SET raw = ? WHERE seq = ?", bytes(raw), seq)
    with pytest.raises(LedgerDamaged, match=f"entry {seq}:"):
        opened(shelf)


def test_an_entry_put_in_anothers_place_is_found(shelf: Path) -> None:
    """An authentic signature is not enough: it must be the entry of that place."""
    altered(shelf, "UPDATE entries SET raw = ? WHERE seq = 1", raw_of(shelf, 3))
    with pytest.raises(LedgerDamaged, match="entry 1:"):
        opened(shelf)


def test_a_removed_entry_is_found(shelf: Path) -> None:
    altered(shelf, "DELETE FROM entries WHERE seq = 1")
    with pytest.raises(LedgerDamaged, match="entry 1: missing"):
        opened(shelf)


def test_an_altered_hash_column_is_found(shelf: Path) -> None:
    altered(shelf, "UPDATE entries SET hash = ? WHERE seq = 1", bytes(32))
    with pytest.raises(LedgerDamaged, match="entry 1:"):
        opened(shelf)


def test_another_chains_name_is_found(shelf: Path) -> None:
    altered(shelf, "UPDATE meta SET value = ? WHERE key = 'chain'", bytes(16))
    with pytest.raises(LedgerDamaged, match="entry 0:"):
        opened(shelf)


def test_an_emptied_chain_is_found(shelf: Path) -> None:
    altered(shelf, "DELETE FROM attachments")
    altered(shelf, "DELETE FROM entries")
    with pytest.raises(LedgerDamaged):
        opened(shelf)


def test_the_ledger_of_another_terminal_is_refused(shelf: Path) -> None:
    with pytest.raises(LedgerForeign, match="another terminal"):
        opened(shelf, terminal="cn-sh-0001")


def test_a_ledger_signed_with_another_key_is_refused(shelf: Path) -> None:
    with pytest.raises(LedgerDamaged, match="entry 0:"):
        opened(shelf, key=signer("policy"))


def test_a_newer_version_is_refused_and_left_as_it_is(shelf: Path) -> None:
    altered_pragma(shelf, "PRAGMA user_version = 99")
    with pytest.raises(LedgerNewer, match="99"):
        opened(shelf)
    assert raw_of(shelf, 0)


def altered_pragma(folder: Path, statement: str) -> None:
    database = sqlite3.connect(folder / FILE)
    database.execute(statement)
    database.commit()
    database.close()


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"not a database, but a shopping list" * 100)
    with pytest.raises(LedgerForeign, match="not a ledger"):
        opened(tmp_path)
    assert (tmp_path / FILE).read_bytes().startswith(b"not a database")


def test_the_database_of_something_else_is_refused_and_gets_no_tables(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / FILE)
    database.execute("CREATE TABLE recipes (name TEXT)")
    database.close()
    with pytest.raises(LedgerForeign):
        opened(tmp_path)
    database = sqlite3.connect(tmp_path / FILE)
    assert database.execute("SELECT name FROM sqlite_schema").fetchall() == [("recipes",)]


def test_a_second_process_is_told_that_the_ledger_is_in_use(shelf: Path) -> None:
    """Rule 7: only the counter process opens the ledger."""
    ledger = opened(shelf)
    code = (
        "import sys; from pathlib import Path\n"
        "from padpos.ledger.errors import LedgerInUse\n"
        "from tests.ledger.shelf import opened\n"
        "try: opened(Path(sys.argv[1]))\n"
        "except LedgerInUse as error: print(error)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", code, str(shelf)], capture_output=True, text=True, check=True
    )
    assert "in use by another process" in said.stdout
    clerk(ledger)


def test_the_folder_and_files_are_closed_to_other_users(tmp_path: Path) -> None:
    """Rule 7: another user's process finds a closed door."""
    folder = tmp_path / "state"
    parcel(begun(folder))
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / "attachments").stat().st_mode & 0o077 == 0
    for file in (folder / "attachments").iterdir():
        assert file.stat().st_mode & 0o077 == 0


def test_a_transaction_that_fails_leaves_neither_entry_nor_gap(shelf: Path) -> None:
    ledger = opened(shelf)
    with pytest.raises(RuntimeError), ledger.transaction():
        clerk(ledger)
        with ledger.transaction():
            parcel(ledger, b"another photo")
        raise RuntimeError
    assert ledger.verify(KEY) == 4
    assert clerk(ledger).seq == 4
    assert ledger.verify(KEY) == 5
    ledger.close()
    assert opened(shelf).verify(KEY) == 5


def test_an_inner_transaction_may_fail_alone(shelf: Path) -> None:
    ledger = opened(shelf)
    with ledger.transaction():
        clerk(ledger)
        with pytest.raises(RuntimeError), ledger.transaction():
            clerk(ledger)
            raise RuntimeError
        assert clerk(ledger).seq == 5
    assert ledger.verify(KEY) == 6


def test_an_entry_that_can_not_be_written_leaves_the_chain_as_it_was(shelf: Path) -> None:
    """Rule 3: a full disk loses nothing that was promised."""
    ledger = opened(shelf)
    pages: int = ledger.db.pragma("page_count")
    ledger.db.pragma("max_page_count", pages)
    with pytest.raises(LedgerFull):
        for number in range(50):
            parcel(ledger, f"photo {number}".encode())
    ledger.db.pragma("max_page_count", pages + 1000)
    kept = ledger.verify(KEY)
    assert clerk(ledger).seq == kept
    assert ledger.verify(KEY) == kept + 1


def test_the_clock_and_its_trust_are_told_in_each_entry(tmp_path: Path) -> None:
    untrusted = ticking().__class__(lambda: 5, lambda: False)
    ledger = Ledger(tmp_path, TERMINAL, signer("entry"), untrusted)
    ledger.begin(GenesisFacts("test", sealing("inbox").raw))
    entry, _ = wire_entry.verify(raw_of_open(ledger, 0), KEY)
    assert (entry.time, entry.synchronised) == (5, False)


def test_a_copied_ledger_opens_elsewhere_for_whoever_audits_it(shelf: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    shutil.copy2(shelf / FILE, copy / FILE)
    with pytest.raises(PhotoLost, match="entry 2"):
        opened(copy).verify(KEY)
    shutil.copytree(shelf / "attachments", copy / "attachments", dirs_exist_ok=True)
    assert opened(copy).verify(KEY) == 4
