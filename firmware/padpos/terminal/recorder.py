"""Turns the counter's effects into durable entries. All calls on the ledger's thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from padpos.counter.consignment import Consignment, owed
from padpos.counter.events import RecordEnded
from padpos.counter.marks import marks_of
from padpos.counter.prepared import Photo
from padpos.label.composed import ComposedLabel
from padpos.ledger.batches import Batches, Stage
from padpos.ledger.held import Held
from padpos.ledger.ledger import Appended, Ledger
from padpos.ledger.papers import PaperRecord, Papers
from padpos.terminal.accepted import Circumstances, facts_of
from padpos.terminal.config import TerminalConfig
from padpos.terminal.labels import draw_label, shown_of
from padpos.terminal.making import Maker
from padpos.terminal.sealing import Sealer
from padpos.terminal.standing import Standing
from padpos.wire import draw as wire_draw
from padpos.wire import label_code
from padpos.wire.entry import Attachment, Sealed
from padpos.wire.envelope import JPEG_TYPE
from padpos.wire.errors import NotAccepted, SealingRefused
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
from padpos.wire.policy import Policy


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
        self._batches = Batches(ledger)
        self._standing = standing
        self._now = now
        self.sealer = Sealer(config, standing, now)
        self.maker = Maker(ledger, standing, self.sealer, now)

    def begun(self, consignment: Consignment, clerk: str) -> None:
        """Leave a trace of a consignment in hand; a batch's row is one already."""
        if consignment.prepared is not None:
            self._batches.open(consignment.id)
            return
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
        row = self._batches.row(consignment.id) if consignment.prepared else None
        if row is not None and row.draw is not None:  # taken up again: drawn before, and once
            return row.draw, self._held.check_owed(contract)
        with self._ledger.transaction():
            owed = self._held.check_owed(contract)
            n = self._held.next_draw(day, contract)
            facts = DrawFacts(consignment.id, day, contract, n, policy.version)
            self._ledger.append(Kind.DRAW, facts)
            drawn = Drawn(day, n, self._falls_on(contract, day, n, policy))
            if drawn.drawn:
                self._held.owe_check(contract)
            if row is not None:
                self._batches.drawn(consignment.id, drawn)
        return drawn, owed

    def photo(self, consignment: bytes, jpeg: bytes, verdict: str) -> Photo:
        """Seal a photograph and make it durable."""
        sealed = self.sealer.photo(consignment, jpeg)
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
            made = self.maker.make(consignment)
            waybill = made.waybill
            marks = marks_of(consignment, Sealed.of(made.sealed).sha256)
            facts = facts_of(
                consignment, self._policy(), Circumstances(waybill, self._config.outlet, clerk),
                marks, durations,
            )  # fmt: skip
            texts = [self._policy().mark_text(mark.mark, self._config.area) for mark in marks]
            shown = shown_of(consignment, made.parts, texts, self._config, self._now())
            self._papers.add(consignment.id, waybill, made.codes, shown)
            paper = PaperRecord(consignment.id, waybill, made.codes, shown, 1, "pending")
            label = draw_label(paper, 1, self._config.label_prefix, secrets=made.secrets)
            appended = self._ledger.append(
                Kind.CONSIGNMENT,
                facts,
                sealed=made.sealed,
                carrier=made.carrier,
                attachments=[Attachment(p.sha256, p.size, JPEG_TYPE) for p in consignment.photos],
            )
            self._held.close_consignment(consignment.id)
            self._batches.done(consignment.id, Stage.RECORDED)
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

    def let_go(self, batch: bytes, clerk: str) -> None:
        """Give a batch up: each row whose turn had come ends by an entry, the others by nothing."""
        with self._ledger.transaction():
            for consignment in self._batches.open_rows(batch):
                facts = self._ended_facts(consignment, "cancelled", clerk, customer="contract")
                self._end(Kind.ABANDONED, facts)
            self._batches.leave(batch)

    def sweep(self) -> int:
        """Remove photographs that nothing names or waits for: how many."""
        return self._held.sweep(self._batches.open_rows())

    def void(self, consignment: bytes, clerk: str, reason: str) -> None:
        """Void a recorded parcel whose labels are spent."""
        with self._ledger.transaction():
            self._end(Kind.VOID, self._ended_facts(consignment, reason, clerk, step="label"))
            self._papers.mark(consignment, max(label_code.GENERATIONS), "void")
            self._batches.done(consignment, Stage.VOIDED)

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
            self._batches.done(facts.consignment, Stage.ENDED)

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

    def _policy(self) -> Policy:
        if self._standing.policy is None:
            raise SealingRefused("no policy yet")
        return self._standing.policy
