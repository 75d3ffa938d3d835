"""Resolving: a courier's two scans become a name, an address and a safe number; or a reason."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from padpos.wire import ids, label_code
from padpos.wire.errors import WireError
from padpos.wire.label_code import LabelPlain
from padpos_services.safenumber import accesslog, labels
from padpos_services.safenumber.couriers import Doorkeeper
from padpos_services.safenumber.errors import Answer, Denied
from padpos_services.safenumber.keyring import LabelKey
from padpos_services.safenumber.labels import Label
from padpos_services.safenumber.pool import Provider, SafeNumber
from padpos_services.shared import database as shared_database

RESOLVED = "resolved"
_UNREAD = "-"


@dataclass(frozen=True, slots=True, repr=False)
class Resolved:
    """What the courier's next step needs; the phone is not in it."""

    name: str
    address: str
    call: SafeNumber
    generation: int


class Resolver:
    """Answers look-ups; each, whatever comes of it, is a line in the access log."""

    def __init__(
        self,
        *,
        database: sqlite3.Connection,
        keys: Sequence[LabelKey],
        doorkeeper: Doorkeeper,
        provider: Provider,
    ) -> None:
        self._database = database
        self._keys = keys
        self._doorkeeper = doorkeeper
        self._provider = provider
        self._lock = threading.Lock()

    def resolve(self, authorization: str, text: object, waybill: object) -> Resolved:
        """Answer one look-up. Raises Denied."""
        subject = [_UNREAD]
        with self._lock:
            try:
                courier = self._doorkeeper.admit(authorization)
                label, plain = self._open(text, waybill, subject)
                with shared_database.transaction(self._database):
                    call = self._provider.bind(label.terminal, label.consignment)
                    accesslog.append(self._database, courier, subject[0], RESOLVED)
            except Denied as denied:
                courier = self._doorkeeper.named(authorization)
                with shared_database.transaction(self._database):
                    accesslog.append(self._database, courier, subject[0], denied.answer.code)
                raise
        return Resolved(plain.name, plain.address, call, plain.generation)

    def _open(self, text: object, waybill: object, subject: list[str]) -> tuple[Label, LabelPlain]:
        try:
            code = label_code.from_text(text if isinstance(text, str) else "")
            scanned = ids.waybill(waybill if isinstance(waybill, str) else None)
        except WireError as error:
            raise Denied(Answer.MALFORMED) from error
        digest = label_code.code_hash(code)
        subject[0] = f"code:{digest.hex()}"
        label = labels.find(self._database, digest)
        if label is None:
            raise Denied(Answer.NOT_YET_RECORDED)
        subject[0] = f"consignment:{label.consignment.hex()}"
        _require_current(label, scanned)
        plain = self._opened(code)
        if (plain.waybill, plain.generation) != (label.waybill, label.generation):
            raise Denied(Answer.WAYBILL_MISMATCH)
        return label, plain

    def _opened(self, code: bytes) -> LabelPlain:
        for key in self._keys:
            try:
                return label_code.open_code(code, key.public, key.private)
            except WireError:
                continue
        raise Denied(Answer.CANNOT_OPEN)


def _require_current(label: Label, scanned: str) -> None:
    if label.waybill != scanned:
        raise Denied(Answer.WAYBILL_MISMATCH)
    if label.voided:
        raise Denied(Answer.VOIDED)
    if label.generation != label.newest:
        raise Denied(Answer.OUTDATED)
