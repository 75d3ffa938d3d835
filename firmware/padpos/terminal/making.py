"""What an accepted parcel is made of: sealed now from its texts, or at import from a batch's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from padpos.counter.consignment import Consignment
from padpos.ledger.batches import Batches
from padpos.ledger.held import Held
from padpos.ledger.ledger import Ledger
from padpos.terminal.accepted import plain_texts
from padpos.terminal.labels import masked_parts
from padpos.terminal.sealing import Sealer
from padpos.terminal.standing import Standing
from padpos.wire.cbor import Cbor
from padpos.wire.errors import NotAccepted, SealingRefused
from padpos.wire.personal import SealedCarrier, SealedConsignment


class BatchStale(NotAccepted):
    """A row sealed to keys, or bearing a number, that are no longer in force."""

    code = "batch-stale"


@dataclass(frozen=True, slots=True)
class Made:
    """Both Envelopes, the label codes, the masked part of the label.

    `secrets` are the texts the label must not show; of a batch's row they were looked for at
    import, and nobody has them any more.
    """

    waybill: str
    sealed: bytes = field(repr=False)
    carrier: bytes = field(repr=False)
    codes: tuple[bytes, ...] = field(repr=False)
    parts: Cbor = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)


class Maker:
    """Makes a parcel's sealed parts, inside the transaction that records it."""

    def __init__(
        self, ledger: Ledger, standing: Standing, sealer: Sealer, now: Callable[[], int]
    ) -> None:
        self._held = Held(ledger)
        self._batches = Batches(ledger)
        self._standing = standing
        self._sealer = sealer
        self._now = now

    def make(self, consignment: Consignment) -> Made:
        """Raises a WireError or WaybillsSpent."""
        if consignment.prepared is not None:
            return self._of_batch(consignment.id)
        assert consignment.sender and consignment.recipient and consignment.contents  # owed() == ()
        plain = SealedConsignment(
            consignment.document,
            consignment.identity.helper,
            consignment.sender,
            consignment.recipient,
            consignment.contents,
            consignment.identity.organisation,
        )
        return self.seal(consignment.id, plain, plain_texts(consignment))

    def seal(self, consignment: bytes, plain: SealedConsignment, secrets: tuple[str, ...]) -> Made:
        """Take a number and seal. Raises a WireError or WaybillsSpent."""
        waybill = self._take_waybill()
        return Made(
            waybill,
            self._sealer.consignment(consignment, plain),
            self._sealer.carrier(
                consignment, SealedCarrier(waybill, plain.sender, plain.recipient)
            ),
            self._sealer.codes(plain.recipient, waybill),
            masked_parts(plain.sender, plain.recipient, plain.contents),
            secrets,
        )

    def check_fresh(self, keys: tuple[tuple[str, bytes], ...], waybill: str) -> None:
        """Whether what was sealed to these keys may still go out. Raises BatchStale."""
        waybills = self._standing.waybills
        if not self._sealer.still_hold(keys):
            raise BatchStale("a batch's row: sealed to keys that are no longer in force")
        if waybills is None or not waybills.covers(waybill, self._now()):
            raise BatchStale("a batch's row: its number is of no range that is in force")

    def _of_batch(self, consignment: bytes) -> Made:
        row = self._batches.row(consignment)
        if row is None:
            raise BatchStale("a batch's row: not there any more")
        self.check_fresh(self._batches.keys_of(row.batch), row.waybill)
        return Made(row.waybill, row.sealed, row.carrier, row.codes, row.shown)

    def _take_waybill(self) -> str:
        if self._standing.waybills is None:
            raise SealingRefused("no waybill numbers yet")
        return self._held.take_waybill(self._standing.waybills, self._now())
