"""The ledger: appends entries to the chain, keeps what is unsent, and forgets it on receipt."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import apsw

from padpos.ledger import check, schema
from padpos.ledger.check import Check, Source
from padpos.ledger.errors import LedgerDamaged, LedgerForeign, LedgerFull, PhotoLost, typed
from padpos.ledger.files import AttachmentFiles
from padpos.ledger.room import Kept, Room, Space
from padpos.wire import entry as wire_entry
from padpos.wire.entry import NO_PREVIOUS, Attachment, Entry, Sealed
from padpos.wire.facts import Facts, GenesisFacts, Kind
from padpos.wire.keys import PublicKey, Signer
from padpos.wire.messages import EntryMessage

R = TypeVar("R")
FILE = "ledger.sqlite"
ATTACHMENTS = "attachments"
TAIL = 64
"""Entries checked when the ledger is opened; the rest is checked while the counter works."""


@dataclass(frozen=True, slots=True)
class Clock:
    """The time in ms since the Unix epoch, and whether it can be trusted."""

    now: Callable[[], int]
    synchronised: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Appended:
    """An entry that is on stable storage."""

    seq: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Totals:
    """What no receipt has let go: entries, attachments, and the attachments' bytes."""

    entries: int = 0
    attachments: int = 0
    size: int = 0


