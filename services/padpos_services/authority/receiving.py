"""One batch of messages, one transaction: what is believed, stored, refused, answered."""

from __future__ import annotations

import logging
import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from padpos.wire.certificates import read_entry_certificate
from padpos.wire.errors import TooLarge, WireError
from padpos.wire.facts import Kind
from padpos.wire.feed import FeedKind
from padpos.wire.keys import PublicKey
from padpos.wire.messages import Part, TerminalStatus, parse_topic
from padpos.wire.receipt import Status
from padpos_services.authority import chains, receipts, store, unsettled, verdict
from padpos_services.authority.alarms import AlarmKind, open_alarm
from padpos_services.authority.attachments import Attachments, Progress
from padpos_services.authority.blobs import Blobs
from padpos_services.authority.proofs import Proofs
from padpos_services.authority.unsettled import State
from padpos_services.authority.verdict import CARRIED_BADLY, Checked, Name, Reason, Refused
from padpos_services.shared import database as shared_database

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message as it came: its topic is a claim, its payload is anything."""

    topic: str
    payload: bytes
    mid: int = 0
    qos: int = 1


@dataclass(slots=True)
class Said:
    """What a batch tells of the terminals beside what is stored: which are online or not, and
    which sent entries or parts."""

    online: dict[str, bool] = field(default_factory=dict)
    heard: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Batch:
    drafts: dict[tuple[str, bytes], receipts.Draft] = field(
        default_factory=lambda: defaultdict(receipts.Draft)
    )
    reached: dict[tuple[str, bytes], int] = field(default_factory=dict)
    keys: dict[str, dict[bytes, PublicKey]] = field(default_factory=dict)
    said: Said = field(default_factory=Said)


class Receiver:
    """Takes batches. It holds no secret: receipts are signed by whoever issues them, under one of
    `receipt_keys`."""

    def __init__(
        self, database: sqlite3.Connection, blobs: Blobs, receipt_keys: tuple[PublicKey, ...] = ()
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._attachments = Attachments(database, blobs)
        self._proofs = Proofs(database, receipt_keys)

    def take(self, messages: Sequence[Incoming]) -> Said:
        """Store what is to be believed.

        Raises sqlite3.Error or OSError where nothing was committed: then nothing may be
        acknowledged to the broker either.
        """
        batch = _Batch()
        with shared_database.transaction(self._database):
            for message in messages:
                self._take_one(message, batch)
            for (terminal, chain), highest in batch.reached.items():
                chains.advance(self._database, terminal, chain, highest)
            for (terminal, chain), draft in batch.drafts.items():
                receipts.record(self._database, terminal, chain, draft)
            self._blobs.sync()  # before the commit that says the pieces are here
        return batch.said

    def expire(self) -> None:
        """Drop what no entry named in time."""
        with shared_database.transaction(self._database):
            self._attachments.expire()

    def _take_one(self, message: Incoming, batch: _Batch) -> None:
        terminal = ""
        self._database.execute("SAVEPOINT message")
        try:
            terminal, kind = self._sender(message, batch)
            if kind in {"entry", "part"}:
                batch.said.heard.add(terminal)
            if kind == "entry":
                self._take_entry(terminal, message.payload, batch)
            elif kind == "part":
                self._take_part(terminal, message.payload, batch)
            elif kind == "proof":
                self._proofs.take(terminal, message.payload)
            elif kind == "status":
                is_online = TerminalStatus.from_bytes(message.payload) is not None
                batch.said.online[terminal] = is_online
            store.count(self._database, f"received-{kind}", terminal)
        except (Refused, WireError) as error:
            refused = error if isinstance(error, Refused) else Refused(_reason(error))
            self._refuse(terminal, refused, len(message.payload), batch)
        except (sqlite3.Error, OSError):
            raise
        except Exception:
            # A fault of ours must not stop the others. The terminal keeps what gets no receipt.
            log.exception("a message of %d bytes met a fault", len(message.payload))
            self._database.execute("ROLLBACK TO message")
            store.count(self._database, Reason.INTERNAL, terminal)
        self._database.execute("RELEASE message")

    def _sender(self, message: Incoming, batch: _Batch) -> tuple[str, str]:
        try:
            direction, terminal, kind = parse_topic(message.topic)
        except WireError as error:
            raise Refused(Reason.TOPIC) from error
        if direction != "up":
            raise Refused(Reason.TOPIC)
        if not self._keys(terminal, batch):
            raise Refused(Reason.UNKNOWN_TERMINAL)
        return terminal, kind

    def _keys(self, terminal: str, batch: _Batch) -> dict[bytes, PublicKey]:
        if terminal not in batch.keys:
            rows = self._database.execute(
                "SELECT der FROM certificate WHERE terminal = ? AND use = 'entry'"
                " AND not_after > ?",
                (terminal, shared_database.now_ms()),
            )
            found = [read_entry_certificate(row["der"]) for row in rows]
            batch.keys[terminal] = {paper.key.id: paper.key for paper in found}
        return batch.keys[terminal]

    def _take_entry(self, terminal: str, payload: bytes, batch: _Batch) -> None:
        checked = verdict.check(payload, terminal, self._keys(terminal, batch))
        entry = checked.entry
        draft = batch.drafts[terminal, entry.chain]
        if chains.require_place(self._database, checked):
            unsettled.settle(self._database, terminal, entry.chain, entry.seq)
            draft.entry(entry.seq, checked.hash, Status.HELD)
            for digest in self._attachments.held(entry):
                draft.attachment(digest, Status.HELD)
            return
        self._store(checked)
        unsettled.settle(self._database, terminal, entry.chain, entry.seq)
        named = list(self._attachments.name(entry))
        # Last, when nothing can fail any more: a draft is not rolled back with its message.
        draft.entry(entry.seq, checked.hash, Status.STORED)
        for digest in named:
            draft.attachment(digest, Status.STORED)
        key = (terminal, entry.chain)
        batch.reached[key] = max(entry.seq, batch.reached.get(key, -1))
        log.info("%s: entry %d (%s) stored", terminal, entry.seq, entry.kind)

    def _take_part(self, terminal: str, payload: bytes, batch: _Batch) -> None:
        part = Part.from_bytes(payload)
        progress = self._attachments.take(terminal, part)
        if progress is Progress.WAITING:
            return
        status = Status.STORED if progress is Progress.STORED else Status.HELD
        chain = self._attachments.chain_of(terminal, part.sha256)
        batch.drafts[terminal, chain].attachment(part.sha256, status)
        log.info("%s: attachment of %d bytes %s", terminal, part.size, status.name.lower())

    def _store(self, checked: Checked) -> None:
        entry, message = checked.entry, checked.message
        row = self._database.execute(
            "INSERT INTO entry(terminal, chain, seq, hash, prev, kind, time, received,"
            " consignment, sealed, carrier, raw) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                entry.terminal, entry.chain, entry.seq, checked.hash, entry.prev, str(entry.kind),
                entry.time, shared_database.now_ms(), checked.consignment,
                entry.sealed.sha256 if entry.sealed else None,
                entry.carrier.sha256 if entry.carrier else None,
                message.entry,
            ),
        ).lastrowid  # fmt: skip
        assert row is not None
        for named, body in ((entry.sealed, message.sealed), (entry.carrier, message.carrier)):
            if named is not None:
                self._database.execute(
                    "INSERT OR IGNORE INTO envelope VALUES(?, ?)", (named.sha256, body)
                )
        self._hand_on(checked, row)

    def _hand_on(self, checked: Checked, row: int) -> None:
        kinds: list[FeedKind] = []
        if checked.entry.kind in (Kind.LABEL, Kind.VOID):
            kinds.append(FeedKind(str(checked.entry.kind)))
        if checked.entry.carrier is not None and checked.consignment is not None:
            kinds.append(FeedKind.CARRIER)
        for kind in kinds:
            self._database.execute(
                "INSERT INTO feed SELECT coalesce(max(position), 0) + 1, ?, ?, ?, ? FROM feed",
                (str(kind), checked.entry.terminal, checked.consignment, row),
            )

    def _refuse(self, terminal: str, refused: Refused, size: int, batch: _Batch) -> None:
        name = refused.name
        store.count(self._database, refused.reason, terminal)
        seq = "?" if name is None else name.seq
        log.warning("%s: %d bytes refused: %s (seq %s)",
                    terminal or "-", size, refused.reason, seq)  # fmt: skip
        if name is None or not terminal:
            return
        draft = batch.drafts[terminal, name.chain]
        if self._holds(terminal, name):
            # Held is held, whatever a damaged copy looks like.
            unsettled.settle(self._database, terminal, name.chain, name.seq)
            draft.entry(name.seq, name.hash, Status.HELD)
        elif refused.reason is Reason.ENVELOPE_MISSING:
            # No word on an entry until its Envelopes are here (formats §7).
            unsettled.note(self._database, terminal, name.chain, name.seq, State.UNSEALED)
            open_alarm(self._database, AlarmKind.ENVELOPE_MISSING, terminal,
                       chain=name.chain, seq=name.seq)  # fmt: skip
        elif refused.reason not in CARRIED_BADLY:
            unsettled.note(self._database, terminal, name.chain, name.seq, State.REFUSED)
            draft.entry(name.seq, name.hash, Status.REFUSED, str(refused.reason))

    def _holds(self, terminal: str, name: Name) -> bool:
        return (
            self._database.execute(
                "SELECT 1 FROM entry WHERE terminal = ? AND chain = ? AND seq = ? AND hash = ?",
                (terminal, name.chain, name.seq, name.hash),
            ).fetchone()
            is not None
        )


def _reason(error: WireError) -> Reason:
    return Reason.TOO_LARGE if isinstance(error, TooLarge) else Reason.MALFORMED
