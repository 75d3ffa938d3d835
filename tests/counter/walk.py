"""Random walks through the law of the counter, judged by a second opinion at every step.

`python -m tests.counter.walk --seed 7 --steps 1000000` walks a million events and tells what it
met; the same seed takes the same way. It ends at the first thing the law does not allow.
"""

from __future__ import annotations

import random
import time
from collections import Counter

import click

from padpos.counter.errors import CounterError
from padpos.counter.flow import IDLE, State, transition
from padpos.wire.personal import Document, Party
from tests.counter.shadow import Shadow, texts_in
from tests.counter.walk_events import DOCUMENTS, OTHER, Chance
from tests.counter.walk_policies import policies
from tests.wire.vector_objects import RECIPIENT, SENDER, START

PAUSES = (0, 0, 1_000, 5_000, 20_000)
LONG_PAUSES = (601_000, -30_000, -3_600_000, 5 * 3_600_000)


class Walk:
    """One walk: draws events, lets them happen, and has each result judged."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._policies = policies()
        self.policy = self._random.choice(self._policies)
        self.state: State = IDLE
        self.now = START
        self.shadow = Shadow()
        self.shadow.secrets = {
            text for value in (SENDER, OTHER, *DOCUMENTS) for text in _personal(value)
        }
        self.shadow.recipients = set(texts_in(RECIPIENT))
        self.met: Counter[str] = Counter()
        self._events = Chance(self._random)

    def run(self, steps: int) -> None:
        """Take that many steps. Raises AssertionError where the law is broken."""
        for _ in range(steps):
            self.step()
        self.shadow.close(self.state)

    def step(self) -> None:
        """One event, fitting or not, now and then under another policy or after a pause."""
        if self._random.random() < 0.02:
            self.policy = self._random.choice(self._policies)
        long = self._random.random() < 0.01
        self.now += self._random.choice(LONG_PAUSES if long else PAUSES)
        if not START <= self.now < START + 20 * 86_400_000:
            self.now = START
        fitting = self._random.random() < 0.75
        event = self._events.event(self.state, self.policy, self.now, fitting=fitting)
        before, parts = self.state, _identities(self.state)
        try:
            after, effects = transition(before, event, self.policy, self.now)
        except CounterError as error:
            assert self.state is before and _identities(before) == parts, "a refusal left a trace"
            self.met[f"refused {error.code}"] += 1
            return
        assert _identities(before) == parts, "the old state was altered"
        self.state = after
        self.shadow.follow(event, effects, after, self.policy, self.now)
        self._events.carry_out(event, effects)
        self.met[type(event).__name__] += 1
        self.met[f"phase {after.phase}"] += 1


def _personal(value: Document | Party) -> list[str]:
    if isinstance(value, Party):
        return texts_in(value)
    return [text for text in (value.name, value.number, value.address) if text]


def _identities(state: State) -> tuple[object, ...]:
    held = state.consignment
    inside = () if held is None else tuple(id(getattr(held, f)) for f in held.__slots__)
    return (state.phase, id(held), id(state.paper), id(state.visit), state.problem, inside)


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
