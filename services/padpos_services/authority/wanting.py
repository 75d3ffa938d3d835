"""Wants: when a terminal is asked for what is missing, and how often."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections import defaultdict
from collections.abc import Container, Iterable, Sequence

from padpos.wire.keys import Signer
from padpos.wire.want import Want
from padpos_services.authority import missing, store
from padpos_services.shared import database as shared_database

log = logging.getLogger(__name__)

LAST_MS = 15 * 60 * 1000
PATIENCE = 12  # times the settling time: then it is asked although it goes on sending


class Wants:
    """Decides and signs. Times between wants double without progress, from `after` s to 15 min.

    What is under way is no gap: nothing is asked for before the terminal was silent for `after`.
    """

    def __init__(self, database: sqlite3.Connection, signer: Signer, after: float) -> None:
        self._database = database
        self._signer = signer
        self._after = after
        self._begun = time.monotonic()
        self._heard: dict[str, float] = {}
        self._noticed: dict[str, float] = {}
        self._asked: dict[str, set[object]] = {}

    def heard(self, terminals: Iterable[str]) -> None:
        """These came online, or sent something, just now."""
        self._heard.update(dict.fromkeys(terminals, time.monotonic()))

    def due(self, online: Container[str]) -> list[tuple[str, bytes]]:
        """Wants to publish now: (terminal, signed bytes)."""
        lacking: dict[str, list[missing.Chain]] = defaultdict(list)
        for key in missing.chains(self._database):
            lacking[key[0]].append(key)
        self._forget_all_but(lacking)
        found: list[tuple[str, bytes]] = []
        for terminal, chains in lacking.items():
            if terminal in online and self._settled(terminal) and self._is_due(terminal):
                found += [(terminal, raw) for raw in self._ask(terminal, chains)]
        return found

    def _settled(self, terminal: str) -> bool:
        now = time.monotonic()
        noticed = self._noticed.setdefault(terminal, now)
        quiet = now - self._heard.get(terminal, self._begun)
        return quiet >= self._after or now - noticed >= PATIENCE * self._after

    def _is_due(self, terminal: str) -> bool:
        query = "SELECT due FROM want WHERE terminal = ?"
        row = self._database.execute(query, (terminal,)).fetchone()
        # A clock that was ahead must not silence us for as long as it was.
        return row is None or not 0 < row["due"] - shared_database.now_ms() <= LAST_MS

    def _ask(self, terminal: str, chains: Sequence[missing.Chain]) -> list[bytes]:
        parts = [
            (key[1], missing.entries(self._database, key), missing.attachments(self._database, key))
            for key in chains
        ]
        parts = [part for part in parts if part[1] or part[2]]
        del self._noticed[terminal]
        if not parts:  # all of it is known to be lost, or refused: look again in a while
            self.heard([terminal])
            return []
        asked: set[object] = {item for part in parts for items in part[1:] for item in items}
        progress = bool(self._asked.get(terminal, set()) - asked)
        self._asked[terminal] = asked
        at = self._note(terminal, len(parts), progress=progress)
        wants = [Want(terminal, at + n, *part) for n, part in enumerate(parts)]
        for want in wants:
            entries, attachments = len(want.entries), len(want.attachments)
            log.info("%s: %d entries, %d attachments wanted", terminal, entries, attachments)
        return [want.sign(self._signer).raw for want in wants]

    def _note(self, terminal: str, number: int, *, progress: bool) -> int:
        """Count so many wants and put the next off: the first one's time (ms), ever rising."""
        now, first = shared_database.now_ms(), int(self._after * 1000)
        with shared_database.transaction(self._database):
            row = self._database.execute(
                "SELECT time, wait FROM want WHERE terminal = ?", (terminal,)
            ).fetchone()
            at = now if row is None else max(now, row["time"] + 1)
            wait = first if row is None or progress else min(2 * row["wait"] or first, LAST_MS)
            self._database.execute(
                "INSERT OR REPLACE INTO want VALUES(?, ?, ?, ?)",
                (terminal, at + number - 1, now + wait, wait),
            )
            store.count(self._database, "want-sent", terminal)
        return at

    def _forget_all_but(self, lacking: Container[str]) -> None:
        """Begin anew with those of which nothing is missing any more."""
        for known in (self._noticed, self._asked):
            for terminal in [terminal for terminal in known if terminal not in lacking]:
                del known[terminal]
        query = "SELECT terminal FROM want WHERE wait > 0"
        waiting = [row["terminal"] for row in self._database.execute(query)]
        done = [(terminal,) for terminal in waiting if terminal not in lacking]
        if done:
            with shared_database.transaction(self._database):
                self._database.executemany(
                    "UPDATE want SET due = 0, wait = 0 WHERE terminal = ?", done
                )
