"""Attachments: which entries name them, which pieces came, which are whole (formats §6)."""

from __future__ import annotations

import sqlite3
from enum import Enum, auto

from padpos.wire.entry import Entry
from padpos.wire.messages import PART_SIZE, Part
from padpos_services.authority import store
from padpos_services.authority.alarms import AlarmKind, open_alarm
from padpos_services.authority.blobs import Blobs
from padpos_services.authority.verdict import Reason, Refused
from padpos_services.shared import database as shared_database

UNNAMED_LIMIT = 64 << 20  # bytes a terminal, for hashes that no verified entry names
UNNAMED_MOST = 1024  # and so many of them, however small
UNNAMED_MS = 24 * 3600 * 1000


class Progress(Enum):
    """What a piece changed."""

    WAITING = auto()
    STORED = auto()
    HELD = auto()


class Attachments:
    """Takes pieces and names inside the caller's transaction."""

    def __init__(self, database: sqlite3.Connection, blobs: Blobs) -> None:
        self._database = database
        self._blobs = blobs

    def take(self, terminal: str, part: Part) -> Progress:
        """Take a piece. Raises Refused. STORED or HELD only where a verified entry names it."""
        key = (terminal, part.sha256)
        named = self._database.execute(
            "SELECT size, stored FROM attachment WHERE terminal = ? AND sha256 = ?", key
        ).fetchone()
        if named is not None and named["stored"]:
            return Progress.HELD
        if named is not None and named["size"] != part.size:
            raise Refused(Reason.PART_SIZE)
        upload = self._upload(terminal, part, is_named=named is not None)
        if upload["complete"]:
            return Progress.WAITING  # whole, but no entry names it yet
        self._blobs.write_piece(terminal, part.sha256, part.offset, part.data)
        self._database.execute("INSERT OR IGNORE INTO piece VALUES(?, ?, ?)", (*key, part.offset))
        if self._pieces(key) < -(-part.size // PART_SIZE):
            return Progress.WAITING
        if not self._blobs.assemble(terminal, part.sha256, part.size):
            self._forget(key)
            if named is not None:  # else whoever carries could raise alarms that nothing closes
                detail = part.sha256.hex()
                open_alarm(self._database, AlarmKind.ATTACHMENT, terminal, detail=detail)
            raise Refused(Reason.PART_HASH)
        if named is None:
            self._database.execute(
                "UPDATE upload SET complete = 1 WHERE terminal = ? AND sha256 = ?", key
            )
            return Progress.WAITING
        self._mark_stored(key)
        return Progress.STORED

    def name(self, entry: Entry) -> list[bytes]:
        """Record what a new entry names; the hashes that are whole here already."""
        whole: list[bytes] = []
        for attachment in entry.attachments:
            key = (entry.terminal, attachment.sha256)
            upload = self._database.execute(
                "SELECT size, complete FROM upload WHERE terminal = ? AND sha256 = ?", key
            ).fetchone()
            stored = bool(upload and upload["complete"]) or self._is_stored(key)
            self._database.execute(
                "INSERT INTO attachment(terminal, sha256, chain, seq, size, media_type, stored)"
                " VALUES(?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (*key, entry.chain, entry.seq, attachment.size, attachment.media_type, stored),
            )
            if stored:
                self._mark_stored(key)
                whole.append(attachment.sha256)
            elif upload is not None and upload["size"] != attachment.size:
                self._blobs.drop(*key)
                self._forget(key)
            elif upload is not None:
                self._database.execute(
                    "UPDATE upload SET named = 1 WHERE terminal = ? AND sha256 = ?", key
                )
        return whole

    def held(self, entry: Entry) -> list[bytes]:
        """Of what a known entry names: what is stored."""
        return [a.sha256 for a in entry.attachments if self._is_stored((entry.terminal, a.sha256))]

    def chain_of(self, terminal: str, sha256: bytes) -> bytes:
        """The chain whose entry names a stored attachment."""
        row = self._database.execute(
            "SELECT chain FROM attachment WHERE terminal = ? AND sha256 = ?", (terminal, sha256)
        ).fetchone()
        return bytes(row["chain"])

    def expire(self) -> None:
        """Drop pieces that no entry has named within a day."""
        late = self._database.execute(
            "SELECT terminal, sha256, complete FROM upload WHERE named = 0 AND begun < ?",
            (shared_database.now_ms() - UNNAMED_MS,),
        ).fetchall()
        for row in late:
            key = (row["terminal"], bytes(row["sha256"]))
            self._blobs.drop(*key)
            self._forget(key)
            store.count(self._database, "part-expired", row["terminal"])
            needed = self._database.execute(
                "SELECT 1 FROM attachment WHERE sha256 = ? AND stored"
                " UNION SELECT 1 FROM upload WHERE sha256 = ? AND complete",
                (key[1], key[1]),
            ).fetchone()
            if row["complete"] and not needed:
                self._blobs.remove(key[1])

    def _upload(self, terminal: str, part: Part, *, is_named: bool) -> sqlite3.Row:
        query = "SELECT size, complete FROM upload WHERE terminal = ? AND sha256 = ?"
        row: sqlite3.Row | None = self._database.execute(query, (terminal, part.sha256)).fetchone()
        if row is None:
            if not is_named:
                self._require_room(terminal, part.size)
            self._database.execute(
                "INSERT INTO upload(terminal, sha256, size, begun, named) VALUES(?, ?, ?, ?, ?)",
                (terminal, part.sha256, part.size, shared_database.now_ms(), is_named),
            )
            row = self._database.execute(query, (terminal, part.sha256)).fetchone()
            assert row is not None
        elif row["size"] != part.size:
            raise Refused(Reason.PART_SIZE)
        return row

    def _require_room(self, terminal: str, size: int) -> None:
        number, total = self._database.execute(
            "SELECT count(*), coalesce(sum(size), 0) FROM upload WHERE terminal = ? AND named = 0",
            (terminal,),
        ).fetchone()
        if number >= UNNAMED_MOST or total + size > UNNAMED_LIMIT:
            raise Refused(Reason.PART_LIMIT)

    def _pieces(self, key: tuple[str, bytes]) -> int:
        found: int = self._database.execute(
            "SELECT count(*) FROM piece WHERE terminal = ? AND sha256 = ?", key
        ).fetchone()[0]
        return found

    def _is_stored(self, key: tuple[str, bytes]) -> bool:
        query = "SELECT 1 FROM attachment WHERE terminal = ? AND sha256 = ? AND stored"
        return self._database.execute(query, key).fetchone() is not None

    def _mark_stored(self, key: tuple[str, bytes]) -> None:
        self._database.execute(
            "UPDATE attachment SET stored = 1, lost = 0 WHERE terminal = ? AND sha256 = ?", key
        )
        kinds = (str(AlarmKind.ATTACHMENT), str(AlarmKind.STORE_LOST))
        self._database.execute(
            "UPDATE alarm SET closed = ? WHERE terminal = ? AND kind IN (?, ?) AND detail = ?"
            " AND closed IS NULL",
            (shared_database.now_ms(), key[0], *kinds, key[1].hex()),
        )
        self._forget(key)

    def _forget(self, key: tuple[str, bytes]) -> None:
        self._database.execute("DELETE FROM piece WHERE terminal = ? AND sha256 = ?", key)
        self._database.execute("DELETE FROM upload WHERE terminal = ? AND sha256 = ?", key)
