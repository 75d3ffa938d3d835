"""Turns the counter's effects into durable entries. All calls on the ledger's thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from padpos.counter.consignment import Consignment, owed
from padpos.counter.events import RecordEnded
from padpos.counter.marks import marks_of
from padpos.counter.prepared import Photo
from padpos.label.composed import ComposedLabel
from padpos.ledger.held import Held
from padpos.ledger.ledger import Appended, Ledger
from padpos.ledger.papers import PaperRecord, Papers
from padpos.terminal.accepted import Circumstances, facts_of, plain_texts
from padpos.terminal.config import TerminalConfig
from padpos.terminal.labels import draw_label, shown_of
from padpos.terminal.standing import Standing
from padpos.wire import draw as wire_draw
from padpos.wire import envelope, label_code
from padpos.wire.entry import Attachment, Sealed
from padpos.wire.envelope import JPEG_TYPE, Binding
from padpos.wire.errors import NotAccepted, SealingRefused, TooLarge
from padpos.wire.fact_values import Drawn
from padpos.wire.facts import (
    CheckpointFacts,
    ClerkFacts,
    DrawFacts,
    EndedFacts,
    Kind,
    OverrideFacts,
)
from padpos.wire.ids import day_of
from padpos.wire.keys import PublicKey
from padpos.wire.keyset import KeySet, Use
from padpos.wire.label_code import LabelPlain
from padpos.wire.personal import SealedCarrier, SealedConsignment
from padpos.wire.policy import Policy


class PhotoTooLarge(TooLarge):
    """A photograph whose Envelope no reader would take."""

    code = "photo-too-large"


class PolicyChanged(NotAccepted):
    """Since the clerk confirmed, a policy came that asks for more."""

    code = "policy-changed"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A consignment on stable storage, its waybill number, and its first label as drawn."""

    appended: Appended
    waybill: str
    label: ComposedLabel


