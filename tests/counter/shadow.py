"""A second opinion on the counter: what the law demands, worked out without the code under test.

It sees events and effects only, keeps its own small account of the parcel in hand, and raises
`AssertionError` at the first effect that the account does not allow.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields, is_dataclass

from padpos.counter import events
from padpos.counter.flow import Phase, State
from padpos.counter.marks import marks_of
from padpos.wire.personal import Document
from padpos.wire.policy import Policy

SEALED = bytes(range(32))


@dataclass(slots=True)
class Account:
    """What was shown and said for the parcel in hand."""

    id: bytes
    customer: str
    drawn: bool | None = None
    document: Document | None = None
    reading: str = "none"
    photos: list[bytes] = field(default_factory=list)
    given: set[str] = field(default_factory=set)


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
        self.label: Label | None = None
        self.counts: Counter[str] = Counter()
        self.secrets: set[str] = set()

    def follow(
        self,
        event: events.Event,
        effects: tuple[events.Effect, ...],
        state: State,
        policy: Policy,
        day: str,
    ) -> None:
        """The event was taken: note it, then judge every effect and the state it left."""
        self._note(event, policy, day)
        for effect in effects:
            self.counts[type(effect).__name__] += 1
            self._judge(effect, event, policy)
        self._judge_end(event, effects, state)
        self._judge_secrecy(state)

    # --- the account -------------------------------------------------------------------------

    def _note(self, event: events.Event, policy: Policy, day: str) -> None:
        account = self.account
        match event:
            case events.Begun(consignment, customer):
                assert account is None, "a parcel was begun over another one"
                self.account = Account(consignment, customer)
                self.label = None
                self.counts["begun"] += 1
            case events.DrawMade(draw):
                assert account is not None and account.drawn is None, "a parcel was drawn twice"
                account.drawn = draw.drawn
            case events.DocumentRead(document, reading):
                assert account is not None
                if lawful(document, policy, day):
                    account.document, account.reading = document, reading
            case events.PhotoTaken(photo):
                assert account is not None
                account.photos.append(photo.sha256)
            case events.SenderGiven() | events.RecipientGiven() | events.ContentsGiven():
                assert account is not None
                account.given.add(type(event).__name__)
            case events.LabelEnded(status):
                assert self.label is not None and self.label.status == "printing"
                self.label.status = status
            case events.LabelOwed(consignment, _, generation, status):
                assert account is None, "an old label took the place of a parcel in hand"
                known = "unknown" if status == "unknown" else "blocked"
                self.label = Label(consignment, generation, known)
            case events.RecordFailed():
                assert self.accepting is not None
                self.accepting = None

    # --- the judgement -----------------------------------------------------------------------

    def _judge(self, effect: events.Effect, event: events.Event, policy: Policy) -> None:
        match effect:
            case events.RecordBegun(consignment):
                assert isinstance(event, events.Begun) and consignment.id == event.id
            case events.PutToDraw(consignment):
                assert consignment.customer == "contract"
                assert isinstance(event, events.Begun)
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
        assert not lacking(account, policy), f"accepted without {lacking(account, policy)}"
        sealed = _shape(consignment)
        assert sealed["id"] == account.id
        assert sealed["document"] is account.document
        assert [photo.sha256 for photo in sealed["photos"]] == account.photos
        if account.document is not None:
            assert sealed["sender"].name == account.document.name, "another name than the card's"
        earned = {mark.mark: mark.evidence for mark in marks_of(sealed["itself"], SEALED)}
        assert earned == marks_due(account), "a mark that the evidence does not carry"
        self.accepting = account

    def _judge_print(self, consignment: bytes, generation: int, event: events.Event) -> None:
        match event:
            case events.Recorded():
                accepted = self.accepting
                assert accepted is not None, "a label for a parcel nobody accepted"
                assert (consignment, generation) == (accepted.id, 1)
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
        self, event: events.Event, effects: tuple[events.Effect, ...], state: State
    ) -> None:
        ended = [effect for effect in effects if isinstance(effect, events.RecordEnded)]
        if self.account is not None and state.consignment is None:
            assert len(ended) == 1, "a parcel vanished without an entry"
            assert ended[0].consignment.id == self.account.id
            assert isinstance(event, events.Refused | events.Abandoned)
            assert ended[0].reason == event.reason
            self.account = self.accepting = None
            self.counts["ended"] += 1
        else:
            assert not ended, "an end recorded for a parcel still in hand"

    def _judge_secrecy(self, state: State) -> None:
        if state.phase in (Phase.IDLE, Phase.OPEN, Phase.RECORDING):
            return
        kept = set(texts_in(state))
        assert not kept & self.secrets, "plaintext outlived its entry"

    def close(self, state: State) -> None:
        """At the end every parcel begun was accepted, ended by an entry, or is in hand."""
        in_hand = int(state.consignment is not None)
        assert self.counts["begun"] == self.counts["accepted"] + self.counts["ended"] + in_hand


def lawful(document: Document, policy: Policy, day: str) -> bool:
    """Whether the document may stand for a sender on that day (YYYY-MM-DD)."""
    today = int(day.replace("-", ""))
    begins = int(document.valid_from or "0")
    ends = int(document.valid_until or "99999999")
    return document.type in {c.code for c in policy.document_classes} and begins <= today <= ends


def lacking(account: Account, policy: Policy) -> list[str]:
    """What this parcel still owes under that policy."""
    duties = {(r.customer, r.step): str(r.duty) for r in policy.requirements}
    wanted = {"SenderGiven", "RecipientGiven", "ContentsGiven"} - account.given
    owes = sorted(wanted)
    if account.customer == "contract" and account.drawn is None:
        owes.append("draw")
    for step, shown in (("identify", account.document), ("inspect", account.photos)):
        duty = duties[account.customer, step]
        if not shown and (duty == "required" or (duty == "by-draw" and account.drawn)):
            owes.append(step)
    return owes


def marks_due(account: Account) -> dict[str, tuple[bytes, ...]]:
    """The marks this evidence carries: identified only from the chip."""
    due: dict[str, tuple[bytes, ...]] = {}
    if account.document is not None and account.reading.startswith("chip"):
        due["identified"] = (SEALED,)
    if account.photos:
        due["inspected"] = tuple(account.photos)
    if account.customer == "contract" and not account.photos:
        due["contract-uninspected"] = ()
    return due


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
