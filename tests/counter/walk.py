"""Random walks through the law of the counter, judged by a second opinion at every step.

`python -m tests.counter.walk --seed 7 --steps 1000000` walks a million events and tells what it
met; the same seed takes the same way. It ends at the first thing the law does not allow.
"""

from __future__ import annotations

import itertools
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import click

from padpos.counter import events
from padpos.counter.consignment import Photo, Step
from padpos.counter.errors import CounterError
from padpos.counter.flow import IDLE, Phase, State, step_of, transition
from padpos.counter.reasons import ABANDONED, REFUSALS
from padpos.wire.fact_values import Drawn
from padpos.wire.personal import Document, Party
from padpos.wire.policy import Duty, Policy, Requirement
from tests.counter.shadow import Shadow, texts_in
from tests.wire.vector_objects import DAY, DOCUMENT, RECIPIENT, SENDER, START, the_policy

OTHER = Party("陆知微", "19900000003", "广东省广州市天河区样例路9号")
BAD_PARTY = Party("", "12", "\x07")
DOCUMENTS = (
    DOCUMENT,
    replace(DOCUMENT, type="passport", name="LU ZHIWEI", valid_until="20260101"),
    replace(DOCUMENT, valid_until="20251231"),
    replace(DOCUMENT, valid_from="20260102"),
    replace(DOCUMENT, type="library-card"),
)


def policies() -> list[Policy]:
    """Every lawful combination of duties: 4 for walk-ins times 9 for contract customers."""
    plain, all_duties = (Duty.REQUIRED, Duty.EXEMPT), tuple(Duty)
    return [
        the_policy(
            requirements=(
                Requirement("walk-in", "identify", first, "一"),
                Requirement("walk-in", "inspect", second, "二"),
                Requirement("contract", "identify", third, "三"),
                Requirement("contract", "inspect", fourth, "四"),
            )
        )
        for first, second in itertools.product(plain, plain)
        for third, fourth in itertools.product(all_duties, all_duties)
    ]