class Ledger:
    """One terminal's chain. Not for use by two threads at once; one process opens it."""

    def __init__(
        self,
        folder: Path,
        terminal: str,
        signer: Signer,
        clock: Clock,
        room: Room | None = None,
    ) -> None:
        """Open it, or make an empty one. Raises LedgerUnfit or LedgerStalled."""
        with typed():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.files = AttachmentFiles(folder / ATTACHMENTS)
        try:
            self.db = schema.connect(folder / FILE)
        except BaseException:
            self.files.close()
            raise
        self.folder = folder
        self.terminal = terminal
        self.room = room
        self.totals = Totals()
        self._signer = signer
        self._clock = clock
        self._seq, self._head, self._chain = -1, NO_PREVIOUS, b""
        try:
            with schema.naming(folder / FILE):
                self._load()
        except BaseException:
            self.files.close()
            self.db.close()
            raise

    def begin(self, facts: GenesisFacts) -> Appended:
        """Draw a chain and write its first entry. Raises LedgerForeign if there is one."""
        if self._seq >= 0:
            raise LedgerForeign("this ledger has a chain already")
        with self.transaction():
            self._chain = secrets.token_bytes(wire_entry.CHAIN_SIZE)
            self._set("terminal", self.terminal)
            self._set("chain", self._chain)
            return self.append(Kind.GENESIS, facts)

    @property
    def chain(self) -> bytes:
        """The 16 bytes that name this chain."""
        return self._chain

    @property
    def clock(self) -> Clock:
        """What gives its entries their time."""
        return self._clock

    @property
    def begun(self) -> bool:
        """Whether there is a chain."""
        return self._seq >= 0

    @property
    def entries(self) -> int:
        """How long the chain is."""
        return self._seq + 1

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it on stable storage, or none; transactions nest. Raises LedgerStalled."""
        before = self._seq, self._head, self.totals
        cause: BaseException | None = None
        try:
            with typed(), self.db:
                try:
                    with typed():
                        yield
                except BaseException as error:
                    cause = error
                    raise
        except BaseException:
            self._seq, self._head, self.totals = before
            if cause is not None:  # a full disk makes SQLite roll back, and then complain of that
                raise cause  # noqa: B904 - it is the very one
            raise

    def attempt(self, call: Callable[[], R]) -> R:
        """Do what either succeeds or leaves nothing, if need be in the room kept for a consignment.

        Raises what `call` raises; what SQLite and the disk report as a LedgerError.
        """

        def once() -> R:
            with typed():
                return call()

        return once() if self.room is None else self.room.spending(once, Kept.HEADROOM)

    def append(
        self,
        kind: Kind,
        facts: Facts,
        *,
        sealed: bytes | None = None,
        carrier: bytes | None = None,
        attachments: Sequence[Attachment] = (),
    ) -> Appended:
        """Sign and append an entry; when this returns outside a transaction, it is durable."""
        record = Entry(
            terminal=self.terminal,
            seq=self._seq + 1,
            prev=self._head,
            time=self._clock.now(),
            synchronised=self._clock.synchronised(),
            kind=kind,
            facts=facts,
            sealed=Sealed.of(sealed) if sealed else None,
            attachments=tuple(attachments),
            chain=self._chain,
            carrier=Sealed.of(carrier) if carrier else None,
        )
        signed = record.sign(self._signer)
        # What this very program would not read must not become part of the chain.
        wire_entry.read_payload(signed.payload)
        with self.transaction():
            self.db.execute(
                "INSERT INTO entries (seq, hash, kind, time, raw, sealed, carrier)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (record.seq, signed.hash, str(kind), record.time, signed.raw, sealed, carrier),
            )
            for attachment in attachments:
                self._name(attachment, record.seq)
            self.let_go(entries=-1)
        self._seq, self._head = record.seq, signed.hash
        return Appended(record.seq, signed.hash)

    def message(self, seq: int) -> EntryMessage | None:
        """What is to be uploaded of an entry, or None where nothing is kept of it."""
        row = self.db.execute(
            "SELECT raw, sealed, carrier FROM entries WHERE seq = ?", (seq,)
        ).fetchone()
        return EntryMessage(*row) if row else None

    def let_go(self, entries: int = 0, attachments: int = 0, size: int = 0) -> None:
        """Count what a receipt has let go; inside that transaction."""
        now = self.totals
        self.totals = Totals(now.entries - entries, now.attachments - attachments, now.size - size)

    def verify(self, key: PublicKey, told: Callable[[int], None] = lambda _: None) -> int:
        """Check all there is: how many entries. `told` hears how many so far, each second.

        Raises LedgerDamaged.
        """
        source = Source(self.db, self.files, self.terminal, self._chain, key)
        walk = Check(source, self.entries)
        while not walk.advance(1.0):
            told(walk.checked)
        check.check_structure(source, self.entries)
        return self.entries

    def walk(self) -> Check:
        """A check of what there is now, to be done bit by bit."""
        key = self._signer.public
        return Check(Source(self.db, self.files, self.terminal, self._chain, key), self.entries)

    def used(self) -> int:
        """Bytes that the ledger takes: database without its free pages, log, attachments."""
        pages = self.db.pragma("page_count") - self.db.pragma("freelist_count")
        logged = (self.folder / f"{FILE}-wal").stat().st_size
        return int(pages * self.db.pragma("page_size") + logged + self.totals.size)

    def look(self) -> Space | None:
        """How the room stands, what was given up made again where that is possible."""
        if self.room is None:
            return None
        self.room.keep()
        return self.room.look(self.used())

    @contextmanager
    def reserve(self) -> Iterator[None]:
        """Spend the room that is kept for receipts, and take it back. Raises LedgerFull.

        Where that is spent, the headroom: what a receipt lets go makes room for both again.
        """
        if self.room is None or not any(
            self.room.give_up(kept) for kept in (Kept.RESERVE, Kept.HEADROOM)
        ):
            raise LedgerFull("there is no room on the disk")
        try:
            self.fold()
            yield
        finally:
            self.fold()
            self.room.keep()

    def fold(self) -> None:
        """Fold the log into the database, as far as there is room for it."""
        with contextlib.suppress(apsw.FullError, apsw.IOError):
            self.db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)

    def _name(self, attachment: Attachment, seq: int) -> None:
        try:
            there = self.files.size(attachment.sha256) == attachment.size
        except FileNotFoundError:
            there = False
        if not there:
            raise PhotoLost("an entry would name an attachment that is not there")
        self.db.execute(
            "INSERT INTO attachments (hash, size, media_type, seq) VALUES (?, ?, ?, ?)",
            (attachment.sha256, attachment.size, attachment.media_type, seq),
        )
        self.let_go(attachments=-1, size=-attachment.size)

    def _load(self) -> None:
        terminal = self._get("terminal")
        if terminal is None:
            if self.db.execute("SELECT 1 FROM entries").fetchone():
                raise LedgerDamaged("the ledger has entries and no chain")
            return
        if terminal != self.terminal:
            raise LedgerForeign("the ledger belongs to another terminal")
        chain = self._get("chain")
        self._chain = chain if isinstance(chain, bytes) else b""
        row = self.db.execute("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
        if row is None:
            raise LedgerDamaged("the ledger has a chain and no entry")
        self._seq, self._head = row
        self._check_ends()
        check.check_small(self.db)
        self.totals = self._count()

    def _check_ends(self) -> None:
        """The first entry and the last ones: the chain is ours, and its end is whole."""
        key = self._signer.public
        source = Source(self.db, self.files, self.terminal, self._chain, key)
        check.check_entry(source, 0, NO_PREVIOUS)
        before = None
        for seq in range(max(0, self.entries - TAIL), self.entries):
            _, before = check.check_entry(source, seq, before)

    def _count(self) -> Totals:
        entries = self.db.execute("SELECT count(*) FROM entries WHERE receipted IS NULL").get
        attachments, size = self.db.execute(
            "SELECT count(*), total(size) FROM attachments WHERE receipted IS NULL"
        ).get
        return Totals(entries, attachments, int(size))

    def _get(self, key: str) -> str | bytes | int | None:
        row = self.db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def _set(self, key: str, value: str | bytes | int) -> None:
        self.db.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (key, value))

    def close(self) -> None:
        """Close the database, its log folded in if there is room for that."""
        self.fold()
        self.files.close()
        with contextlib.suppress(apsw.FullError, apsw.IOError):
            self.db.close()
