"""Honest marks: computed from a consignment's evidence, and by nothing else."""

from __future__ import annotations

from padpos.counter.consignment import Consignment
from padpos.wire.fact_values import Mark

_CHIP = frozenset({"chip", "chip-signed"})


def marks_of(consignment: Consignment, sealed_sha256: bytes) -> tuple[Mark, ...]:
    """The marks earned. Evidence: the sealed part that holds the document, the sealed photos."""
    earned = []
    if consignment.document is not None and consignment.reading in _CHIP:
        earned.append(Mark("identified", (sealed_sha256,)))
    if consignment.photos:
        earned.append(Mark("inspected", tuple(photo.sha256 for photo in consignment.photos)))
    elif consignment.customer == "contract":
        earned.append(Mark("contract-uninspected", ()))
    return tuple(earned)
