"""Ways to break the product on purpose, in this process only: each must be noticed."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import apsw

from bench.faults import forgery
from padpos.ledger import schema
from padpos.ledger.outbox import Outbox
from padpos.uplink import broker, config, upward
from padpos.uplink import main as uplink_main
from padpos.uplink.broker import Broker
from padpos.uplink.config import UplinkConfig
from padpos.uplink.link import Link
from padpos.wire import receipt as wire_receipt
from padpos.wire import signed
from padpos.wire.keys import PublicKey
from padpos.wire.receipt import Receipt
from padpos.wire.signed import Signed, What
from padpos_services.authority import verdict
from padpos_services.authority.outgoing import Outgoing


class Sabotage(StrEnum):
    """What is taken away, and the faults that notice it."""

    SYNCHRONOUS_NORMAL = "synchronous-normal"  # cuts
    NO_RECEIPT_CHECK = "no-receipt-check"  # cuts, kills, lies
    ANY_TERMINAL = "any-terminal"  # lies: foreign
    TRUST_PUBACK = "trust-puback"  # lies: drop
    NO_RESEND = "no-resend"  # lies: drop
    NO_WATCHDOG = "no-watchdog"  # lies: half-open, deaf
    NO_SIGNATURE_CHECK = "no-signature-check"  # lies: corrupt, forge
    WALL_CLOCK = "wall-clock"  # clocks


def applied(sabotage: Sabotage | None) -> AbstractContextManager[object]:
    """Let this process be broken so meanwhile; what it does not have can't be broken in it."""
    return _SABOTAGES[sabotage]() if sabotage in _SABOTAGES else nullcontext()


_connect = schema.connect
_apply = Outbox.apply
_verify = wire_receipt.verify
_publish = Broker.publish
_load = config.load


def _connect_carelessly(path: Path) -> apsw.Connection:
    db = _connect(path)
    db.pragma("synchronous", "NORMAL")
    return db


def _believe(what: What, raw: bytes, _find: object) -> Signed:
    return Signed(signed.parts(what, raw)[1], raw, signed.hash_of(what, raw))


def _apply_anybodys(outbox: Outbox, raw: bytes, keys: tuple[PublicKey, ...]) -> Receipt:
    ledger = outbox._ledger

    def as_ours(raw: bytes, keys: tuple[PublicKey, ...]) -> tuple[Receipt, bytes]:
        receipt, digest = _verify(raw, keys)
        return replace(receipt, terminal=ledger.terminal, chain=ledger.chain), digest

    with patch.object(wire_receipt, "verify", as_ours):
        return _apply(outbox, raw, keys)


async def _publish_and_delete(
    self: Broker, kind: str, payload: bytes, *, retain: bool = False
) -> bool:
    taken = await _publish(self, kind, payload, retain=retain)
    if taken and kind == "entry":
        false = forgery.receipt_for(self._terminal, [payload], (), forgery.stranger())
        link = await Link.connect(self._config.link)
        await link.down("receipt", false)
        link.close()
    return taken


def _load_without_resend(path: Path) -> UplinkConfig:
    return replace(_load(path), resend_seconds=1e9)


def _credulous() -> Any:
    return SimpleNamespace(**{**vars(signed), "verify_by_hint": _believe})


@contextmanager
def _trusting_the_broker() -> Iterator[None]:
    with (
        patch.object(wire_receipt, "signed", _credulous()),
        patch.object(Broker, "publish", _publish_and_delete),
    ):
        yield


@contextmanager
def _without_watchdog() -> Iterator[None]:
    with (
        patch.object(upward, "STALLED_SECONDS", float("inf")),
        patch.object(upward, "UNANSWERED_SECONDS", float("inf")),
        patch.object(broker, "KEEPALIVE_SECONDS", 300),
    ):
        yield


@contextmanager
def _once_only(module: object, name: str, instead: object) -> Iterator[None]:
    """With that in its place, and without the other ways by which what is lost goes again."""
    with (
        patch.object(module, name, instead),
        patch.object(upward, "STALLED_SECONDS", float("inf")),
        patch.object(upward, "UNANSWERED_SECONDS", float("inf")),
        patch.object(Outgoing, "wants", lambda *_: None),
    ):
        yield


_SABOTAGES: dict[Sabotage | None, Callable[[], AbstractContextManager[object]]] = {
    Sabotage.SYNCHRONOUS_NORMAL: lambda: patch.object(schema, "connect", _connect_carelessly),
    Sabotage.NO_RECEIPT_CHECK: lambda: patch.object(wire_receipt, "signed", _credulous()),
    Sabotage.ANY_TERMINAL: lambda: patch.object(Outbox, "apply", _apply_anybodys),
    Sabotage.TRUST_PUBACK: _trusting_the_broker,
    Sabotage.NO_RESEND: lambda: _once_only(uplink_main, "load", _load_without_resend),
    Sabotage.NO_WATCHDOG: _without_watchdog,
    Sabotage.NO_SIGNATURE_CHECK: lambda: patch.object(verdict, "signed", _credulous()),
    Sabotage.WALL_CLOCK: lambda: _once_only(upward, "time", SimpleNamespace(monotonic=time.time)),
}
