"""How a ledger stands, for the technician. Nothing personal is in it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from padpos.ledger import aside
from padpos.ledger.check import Check
from padpos.ledger.ledger import FILE, TAIL, Ledger
from padpos.ledger.outbox import Outbox
from padpos.ledger.room import Space


@dataclass(frozen=True, slots=True)
class LedgerStatus:
    """Times in ms since the epoch, sizes in bytes; `checked` entries of `entries`."""

    terminal: str
    entries: int
    waiting_entries: int
    waiting_photos: int
    waiting_bytes: int
    oldest: int | None
    refused: dict[str, int]
    receipt: int | None
    receipt_hash: str | None
    database: int
    log: int
    checked: int
    damage: dict[str, str] | None
    space: dict[str, Any] | None
    limits: dict[str, int] | None
    aside: dict[str, str]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def status(ledger: Ledger, walk: Check | None = None) -> LedgerStatus:
    """As it is now; `walk` is the check under way, if one is. On the ledger's thread."""
    waiting = Outbox(ledger).waiting()
    newest = ledger.db.execute(
        "SELECT number, hash FROM receipts ORDER BY number DESC LIMIT 1"
    ).fetchone()
    wal = ledger.folder / f"{FILE}-wal"
    damage = aside.marked(ledger.folder)
    room = ledger.room
    return LedgerStatus(
        terminal=ledger.terminal,
        entries=ledger.entries,
        waiting_entries=waiting.entries,
        waiting_photos=waiting.attachments,
        waiting_bytes=ledger.totals.size,
        oldest=waiting.oldest,
        refused=_refused(ledger),
        receipt=newest[0] if newest else None,
        receipt_hash=newest[1].hex() if newest else None,
        database=(ledger.folder / FILE).stat().st_size,
        log=wal.stat().st_size if wal.exists() else 0,
        checked=min(ledger.entries, TAIL) if walk is None else walk.checked,
        damage=asdict(damage) if damage else None,
        space=_space(room.look(ledger.used(), tried=walk is not None)) if room else None,
        limits={"least_free": room.limits.least_free, "quota": room.limits.quota} if room else None,
        aside={name: note.code if note else "" for name, note in _aside(ledger).items()},
    )


def _refused(ledger: Ledger) -> dict[str, int]:
    rows = ledger.db.execute(
        "SELECT refused, count(*) FROM (SELECT refused FROM entries WHERE refused IS NOT NULL"
        " UNION ALL SELECT refused FROM attachments WHERE refused IS NOT NULL) GROUP BY refused"
    )
    return {str(reason): int(number or 0) for reason, number in rows}


def _aside(ledger: Ledger) -> dict[str, aside.Note | None]:
    return aside.listed(ledger.folder)


def _space(space: Space) -> dict[str, Any]:
    return {**asdict(space), "closing": str(space.closing) if space.closing else None}
