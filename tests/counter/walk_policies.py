"""The policies a walk goes under: every lawful combination of duties, and switches by the way."""

from __future__ import annotations

import itertools
import random

from padpos.wire.fact_values import STEPS_OF
from padpos.wire.policy import Choice, DocumentClass, Duty, Limit, Policy, Requirement, Subject
from padpos.wire.policy import NumberRule as Rule
from padpos.wire.policy import Switch as Turned
from tests.wire.vector_objects import the_policy

PLAIN, ALL = (Duty.REQUIRED, Duty.EXEMPT), tuple(Duty)
CLASSES = (
    DocumentClass("resident-id", "身份证", "ID card", Rule.CITIZEN, typed=True),
    DocumentClass("residence", "居住证", "Residence permit", Rule.GB11643, typed=False),
    DocumentClass("passport", "护照", "Passport", Rule.FREE, typed=True),
)
LIMITS = ((None, None, None), (1, 2, 3), (1, None, None), (None, 1, None), (2, 2, 4))


def policies() -> list[Policy]:
    """Every lawful combination of duties for walk-ins and contract customers, 36, and for each of
    them eight draws of everything else."""
    chance = random.Random(7)
    return [
        _policy(duties, chance)
        for duties in itertools.product(PLAIN, PLAIN, ALL, ALL)
        for _ in range(8)
    ]


def _policy(duties: tuple[Duty, ...], chance: random.Random) -> Policy:
    stated = {
        ("walk-in", "identify"): duties[0],
        ("walk-in", "inspect"): duties[1],
        ("contract", "identify"): duties[2],
        ("contract", "inspect"): duties[3],
        ("letter", "inspect"): Duty.EXEMPT,
    }
    pairs = [(customer, step) for customer, steps in STEPS_OF.items() for step in steps]
    return the_policy(
        document_classes=tuple(chance.sample(CLASSES, chance.choice((1, 2, 3, 3)))),
        requirements=tuple(
            Requirement(*pair, stated.get(pair, chance.choice(PLAIN)), "条") for pair in pairs
        ),
        typed_per_day=chance.choice((0, 2, 20)),
        limits=tuple(Limit(subject, *chance.choice(LIMITS)) for subject in Subject),
        switches=tuple(Turned(choice, chance.random() < 0.7, "条") for choice in Choice),
        guardian_under=chance.choice((0, 14)),
        freeze_count=chance.choice((2, 500)),
    )
