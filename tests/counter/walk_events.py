"""The events of a random walk: often what the counter asks for, often anything at all."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from padpos.counter import events
from padpos.counter.consignment import Consignment, Step, owed
from padpos.counter.flow import Phase, Role, State, role_wanted
from padpos.counter.freeze import Unreceipted
from padpos.counter.limits import Books, Tallies
from padpos.counter.prepared import Photo
from padpos.counter.reasons import ABANDONED, REFUSALS, TYPED_REASONS
from padpos.wire.fact_values import Drawn
from padpos.wire.personal import Party
from padpos.wire.policy import Policy
from tests.counter.walk_batches import BatchRows
from tests.wire.vector_objects import DAY, DOCUMENT, RECIPIENT, SENDER, numbered

OTHER = Party("陆知微", "19900000003", "广东省广州市天河区样例路9号")
BAD_PARTY = Party("", "12", "\x07")
YOUNG = "20150312"  # a child of ten; the number is invented like everybody's here
SECOND = replace(
    DOCUMENT, name="陆知微", number=numbered("11010119080203001"), sex="男", birth="19080203"
)
DOCUMENTS = (
    DOCUMENT,
    SECOND,
    replace(DOCUMENT, type="residence", name="何听雪", number=numbered("81000019070101004"),
            birth="19070101", sex="男"),
    replace(DOCUMENT, type="passport", name="LU ZHIWEI", number="P19080203", birth="19080203"),
    replace(DOCUMENT, type="passport", name="XIAO MING", number="P20150312", birth=YOUNG),
    replace(DOCUMENT, type="passport", name="NO BIRTH", number="P00000001", birth=None),
    replace(DOCUMENT, valid_until="20251231"),
    replace(DOCUMENT, valid_from="20260228"),
    replace(DOCUMENT, type="library-card"),
    replace(SECOND, number=SECOND.number[:-1] + "0"),
    replace(SECOND, sex="女"),
    replace(SECOND, birth="19080204"),
)  # fmt: skip
CUSTOMERS = ("walk-in", "contract", "agent", "organisation", "letter", "self-service")
CLERKS = ("clerk-03", "clerk-07")
CREDIT_CODES = ("91110000000000001H", "91110000000000001K", "")


class Chance:
    """Draws events, and plays the office that carries effects out."""

    def __init__(self, chance: random.Random) -> None:
        self._random = chance
        self._owed = False
        self._left_out = Step.CONFIRM
        self._rows = BatchRows(chance)

    def event(self, state: State, policy: Policy, now: int, *, fitting: bool) -> events.Event:
        """The next event."""
        return self._fitting(state, policy, now) if fitting else self._any(state, policy, now)

    def carry_out(self, event: events.Event, effects: tuple[events.Effect, ...]) -> None:
        """Keep the checks that a draw made owed, until an inspected parcel is recorded."""
        self._rows.carry_out(event, effects)
        if isinstance(event, events.DrawMade) and event.draw.drawn:
            self._owed = True
        for effect in effects:
            accepted = isinstance(effect, events.RecordAccepted)
            if accepted and effect.consignment.contract and effect.consignment.looked_at:  # type: ignore[union-attr]  # of RecordAccepted just before
                self._owed = False

    def _fitting(self, state: State, policy: Policy, now: int) -> events.Event:
        pick = self._random.choice
        match state.phase:
            case Phase.IDLE | Phase.DONE:
                begins = [self._begun] * 3 + [lambda *_: self._label_owed()]
                return pick(begins)(state, now)
            case Phase.RECORDING:
                return pick((events.Recorded("PPT00000000000"), events.RecordFailed("malformed")))
            case Phase.PRINTING:
                return self._label_ended()
            case Phase.LABEL_UNKNOWN:
                return events.LabelSaid(pick((True, False)))
            case Phase.LABEL_BLOCKED:
                return pick((events.RetryLabel(), events.RetryLabel(), events.LabelGivenUp()))
        assert state.consignment is not None
        # Often out of order, and each parcel leaves one step out: so a way round would begin.
        asked = [s for s in owed(state.consignment, policy) if s is not self._left_out]
        step = pick(tuple(Step)) if self._random.random() < 0.2 else [*asked, Step.CONFIRM][0]
        if step is Step.CONFIRM and self._random.random() < 0.3:
            step = self._left_out
        return self._for_step(step, state, policy)

    def _for_step(self, step: Step, state: State, policy: Policy) -> events.Event:
        held = state.consignment
        if held is not None and held.prepared is not None and self._random.random() < 0.45:
            return events.PutAside()
        shown: Callable[[], events.Event] = lambda: self._document(state, policy)  # noqa: E731
        makers: dict[Step, Callable[[], events.Event]] = {
            Step.DRAW: self._draw_made,
            Step.ORGANISATION: self._organisation,
            Step.IDENTIFY: shown,
            Step.AGENT: shown,
            Step.GUARDIAN: shown,
            Step.PERSON: events.PersonAgreed,
            Step.APPROVE: self._approved,
            Step.INSPECT: self._photo_taken,
            Step.LOOK: self._looked,
            Step.SENDER: self._sender_given,
            Step.RECIPIENT: lambda: events.RecipientGiven(RECIPIENT),
            Step.CONTENTS: lambda: self._contents_given(state.consignment),
            Step.CONFIRM: events.Confirmed,
        }
        return makers[step]()

    def _any(self, state: State, policy: Policy, now: int) -> events.Event:
        pick = self._random.choice
        makers: tuple[Callable[[], events.Event], ...] = (
            lambda: self._begun(state, now),
            events.VisitEnded,
            events.Ticked,
            events.PutAside,
            lambda: self._for_step(pick(tuple(Step)), state, policy),
            lambda: events.DeviceFailed("card-lifted"),
            lambda: events.RecipientGiven(pick((RECIPIENT, OTHER, BAD_PARTY))),
            *[events.Confirmed] * 4,  # the event that every way round ends in
            lambda: events.Refused(pick((*REFUSALS, "because")), pick((None, None, "explosives"))),
            lambda: events.Abandoned(pick((*ABANDONED, "because"))),
            lambda: events.Recorded("PPT00000000000"),
            lambda: events.RecordFailed("malformed"),
            self._label_ended,
            lambda: events.LabelSaid(pick((True, False))),
            events.RetryLabel,
            events.LabelGivenUp,
            self._label_owed,
        )
        return pick(makers)()

    def _begun(self, state: State, now: int) -> events.Event:
        pick, visit = self._random.choice, state.visit
        self._left_out = pick(tuple(Step))
        customer = pick(CUSTOMERS)
        contract = "c-1" if (customer == "contract") != (self._random.random() < 0.05) else None
        clerk = pick((*CLERKS * 4, None))
        same = self._random.random() < (0.7 if visit else 0.1)
        if same and visit is not None and self._random.random() < 0.9:
            customer, contract, clerk = visit.customer, None, visit.clerk
        if customer == "contract" and self._random.random() < 0.6:
            return self._rows.begun(customer, contract, clerk, self._books(now))
        return events.Begun(
            self._random.randbytes(16), customer, contract, clerk, same,
            pick(((), ("文具", "书籍"))) if contract else (), self._books(now),
        )  # fmt: skip

    def _books(self, now: int) -> Books:
        small = lambda: self._random.choice((0, 0, 0, 0, 1, 2, 3))  # noqa: E731
        oldest = now - self._random.choice((0, 0, 0, 3_600_000, 80 * 3_600_000))
        waiting = Unreceipted(self._random.choice((0, 1, 1, 2)), oldest)
        tallies = Tallies(small(), small(), small(), small())
        behind = self._random.choice((0, 0, 0, 0, 0, 0, 300_000, 300_001))
        return Books(tallies, waiting, small() + 1, behind)

    def _draw_made(self) -> events.Event:
        made = self._rows.draw or Drawn(DAY, 1, self._random.random() < 0.5)
        return events.DrawMade(made, self._owed)

    def _organisation(self) -> events.Event:
        name = self._random.choice(("样例文具有限公司", "样例文具有限公司", ""))
        return events.OrganisationGiven(name, self._random.choice(CREDIT_CODES))

    def _document(self, state: State, policy: Policy) -> events.Event:
        pick = self._random.choice
        wanted = role_wanted(state, policy) or Role.SENDER
        role = pick((wanted, wanted, wanted, *Role))
        # Half of the documents are good ones, or hardly a parcel would come to its end.
        document = pick((pick(DOCUMENTS[:5]), pick(DOCUMENTS)))
        times, own = pick((1, 1, 1, 2, 3)), self._random.random() < 0.1
        if self._random.random() < 0.25:
            reason = pick((*TYPED_REASONS, "because"))
            typed = pick((0, 0, 1, 2, 19, 20))
            return events.DocumentTyped(
                document, reason, times, typed, min(typed, 3), role, clerks_own=own
            )
        reading = pick(("chip", "chip", "chip", "chip-signed", "typed", "none"))
        return events.DocumentRead(document, reading, times, role, clerks_own=own)

    def _approved(self) -> events.Event:
        return events.Approved(self._random.choice(CLERKS))

    def _looked(self) -> events.Event:
        return events.Looked(self._random.choice(CLERKS), self._random.random() < 0.5)

    def _photo_taken(self) -> events.Event:
        return events.PhotoTaken(Photo(self._random.randbytes(32), 1000, "plausible"))

    def _sender_given(self) -> events.Event:
        typed = self._random.choice((SENDER, OTHER, BAD_PARTY))
        return events.SenderGiven(typed.phone, typed.name, typed.address)

    def _contents_given(self, held: Consignment | None) -> events.Event:
        pick = self._random.choice
        categories = held.categories if held else ()
        return events.ContentsGiven(
            pick(("文具", "书", "")),
            pick((1, 1250, 50_000, 0, 50_001)),
            self._random.random() < 0.5,
            pick((*categories, *categories, None, "烟花")),
        )

    def _label_ended(self) -> events.Event:
        status = self._random.choice(("printed", "printed", "unknown", "blocked"))
        return events.LabelEnded(status, None if status == "printed" else "paper-out")

    def _label_owed(self) -> events.Event:
        status = self._random.choice(("unknown", "blocked"))
        generation = self._random.randint(1, 3)
        return events.LabelOwed(self._random.randbytes(16), "PPT00000000000", generation, status)
