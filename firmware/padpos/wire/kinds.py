"""The kinds of entry a ledger holds (formats §5)."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What an entry records."""

    GENESIS = "genesis"
    CONSIGNMENT = "consignment"
    REFUSAL = "refusal"
    ABANDONED = "abandoned"
    VOID = "void"
    LABEL = "label"
    CLERK = "clerk"
    DRAW = "draw"
    OVERRIDE = "override"
    POLICY = "policy"
    TAMPER = "tamper"
    CLOCK = "clock"
    UPKEEP = "upkeep"
    CHECKPOINT = "checkpoint"
