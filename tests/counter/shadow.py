"""A second opinion on the counter: what the law demands, worked out without the code under test.

It sees events and effects only, keeps its own small account of the parcel in hand, and raises
`AssertionError` at the first effect that the account does not allow.
"""

from __future__ import annotations

from collections import Counter
from copy import deepcopy
from dataclasses import dataclass, fields, is_dataclass

from padpos.counter import events
from padpos.counter.flow import Phase, State
from padpos.counter.marks import marks_of
from padpos.wire.ids import day_of
from padpos.wire.policy import Policy
from tests.counter.shadow_law import (
    SEALED,
    Account,
    lacking,
    marks_due,
    on,
    refused,
    rows,
    second_needed,
    takes,
)

GIVEN = ("SenderGiven", "RecipientGiven", "ContentsGiven")
SHOWN = (
    events.SenderGiven,
    events.RecipientGiven,
    events.ContentsGiven,
    events.DocumentRead,
    events.DocumentTyped,
    events.OrganisationGiven,
)


@dataclass(slots=True)
class Label:
    """How the paper of a recorded parcel stands."""

    id: bytes
    generation: int
    status: str


class Shadow:
    """Follows the counter event by event."""

    def __init__(self) -> None:
        self.account: Account | None = None
        self.accepting: Account | None = None
        self.visit: Account | None = None
        self.label: Label | None = None
        self.touched = 0
        self.counts: Counter[str] = Counter()
        self.secrets: set[str] = set()
        self.recipients: set[str] = set()

    def follow(
        self,
        event: events.Event,
        effects: tuple[events.Effect, ...],
        state: State,
        policy: Policy,
        now: int,
    ) -> None:
        """The event was taken: note it, then judge every effect and the state it left."""
        self._note(event, policy, now)
        for effect in effects:
            self.counts[type(effect).__name__] += 1
            self._judge(effect, event, policy)
        self._judge_end(event, effects, state, policy, now)
        self._judge_secrecy(state)
        self.touched = now

    # --- the account -------------------------------------------------------------------------

    def _note(self, event: events.Event, policy: Policy, now: int) -> None:
        match event:
            case events.Begun():
                self._note_begun(event, policy, now)
            case events.LabelEnded(status):
                assert self.label is not None and self.label.status == "printing"
                self.label.status = status
            case events.LabelOwed(consignment, _, generation, status):
                assert self.account is None, "an old label took the place of a parcel in hand"
                known = "unknown" if status == "unknown" else "blocked"
                self.label, self.visit = Label(consignment, generation, known), None
            case events.RecordFailed():
                assert self.accepting is not None
                self.accepting = None
            case events.VisitEnded():
                self.visit = None
                if self.account is not None:
                    self.account.card_since = None
            case events.Ticked() if self.visit is not None:
                assert self._over(self.visit, policy, now), "a visit ended before its time"
                self.visit = None
            case _ if self.account is not None:
                sealed = self.account.of_batch and isinstance(event, SHOWN)
                assert not sealed, "a parcel sealed at import was told something new"
                self._note_shown(self.account, event, policy, now)

    def _note_begun(self, event: events.Begun, policy: Policy, now: int) -> None:
        assert self.account is None, "a parcel was begun over another one"
        kiosk = event.customer == "self-service"
        assert event.clerk or kiosk, "nobody stood at the counter"
        assert on(policy, "self-service") or not kiosk
        waiting = event.books.unreceipted
        age = now - waiting.oldest if waiting.oldest is not None else 0
        late = max(age, now - policy.valid_until) > policy.freeze_hours * 3_600_000
        assert waiting.entries < policy.freeze_count and not late, "a frozen counter opened"
        assert event.books.behind <= 300_000, "opened by a clock that has gone back"
        account = Account(event.id, event.customer, None if kiosk else event.clerk, now)
        if event.prepared is not None:
            self._note_batch(account, event, policy)
        if event.same_visit:
            account = self._continued(event, policy, now)
        done = event.books.clerk
        counts = {} if kiosk else {"voids": done.voids, "reprints": done.reprints}
        if event.customer == "contract":
            counts["dropped-drawn"] = done.dropped_drawn
        if event.same_visit:
            counts["document"] = event.books.times_today
            counts["clerks-own"] = int(account.own)
        assert not refused(policy, counts), "opened beyond a limit"
        account.concerns |= second_needed(policy, counts)
        account.may_categories = event.categories
        self.account, self.visit, self.label = account, None, None
        self.counts["begun"] += 1

    def _note_batch(self, account: Account, event: events.Begun, policy: Policy) -> None:
        assert event.customer == "contract" and not event.same_visit and event.prepared
        assert rows(policy)["contract", "identify"] != "required", "sealed without the document"
        assert not event.categories or event.prepared.category in event.categories
        account.of_batch, account.given = True, set(GIVEN)
        account.photos = [photo.sha256 for photo in event.prepared.photos]
        self.counts["of a batch"] += 1

    def _continued(self, event: events.Begun, policy: Policy, now: int) -> Account:
        visit = self.visit
        assert visit is not None, "a visit that nobody made"
        assert not self._over(visit, policy, now), "a visit outlived its time"
        assert visit.customer == event.customer
        assert visit.kiosk or visit.clerk == event.clerk, "another clerk leaned on the visit"
        assert not visit.typed, "a typed document served a second parcel"
        account = deepcopy(visit)
        account.id, account.begun, account.parcel = event.id, now, visit.parcel + 1
        account.photos, account.look, account.given = [], None, {"SenderGiven"}
        account.concerns = set()  # asked anew, under the policy of today
        self.counts["continued"] += 1
        return account

    @staticmethod
    def _over(visit: Account, policy: Policy, now: int) -> bool:
        since = visit.card_since
        return since is None or now < since or now - since > policy.visit_seconds * 1000

    def _note_shown(self, account: Account, event: events.Event, policy: Policy, now: int) -> None:
        match event:
            case events.DrawMade(draw, owed):
                assert account.drawn is None, "a parcel was drawn twice"
                account.drawn, account.check_owed = draw.drawn, owed
            case events.OrganisationGiven(_, code):
                account.organisation, account.agreed = code, False
            case events.DocumentRead():
                self._note_document(account, event, "chip", policy, now)
            case events.DocumentTyped():
                assert on(policy, "typed-entry") and not account.kiosk
                assert event.typed_here < policy.typed_per_day, "typed beyond the cap"
                self._note_document(account, event, "typed", policy, now)
                assert str(event.role) in account.documents, "a typed document was half taken"
                account.concerns.add("typed")
            case events.PersonAgreed():
                account.agreed = True
            case events.Approved(clerk):
                assert clerk != account.clerk, "one clerk let his own doing pass"
                for what in account.concerns - set(account.approved):
                    account.approved[what] = clerk
            case events.Looked(clerk, remote):
                assert account.kiosk and (not remote or on(policy, "remote-look"))
                account.look = (clerk, remote)
            case events.PhotoTaken(photo):
                assert account.customer != "letter", "a letter was photographed"
                account.photos.append(photo.sha256)
                account.look = None
            case events.SenderGiven() | events.RecipientGiven() | events.ContentsGiven():
                account.given.add(type(event).__name__)
                self._note_category(account, event)

    @staticmethod
    def _note_category(account: Account, event: events.Event) -> None:
        if isinstance(event, events.ContentsGiven) and account.may_categories:
            assert event.category in account.may_categories, "goods the agreement is not for"

    @staticmethod
    def _note_document(
        account: Account,
        event: events.DocumentRead | events.DocumentTyped,
        reading: str,
        policy: Policy,
        now: int,
    ) -> None:
        counts = {"document": event.times_today, "clerks-own": int(event.clerks_own)}
        if isinstance(event, events.DocumentTyped):
            counts["typed"] = event.typed_by_clerk + 1
        fits = takes(account, event.document, str(event.role), policy, day_of(now))
        if not fits or refused(policy, counts):
            return
        assert str(event.role) not in account.documents, "a document took another one's place"
        account.documents[str(event.role)] = (event.document, reading)
        account.concerns |= second_needed(policy, counts)
        account.agreed, account.look = False, None
        account.own |= event.clerks_own
        if reading == "chip":
            account.card_since = now

    # --- the judgement -----------------------------------------------------------------------

    def _judge(self, effect: events.Effect, event: events.Event, policy: Policy) -> None:
        match effect:
            case events.RecordBegun(consignment):
                assert isinstance(event, events.Begun) and consignment.id == event.id
            case events.PutToDraw(consignment):
                assert consignment.customer == "contract"
                assert isinstance(event, events.Begun), "a draw was rolled again"
            case events.RecordOverride(_, what, clerk):
                assert isinstance(event, events.Approved) and clerk == event.clerk
                assert what and self.account is not None
                assert set(what) <= self.account.concerns, "let pass what is no concern"
            case events.RecordAccepted(consignment):
                self._judge_acceptance(consignment, policy)
            case events.PrintLabel(consignment, generation):
                self._judge_print(consignment, generation, event)
            case events.RecordLabelSaid(consignment, generation, status):
                label = self.label
                assert isinstance(event, events.LabelSaid) and event.whole and label is not None
                expected = (label.id, label.generation, "printed")
                assert (consignment, generation, status) == expected
                assert label.status == "unknown"
                label.status = "printed"
            case events.RecordVoid(consignment):
                label = self.label
                assert label is not None and label.id == consignment
                spent = isinstance(event, events.LabelSaid) and not event.whole
                assert isinstance(event, events.LabelGivenUp) or (spent and label.generation == 3)
                label.status = "void"

    def _judge_acceptance(self, consignment: object, policy: Policy) -> None:
        account = self.account
        assert account is not None
        missing = lacking(account, policy, day_of(account.begun))
        assert not missing, f"accepted without {missing}"
        sealed = _shape(consignment)
        assert sealed["id"] == account.id
        identity = _shape(sealed["identity"])
        if account.of_batch:
            assert sealed["sender"] is sealed["recipient"] is None, "somebody's texts lay open"
        sender = account.documents.get("sender", (None, "none"))[0]
        assert identity["document"] == sender, "another document than was shown"
        helpers = [d for role, (d, _) in account.documents.items() if role != "sender"]
        assert [identity["helper"]] == (helpers or [None])
        assert [photo.sha256 for photo in sealed["photos"]] == account.photos
        if sender is not None and account.organisation is None:
            assert sealed["sender"].name == sender.name, "another name than the card's"
        passed = {approval.what: approval.clerk for approval in sealed["approvals"]}
        assert passed == account.approved
        earned = {mark.mark: mark.evidence for mark in marks_of(sealed["itself"], SEALED)}
        assert earned == marks_due(account), "a mark that the evidence does not carry"
        self.counts[f"accepted {account.customer}"] += 1
        self.accepting = account

    def _judge_print(self, consignment: bytes, generation: int, event: events.Event) -> None:
        match event:
            case events.Recorded():
                accepted = self.accepting
                assert accepted is not None, "a label for a parcel nobody accepted"
                assert (consignment, generation) == (accepted.id, 1)
                lies = accepted.card_since is not None and not accepted.typed
                self.visit = accepted if lies and accepted.customer != "contract" else None
                self.account = self.accepting = None
                self.counts["accepted"] += 1
            case events.LabelSaid(whole):
                label = self.label
                assert label is not None and not whole and label.status == "unknown"
                assert (consignment, generation) == (label.id, label.generation + 1)
                assert generation <= 3
            case events.RetryLabel():
                label = self.label
                assert label is not None and label.status == "blocked"
                assert (consignment, generation) == (label.id, label.generation)
            case _:
                raise AssertionError(f"a label printed by {type(event).__name__}")
        self.label = Label(consignment, generation, "printing")

    def _judge_end(
        self,
        event: events.Event,
        effects: tuple[events.Effect, ...],
        state: State,
        policy: Policy,
        now: int,
    ) -> None:
        ended = [effect for effect in effects if isinstance(effect, events.RecordEnded)]
        gone = self.account if state.consignment is None else None
        late = now - self.touched > policy.visit_seconds * 1000
        if gone and gone.of_batch and isinstance(event, events.PutAside | events.Ticked):
            assert not effects and (late or isinstance(event, events.PutAside))
            self.account = self.accepting = None
            self.counts["put aside"] += 1
        elif self.account is not None and state.consignment is None:
            assert len(ended) == 1, "a parcel vanished without an entry"
            assert ended[0].consignment.id == self.account.id
            if isinstance(event, events.Ticked):
                assert late, "timed out too early"
                assert ended[0].reason == "timed-out"
            else:
                assert isinstance(event, events.Refused | events.Abandoned)
                assert ended[0].reason == event.reason
            self.account = self.accepting = self.visit = None
            self.counts["ended"] += 1
        else:
            assert not ended, "an end recorded for a parcel still in hand"

    def _judge_secrecy(self, state: State) -> None:
        if state.phase in (Phase.IDLE, Phase.OPEN, Phase.RECORDING):
            return
        kept = set(texts_in(state))
        assert not kept & self.recipients, "a recipient outlived the entry"
        if self.visit is None:
            assert not kept & self.secrets, "a sender was remembered after his visit"

    def close(self, state: State) -> None:
        """At the end every parcel begun was accepted, ended by an entry, or is in hand."""
        in_hand = int(state.consignment is not None)
        done = sum(self.counts[how] for how in ("accepted", "ended", "put aside"))
        assert self.counts["begun"] == done + in_hand


def texts_in(value: object) -> list[str]:
    """Every text anywhere in a value, whatever its repr hides."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, tuple | list):
        return [text for item in value for text in texts_in(item)]
    if is_dataclass(value):
        return [text for f in fields(value) for text in texts_in(getattr(value, f.name))]
    return []


def _shape(value: object) -> dict:  # type: ignore[type-arg]  # of mixed values, read at once
    assert is_dataclass(value)
    return {f.name: getattr(value, f.name) for f in fields(value)} | {"itself": value}
