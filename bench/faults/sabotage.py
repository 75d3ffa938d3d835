"""Two ways to break the terminal on purpose, in this process only: each must be noticed."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import apsw

from padpos.ledger import schema
from padpos.wire import receipt as wire_receipt
from padpos.wire import signed
from padpos.wire.signed import Signed, What


class Sabotage(StrEnum):
    """What is taken away."""

    SYNCHRONOUS_NORMAL = "synchronous-normal"
    NO_RECEIPT_CHECK = "no-receipt-check"


@contextmanager
def applied(sabotage: Sabotage | None) -> Iterator[None]:
    """Let the ledger be broken so meanwhile."""
    if sabotage is Sabotage.SYNCHRONOUS_NORMAL:
        with patch.object(schema, "connect", _connect_carelessly):
            yield
    elif sabotage is Sabotage.NO_RECEIPT_CHECK:
        with patch.object(wire_receipt, "signed", _CREDULOUS):
            yield
    else:
        yield


_connect = schema.connect


def _connect_carelessly(path: Path) -> apsw.Connection:
    db = _connect(path)
    db.pragma("synchronous", "NORMAL")
    return db


def _believe(what: What, raw: bytes, _find: object) -> Signed:
    return Signed(signed.parts(what, raw)[1], raw, signed.hash_of(what, raw))


_CREDULOUS = SimpleNamespace(What=What, sign=signed.sign, verify_by_hint=_believe)
