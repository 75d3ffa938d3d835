"""A look at the ledger of a terminal that is not running."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from padpos.counter.summary import Summary
from padpos.ledger.days import Days
from padpos.ledger.ledger import Clock, Ledger
from padpos.terminal import config as terminal_config
from padpos.terminal import keys as terminal_keys
from padpos.terminal.clock import now_ms, synchronised
from padpos.terminal.opening import opened
from padpos.wire import entry as wire_entry
from padpos.wire import ids
from padpos.wire.keys import Signer


@dataclass(frozen=True, slots=True)
class Row:
    """One entry, as far as it may be shown to anybody."""

    seq: int
    kind: str
    hash: str
    time: int
    receipt: int | None
    refused: str | None
    consignment: str | None
    facts: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def rows(config: Path) -> list[Row]:
    """All entries in order. Raises what opening the ledger raises."""
    with ledger_of(config) as (ledger, signer):
        found = []
        query = "SELECT seq, hash, time, raw, receipted, refused FROM entries ORDER BY seq"
        for seq, digest, time, raw, receipt, refused in ledger.db.execute(query):
            entry, _ = wire_entry.verify(raw, signer.public)
            facts = {k: v for k, v in asdict(entry.facts).items() if isinstance(v, str | int)}
            consignment = getattr(entry.facts, "consignment", None)
            found.append(
                Row(
                    seq,
                    str(entry.kind),
                    digest.hex(),
                    time,
                    receipt,
                    refused,
                    consignment.hex() if consignment else None,
                    facts,
                )
            )
        return found


def day(config: Path, wanted: str | None) -> tuple[str, Summary]:
    """A day, the newest if none is wanted, and its summary. Raises what opening the ledger does."""
    with ledger_of(config) as (ledger, _):
        days = Days(ledger)
        named = ids.day(wanted or days.last_day())
        return named, days.summary(named)


@contextlib.contextmanager
def ledger_of(path: Path) -> Iterator[tuple[Ledger, Signer]]:
    """The ledger that a terminal's configuration names, and the key that signs it."""
    config = terminal_config.load(path)
    signer = terminal_keys.load_entry_key(config.keys)
    ledger = opened(config, signer, Clock(now_ms, synchronised))
    with contextlib.closing(ledger):
        yield ledger, signer
