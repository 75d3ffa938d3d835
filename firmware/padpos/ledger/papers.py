"""Papers: each recorded parcel's label codes and masked texts, and how its paper stands."""

from __future__ import annotations

from dataclasses import dataclass

from padpos.ledger.errors import LedgerDamaged, typed
from padpos.ledger.ledger import Ledger
from padpos.ledger.schema import SUMMED, summed
from padpos.wire import cbor
from padpos.wire.facts import Kind, LabelFacts
from padpos.wire.label_code import code_hash

_COLUMNS = SUMMED["papers"]
_SELECT = (
    f"SELECT {', '.join(_COLUMNS)}, sum IS {summed(_COLUMNS)}"  # noqa: S608 - our own names
    " FROM papers"
)
UNSETTLED = ("pending", "intended", "unknown", "blocked")


@dataclass(frozen=True, slots=True)
class PaperRecord:
    """What printing needs, and no plaintext: codes of generations 1 to 3, the masked texts."""

    consignment: bytes
    waybill: str
    codes: tuple[bytes, ...]
    shown: cbor.Cbor
    generation: int
    status: str


class Papers:
    """The papers table, and the label entries that go with each change of it."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._db = ledger.db

    def add(
        self, consignment: bytes, waybill: str, codes: tuple[bytes, ...], shown: cbor.Cbor
    ) -> None:
        """Keep what the label needs; inside the transaction that appends the consignment."""
        self._db.execute(
            "INSERT INTO papers (consignment, waybill, codes, shown, generation, status)"
            " VALUES (?, ?, ?, ?, 1, 'pending')",
            (consignment, waybill, cbor.dumps(list(codes)), cbor.dumps(shown)),
        )

    def get(self, consignment: bytes) -> PaperRecord | None:
        """The paper of a consignment. Raises LedgerDamaged where its row was altered."""
        row = self._db.execute(f"{_SELECT} WHERE consignment = ?", (consignment,)).fetchone()
        return _record(row) if row else None

    def unsettled(self) -> PaperRecord | None:
        """The oldest paper that a restart found neither printed nor voided.

        Raises LedgerDamaged where its row was altered.
        """
        with typed():
            row = self._db.execute(
                f"{_SELECT} WHERE status IN ('pending', 'intended', 'unknown', 'blocked')"
                " ORDER BY rowid LIMIT 1"
            ).fetchone()
        return _record(row) if row else None

    def settle(
        self, paper: PaperRecord, generation: int, status: str, said_by: str, reason: str | None
    ) -> None:
        """Append a label entry and let the paper stand so. Durable when this returns."""
        facts = LabelFacts(
            consignment=paper.consignment,
            waybill=paper.waybill,
            generation=generation,
            code_hash=code_hash(paper.codes[generation - 1]),
            status=status,
            said_by=said_by,
            reason=reason,
        )
        with self._ledger.transaction():
            self._ledger.append(Kind.LABEL, facts)
            self.mark(paper.consignment, generation, status)

    def mark(self, consignment: bytes, generation: int, status: str) -> None:
        """Let the paper stand so."""
        self._db.execute(
            "UPDATE papers SET generation = ?, status = ? WHERE consignment = ?",
            (generation, status, consignment),
        )


def _record(row: tuple[bytes, str, bytes, bytes, int, str, int]) -> PaperRecord:
    consignment, waybill, codes, shown, generation, status, holds = row
    if not holds:  # what is printed from it would be on a label
        raise LedgerDamaged("a row of papers was altered")
    listed = cbor.loads(codes, 4096)
    assert isinstance(listed, list)  # `add` wrote it
    kept = tuple(code for code in listed if isinstance(code, bytes))
    return PaperRecord(consignment, waybill, kept, cbor.loads(shown, 64 << 10), generation, status)
