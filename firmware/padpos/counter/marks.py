"""Honest marks: computed from a consignment's evidence, and by nothing else."""

from __future__ import annotations

from padpos.counter.consignment import Consignment
from padpos.wire.fact_values import Mark


def marks_of(consignment: Consignment, sealed_sha256: bytes) -> tuple[Mark, ...]:
    """The marks earned. Evidence: the sealed part that holds the documents, the sealed photos.

    Identified: every document by its chip, the sender's among them, and a clerk who saw the person.
    """
    earned = []
    identity = consignment.identity
    if identity.shown and not identity.by_chip:
        earned.append(Mark("typed", (sealed_sha256,)))
    elif identity.document is not None and (identity.agreed or consignment.look is not None):
        earned.append(Mark("identified", (sealed_sha256,)))
    if consignment.looked_at:
        earned.append(Mark("inspected", tuple(photo.sha256 for photo in consignment.photos)))
    elif consignment.customer == "contract":
        earned.append(Mark("contract-uninspected", ()))
    elif consignment.customer == "letter":
        earned.append(Mark("letter", ()))
    return tuple(earned)
