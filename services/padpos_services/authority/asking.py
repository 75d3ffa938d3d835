"""`want`: an operator asks a terminal again, now, and for what was refused."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from padpos_services.authority import missing, store, unsettled
from padpos_services.authority.errors import NotAsked
from padpos_services.authority.home import Home
from padpos_services.authority.unsettled import State
from padpos_services.shared import database as shared_database


@dataclass(frozen=True, slots=True)
class Asked:
    """How much the next want asks for."""

    entries: int
    attachments: int


def ask(home: Home, terminal: str, *, refused: bool, seqs: Sequence[int]) -> Asked:
    """Ask for what is missing without waiting, for `seqs` of the open chain, and for every
    refused entry if `refused`. Raises NotAsked."""
    with contextlib.closing(store.connect(home.database)) as database:
        with shared_database.transaction(database):
            chain = _open_chain(database, terminal)
            for seq in seqs:
                _require_missing(database, terminal, chain, seq)
                unsettled.note(database, terminal, chain, seq, State.ASKED)
            if refused and not unsettled.ask_refused(database, terminal):
                raise NotAsked(f"no entry of {terminal} is refused")
            database.execute("UPDATE want SET due = 0, wait = 0 WHERE terminal = ?", (terminal,))
        keys = [key for key in missing.chains(database) if key[0] == terminal]
        return Asked(
            sum(len(missing.entries(database, key)) for key in keys),
            sum(len(missing.attachments(database, key)) for key in keys),
        )


def _open_chain(database: sqlite3.Connection, terminal: str) -> bytes:
    row = database.execute(
        "SELECT chain FROM chain WHERE terminal = ? AND state = 'open'", (terminal,)
    ).fetchone()
    if row is None:
        raise NotAsked(f"no terminal {terminal} is enrolled")
    return bytes(row["chain"])


def _require_missing(database: sqlite3.Connection, terminal: str, chain: bytes, seq: int) -> None:
    held = database.execute(
        "SELECT 1 FROM entry WHERE terminal = ? AND chain = ? AND seq = ?", (terminal, chain, seq)
    ).fetchone()
    if held is not None:
        raise NotAsked(f"entry {seq} of {terminal} is stored already")
