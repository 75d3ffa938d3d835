"""The ledger: appends entries to the chain, keeps what is unsent, and forgets it on receipt."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from padpos.ledger import schema
from padpos.ledger.errors import LedgerDamaged, LedgerForeign
from padpos.ledger.files import AttachmentFiles
from padpos.wire import entry as wire_entry
from padpos.wire.entry import NO_PREVIOUS, Attachment, Entry, Sealed
from padpos.wire.errors import WireError
from padpos.wire.facts import Facts, GenesisFacts, Kind
from padpos.wire.keys import PublicKey, Signer
from padpos.wire.messages import EntryMessage


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


class Ledger:
    """One terminal's chain. Not for use by two threads at once; one process opens it."""

    def __init__(self, folder: Path, terminal: str, signer: Signer, clock: Clock) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.db = schema.connect(folder / "ledger.sqlite")
        self.files = AttachmentFiles(folder / "attachments")
        self.terminal = terminal
        self._signer = signer
        self._clock = clock
        self._seq, self._head, self._chain = -1, NO_PREVIOUS, b""
        self._load()

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
    def begun(self) -> bool:
        """Whether there is a chain."""
        return self._seq >= 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it on stable storage, or none; transactions nest."""
        seq, head = self._seq, self._head
        try:
            with self.db:
                yield
        except BaseException:
            self._seq, self._head = seq, head
            raise

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
                self.db.execute(
                    "UPDATE attachments SET seq = ? WHERE hash = ? AND seq IS NULL",
                    (record.seq, attachment.sha256),
                )
                if not self.db.changes():
                    raise LedgerDamaged("an entry would name an attachment that is not there")
        self._seq, self._head = record.seq, signed.hash
        return Appended(record.seq, signed.hash)

    def message(self, seq: int) -> EntryMessage | None:
        """What is to be uploaded of an entry, or None where nothing is kept of it."""
        row = self.db.execute(
            "SELECT raw, sealed, carrier FROM entries WHERE seq = ?", (seq,)
        ).fetchone()
        return EntryMessage(*row) if row else None

    def verify(self, key: PublicKey) -> int:
        """Check every entry's signature and link: how many. Raises LedgerDamaged."""
        return self._walk(lambda raw: wire_entry.verify(raw, key))

    def _load(self) -> None:
        terminal = self._get("terminal")
        if terminal is None:
            return
        if terminal != self.terminal:
            raise LedgerForeign("the ledger belongs to another terminal")
        chain = self._get("chain")
        self._chain = chain if isinstance(chain, bytes) else b""
        row = self.db.execute("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
        if row is None:
            raise LedgerDamaged("the ledger has a chain and no entry")
        self._seq, self._head = row
        self.verify(self._signer.public)

    def _walk(self, read: Callable[[bytes], tuple[Entry, bytes]]) -> int:
        head, expected = NO_PREVIOUS, 0
        for seq, stored, raw in self.db.execute("SELECT seq, hash, raw FROM entries ORDER BY seq"):
            try:
                record, digest = read(raw)
            except WireError as error:
                raise LedgerDamaged(f"entry {seq}: {error.what}") from error
            whole = (record.seq, record.prev, digest) == (expected, head, stored)
            if not whole or (record.terminal, record.chain) != (self.terminal, self._chain):
                raise LedgerDamaged(f"entry {seq}: does not follow the one before")
            head, expected = digest, expected + 1
        return expected

    def _get(self, key: str) -> str | bytes | int | None:
        row = self.db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return row[0] if row else None

    def _set(self, key: str, value: str | bytes | int) -> None:
        self.db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def close(self) -> None:
        """Close the database, its log folded in."""
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.db.close()