class Recorder:
    """The hand that writes: seals first, appends, and only then answers."""

    def __init__(
        self, config: TerminalConfig, ledger: Ledger, standing: Standing, now: Callable[[], int]
    ) -> None:
        self._config = config
        self._ledger = ledger
        self._held = Held(ledger)
        self._papers = Papers(ledger)
        self._standing = standing
        self._now = now

    def begun(self, consignment: Consignment, clerk: str) -> None:
        """Leave a trace of a consignment in hand."""
        self._held.open_consignment(
            consignment.id, consignment.started, consignment.customer, clerk
        )

    def draw(self, consignment: Consignment) -> tuple[Drawn, bool]:
        """Put a contract parcel to the draw: (its outcome, whether an earlier check is owed).

        The entry is durable before the result is known to anybody. Once a draw has fallen on a
        contract, a check stays owed until one of its parcels was inspected: cancelling does not
        re-roll (formats §9).
        """
        contract = consignment.contract
        assert contract is not None  # the flow draws contract parcels only
        policy = self._policy()
        day = day_of(self._now())
        with self._ledger.transaction():
            owed = self._held.check_owed(contract)
            n = self._held.next_draw(day, contract)
            facts = DrawFacts(consignment.id, day, contract, n, policy.version)
            self._ledger.append(Kind.DRAW, facts)
            drawn = Drawn(day, n, self._falls_on(contract, day, n, policy))
            if drawn.drawn:
                self._held.owe_check(contract)
        return drawn, owed

    def photo(self, consignment: bytes, jpeg: bytes, verdict: str) -> Photo:
        """Seal a photograph and make it durable."""
        binding = Binding(self._config.terminal, "photo", consignment)
        sealed = envelope.seal(jpeg, binding, self._upload_keys(), JPEG_TYPE)
        if len(sealed) > envelope.ATTACHMENT_LIMIT:
            raise PhotoTooLarge("a photograph larger than an attachment may be")
        sha256 = self._held.keep_photo(consignment, sealed, JPEG_TYPE)
        return Photo(sha256, len(sealed), verdict)

    def accepted(
        self, consignment: Consignment, clerk: str, durations: tuple[tuple[str, int], ...]
    ) -> Accepted:
        """Seal, check the label, append: all of it, or nothing.

        Raises a WireError, LabelError, AuditFailure or WaybillsSpent; nothing is then recorded.
        """
        if owed(consignment, self._policy()):
            raise PolicyChanged("a newer policy asks for more than this consignment has")
        with self._ledger.transaction():
            waybill = self._take_waybill()
            sealed, carrier = self._seal(consignment, waybill)
            marks = marks_of(consignment, Sealed.of(sealed).sha256)
            facts = facts_of(
                consignment, self._policy(), Circumstances(waybill, self._config.outlet, clerk),
                marks, durations,
            )  # fmt: skip
            codes = self._codes(consignment, waybill)
            shown = shown_of(consignment, self._policy(), marks, self._config, self._now())
            self._papers.add(consignment.id, waybill, codes, shown)
            paper = PaperRecord(consignment.id, waybill, codes, shown, 1, "pending")
            label = draw_label(
                paper, 1, self._config.label_prefix, secrets=plain_texts(consignment)
            )
            appended = self._ledger.append(
                Kind.CONSIGNMENT,
                facts,
                sealed=sealed,
                carrier=carrier,
                attachments=[Attachment(p.sha256, p.size, JPEG_TYPE) for p in consignment.photos],
            )
            self._held.close_consignment(consignment.id)
            if consignment.contract is not None and consignment.looked_at:
                self._held.fulfil_check(consignment.contract)
        return Accepted(appended, waybill, label)

    def ended(self, ended: RecordEnded, clerk: str) -> None:
        """Record a refused or abandoned consignment; what was photographed stays evidence."""
        consignment = ended.consignment
        facts = self._ended_facts(
            consignment.id,
            ended.reason,
            clerk,
            step=ended.step,
            customer=consignment.customer,
            document_class=consignment.document.type if consignment.document else None,
        )
        self._end(ended.kind, replace(facts, goods=ended.goods))

    def override(
        self, consignment: Consignment, clerk: str, what: tuple[str, ...], approved_by: str
    ) -> None:
        """Record what a second clerk let pass."""
        version = self._policy().version
        facts = OverrideFacts(consignment.id, what, clerk, approved_by, version)
        self._ledger.append(Kind.OVERRIDE, facts)

    def interrupted(self) -> int:
        """Record what a crash left open as abandoned: how many."""
        left = self._held.left_open()
        for consignment, customer, clerk in left:
            facts = self._ended_facts(consignment, "interrupted", clerk, customer=customer)
            self._end(Kind.ABANDONED, facts)
        return len(left)

    def void(self, consignment: bytes, clerk: str, reason: str) -> None:
        """Void a recorded parcel whose labels are spent."""
        with self._ledger.transaction():
            self._end(Kind.VOID, self._ended_facts(consignment, reason, clerk, step="label"))
            self._papers.mark(consignment, max(label_code.GENERATIONS), "void")

    def clerk(self, clerk: str, signed_in: bool) -> None:
        """Record that a clerk signed in or out."""
        self._ledger.append(Kind.CLERK, ClerkFacts(clerk, signed_in))

    def hand_over(self, leaving: str, coming: str) -> None:
        """Record that one clerk took the counter over from another: both, or neither."""
        with self._ledger.transaction():
            self.clerk(leaving, signed_in=False)
            self.clerk(coming, signed_in=True)

    def checkpoint(self, newest_receipt: bytes | None, unreceipted: int, health: str) -> None:
        """Record what the terminal holds, and for which problem code it is closed, or "ok"."""
        self._ledger.append(Kind.CHECKPOINT, CheckpointFacts(newest_receipt, unreceipted, health))

    def _ended_facts(
        self,
        consignment: bytes,
        reason: str,
        clerk: str,
        *,
        step: str = "unknown",
        customer: str | None = None,
        document_class: str | None = None,
    ) -> EndedFacts:
        policy = self._standing.policy
        return EndedFacts(
            consignment=consignment,
            reason=reason,
            step=step,
            outlet=self._config.outlet,
            clerk=clerk,
            customer=customer,
            document_class=document_class,
            policy=policy.version if policy else 0,
        )

    def _end(self, kind: Kind, facts: EndedFacts) -> None:
        with self._ledger.transaction():
            photos = self._held.unnamed_photos(facts.consignment)
            self._ledger.append(kind, facts, attachments=photos)
            self._held.close_consignment(facts.consignment)

    def fell(self, put: DrawFacts) -> bool:
        """Whether the draw fell on a parcel, as far as this terminal still knows the day's key."""
        policy = self._standing.policy
        return policy is not None and self._falls_on(put.contract, put.day, put.n, policy)

    def _falls_on(self, contract: str, day: str, n: int, policy: Policy) -> bool:
        commitment, key = self._held.commitment(day), self._standing.day_keys.get(day)
        if commitment is None or key is None:
            return True  # without today's key every contract parcel is drawn (formats §9)
        return wire_draw.is_drawn(
            day_key=key,
            terminal=self._config.terminal,
            day=day,
            contract=contract,
            n=n,
            policy_entry=commitment[1],
            rate=policy.draw_rate,
        )

    def _seal(self, consignment: Consignment, waybill: str) -> tuple[bytes, bytes]:
        assert consignment.sender and consignment.recipient and consignment.contents  # owed() == ()
        plain = SealedConsignment(
            consignment.document,
            consignment.identity.helper,
            consignment.sender,
            consignment.recipient,
            consignment.contents,
            consignment.identity.organisation,
        )
        moving = SealedCarrier(waybill, consignment.sender, consignment.recipient)
        terminal = self._config.terminal
        kind = Binding(terminal, str(Kind.CONSIGNMENT), consignment.id)
        carrier = Binding(terminal, "carrier", consignment.id)
        return (
            envelope.seal(plain.padded(), kind, self._upload_keys()),
            envelope.seal(moving.padded(), carrier, self._keys(Use.CARRIER)),
        )

    def _codes(self, consignment: Consignment, waybill: str) -> tuple[bytes, ...]:
        recipient = consignment.recipient
        assert recipient is not None  # owed() == ()
        key = self._keys(Use.LABEL)[0]
        return tuple(
            label_code.seal(
                LabelPlain(waybill, generation, recipient.name, recipient.phone, recipient.address),
                key,
            )
            for generation in label_code.GENERATIONS
        )

    def _take_waybill(self) -> str:
        if self._standing.waybills is None:
            raise SealingRefused("no waybill numbers yet")
        return self._held.take_waybill(self._standing.waybills, self._now())

    def _policy(self) -> Policy:
        if self._standing.policy is None:
            raise SealingRefused("no policy yet")
        return self._standing.policy

    def _upload_keys(self) -> tuple[PublicKey, ...]:
        """The authority's keys, and its escrow reader's where the key set has one."""
        escrow = self._standing.keys is not None and self._standing.keys.of(Use.ESCROW)
        return self._keys(Use.UPLOAD) + (self._keys(Use.ESCROW) if escrow else ())

    def _keys(self, use: Use) -> tuple[PublicKey, ...]:
        keys: KeySet | None = self._standing.keys
        if keys is None:
            raise SealingRefused("no key set yet")
        return keys.to_seal(use, self._now(), self._config.least_suite)