class Walk:
    """One walk: draws events, lets them happen, and has each result judged."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._policies = policies()
        self.policy = self._random.choice(self._policies)
        self.state: State = IDLE
        self.shadow = Shadow()
        self.shadow.secrets = {
            text for value in (SENDER, RECIPIENT, OTHER, *DOCUMENTS) for text in _personal(value)
        }
        self.met: Counter[str] = Counter()
        self._left_out = Step.CONFIRM

    def run(self, steps: int) -> None:
        """Take that many steps. Raises AssertionError where the law is broken."""
        for _ in range(steps):
            self.step()
        self.shadow.close(self.state)

    def step(self) -> None:
        """One event, fitting or not, now and then under another policy."""
        if self._random.random() < 0.05:
            self.policy = self._random.choice(self._policies)
        event = self._fitting() if self._random.random() < 0.7 else self._any()
        before, parts = self.state, _identities(self.state)
        try:
            after, effects = transition(before, event, self.policy, START)
        except CounterError as error:
            assert self.state is before and _identities(before) == parts, "a refusal left a trace"
            self.met[f"refused {error.code}"] += 1
            return
        assert _identities(before) == parts, "the old state was altered"
        self.state = after
        self.shadow.follow(event, effects, after, self.policy, DAY)
        self.met[type(event).__name__] += 1
        self.met[f"phase {after.phase}"] += 1

    def _fitting(self) -> events.Event:
        pick = self._random.choice
        match self.state.phase:
            case Phase.IDLE | Phase.DONE:
                return pick((self._begun, self._begun, self._label_owed))()
            case Phase.RECORDING:
                return pick((events.Recorded("PPT00000000000"), events.RecordFailed("malformed")))
            case Phase.PRINTING:
                return self._label_ended()
            case Phase.LABEL_UNKNOWN:
                return events.LabelSaid(pick((True, False)))
            case Phase.LABEL_BLOCKED:
                return pick((events.RetryLabel(), events.RetryLabel(), events.LabelGivenUp()))
        makers: dict[Step, Callable[[], events.Event]] = {
            Step.DRAW: self._draw_made,
            Step.IDENTIFY: self._document_read,
            Step.INSPECT: self._photo_taken,
            Step.SENDER: self._sender_given,
            Step.RECIPIENT: lambda: events.RecipientGiven(RECIPIENT),
            Step.CONTENTS: self._contents_given,
            Step.CONFIRM: events.Confirmed,
        }
        asked = step_of(self.state, self.policy)
        assert asked is not None
        # Often out of order, and each parcel leaves one step out: so a way round would begin.
        step = pick(tuple(makers)) if self._random.random() < 0.5 else asked
        if step is self._left_out and self._random.random() < 0.8:
            step = pick(tuple(makers))
        return makers[step]()

    def _any(self) -> events.Event:
        pick = self._random.choice
        makers: tuple[Callable[[], events.Event], ...] = (
            self._begun,
            self._draw_made,
            self._document_read,
            lambda: events.DeviceFailed("card-lifted"),
            self._photo_taken,
            self._sender_given,
            lambda: events.RecipientGiven(pick((RECIPIENT, OTHER, BAD_PARTY))),
            self._contents_given,
            *[events.Confirmed] * 4,  # the event that every way round ends in
            lambda: events.Refused(pick((*REFUSALS, "because"))),
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

    def _begun(self) -> events.Event:
        customer, contract = self._random.choice(
            (("walk-in", None), ("contract", "c-1"), ("walk-in", "c-1"), ("contract", None))
        )
        self._left_out = self._random.choice(tuple(Step))
        return events.Begun(self._random.randbytes(16), customer, contract)

    def _draw_made(self) -> events.Event:
        return events.DrawMade(Drawn(DAY, 1, self._random.random() < 0.5))

    def _document_read(self) -> events.Event:
        reading = self._random.choice(("chip", "chip-signed", "typed", "none"))
        return events.DocumentRead(self._random.choice(DOCUMENTS), reading, 1)

    def _photo_taken(self) -> events.Event:
        return events.PhotoTaken(Photo(self._random.randbytes(32), 1000, "plausible"))

    def _sender_given(self) -> events.Event:
        typed = self._random.choice((SENDER, OTHER, BAD_PARTY))
        return events.SenderGiven(typed.phone, typed.name, typed.address)

    def _contents_given(self) -> events.Event:
        grams = self._random.choice((1, 1250, 50_000, 0, 50_001))
        contents = self._random.choice(("文具", "书", ""))
        return events.ContentsGiven(contents, grams, self._random.random() < 0.5)

    def _label_ended(self) -> events.Event:
        status = self._random.choice(("printed", "unknown", "blocked"))
        return events.LabelEnded(status, None if status == "printed" else "paper-out")

    def _label_owed(self) -> events.Event:
        status = self._random.choice(("unknown", "blocked"))
        generation = self._random.randint(1, 3)
        return events.LabelOwed(self._random.randbytes(16), "PPT00000000000", generation, status)


def _personal(value: Document | Party) -> list[str]:
    if isinstance(value, Party):
        return texts_in(value)
    return [text for text in (value.name, value.number, value.address) if text]


def _identities(state: State) -> tuple[object, ...]:
    held = state.consignment
    inside = () if held is None else tuple(id(getattr(held, f)) for f in held.__slots__)
    return (state.phase, id(held), id(state.paper), state.problem, state.outcome, inside)


@click.command(help=__doc__)
@click.option("--seed", default=0, help="Where the walk begins.", show_default=True)
@click.option("--steps", default=1_000_000, help="How many events.", show_default=True)
def main(seed: int, steps: int) -> None:
    started = time.perf_counter()
    walk = Walk(seed)
    walk.run(steps)
    for name, count in sorted((walk.met + walk.shadow.counts).items()):
        click.echo(f"{count:>10}  {name}")
    seconds = time.perf_counter() - started
    click.echo(f"seed {seed}: {steps} steps in {seconds:.1f} s, nothing the law does not allow")


if __name__ == "__main__":
    main()
