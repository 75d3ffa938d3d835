"""Proofs: our own receipts, sent back for what a terminal let go on their word."""

from __future__ import annotations

import logging
import sqlite3

from padpos.wire import receipt as wire_receipt
from padpos.wire.errors import BadSignature, WrongKey
from padpos.wire.keys import PublicKey
from padpos.wire.receipt import AttachmentItem, EntryItem, Receipt, Status
from padpos_services.authority import store, unsettled
from padpos_services.authority.alarms import AlarmKind, open_alarm
from padpos_services.authority.unsettled import State
from padpos_services.authority.verdict import Reason, Refused

log = logging.getLogger(__name__)


class Proofs:
    """Takes proofs inside the caller's transaction: what one covers and the store lacks is lost."""

    def __init__(self, database: sqlite3.Connection, keys: tuple[PublicKey, ...]) -> None:
        self._database = database
        self._keys = keys

    def take(self, terminal: str, raw: bytes) -> None:
        """Raise an alarm for each object signed for and not stored, and ask for it no more.

        Raises Refused, or a WireError on bytes that are no receipt.
        """
        receipt = self._own(terminal, raw)
        for entry in receipt.entries:
            if entry.status is not Status.REFUSED:
                self._check_entry(receipt, entry)
        for attachment in receipt.attachments:
            if attachment.status is not Status.REFUSED:
                self._check_attachment(receipt, attachment)

    def _own(self, terminal: str, raw: bytes) -> Receipt:
        try:
            receipt, _ = wire_receipt.verify(raw, self._keys)
        except (WrongKey, BadSignature) as error:
            raise Refused(Reason.PROOF_FORGED) from error
        known = self._database.execute(
            "SELECT 1 FROM chain WHERE terminal = ? AND chain = ?", (terminal, receipt.chain)
        ).fetchone()
        if receipt.terminal != terminal or known is None:
            raise Refused(Reason.PROOF_FOREIGN)
        return receipt

    def _check_entry(self, receipt: Receipt, item: EntryItem) -> None:
        key = (receipt.terminal, receipt.chain, item.seq)
        row = self._database.execute(
            "SELECT hash FROM entry WHERE terminal = ? AND chain = ? AND seq = ?", key
        ).fetchone()
        if row is not None and bytes(row["hash"]) == item.hash:
            return
        if row is None and not unsettled.note(self._database, *key, State.LOST):
            return  # known
        self._alarm(receipt, item.hash, item.seq)

    def _check_attachment(self, receipt: Receipt, item: AttachmentItem) -> None:
        key = (receipt.terminal, item.hash)
        stored = self._database.execute(
            "SELECT 1 FROM attachment WHERE terminal = ? AND sha256 = ? AND stored = 1", key
        ).fetchone()
        if stored is not None:
            return
        self._database.execute(
            "UPDATE attachment SET lost = 1 WHERE terminal = ? AND sha256 = ?", key
        )
        self._alarm(receipt, item.hash, None)

    def _alarm(self, receipt: Receipt, digest: bytes, seq: int | None) -> None:
        store.count(self._database, "store-lost", receipt.terminal)
        log.error("%s: receipt %d signs for what is not here", receipt.terminal, receipt.number)
        open_alarm(
            self._database, AlarmKind.STORE_LOST, receipt.terminal,
            chain=receipt.chain, seq=seq, detail=digest.hex(),
        )  # fmt: skip
