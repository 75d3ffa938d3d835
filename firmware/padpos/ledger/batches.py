"""Batches: rows sealed at import, one consignment each, until they are recorded or let go."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from padpos.ledger.ledger import Ledger
from padpos.wire import cbor, fields
from padpos.wire.cbor import Cbor
from padpos.wire.fact_values import Drawn
from padpos.wire.keyset import Use

SLICE = 200
"""Rows that are removed in one transaction; the ledger does other work between two."""


class Stage(StrEnum):
    """How a row stands; a batch is `importing`, then `ready`, then `leaving`."""

    IMPORTING = "importing"
    READY = "ready"
    LEAVING = "leaving"
    WAITING = "waiting"
    OPEN = "open"
    RECORDED = "recorded"
    VOIDED = "voided"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class SealedRow:
    """One parcel of a batch as the ledger keeps it: sealed, and what its label shows anyway.

    `shown` is [sender masked, recipient masked, contents]. Once recorded, the papers have it.
    """

    consignment: bytes
    number: int
    waybill: str
    category: str | None
    grams: int
    sealed: bytes = field(repr=False)
    carrier: bytes = field(repr=False)
    codes: tuple[bytes, ...] = field(repr=False)
    shown: Cbor = field(repr=False)
    draw: Drawn | None = None
    batch: bytes = b""


@dataclass(frozen=True, slots=True)
class BatchState:
    """How a batch stands: rows by stage, and the keys (use, key id) its rows are sealed to."""

    id: bytes
    contract: str
    imported: int
    stage: str
    keys: tuple[tuple[str, bytes], ...]
    rows: dict[str, int]

    @property
    def left(self) -> int:
        """Rows that are neither recorded nor ended."""
        return self.rows.get(Stage.WAITING, 0) + self.rows.get(Stage.OPEN, 0)


@dataclass(frozen=True, slots=True)
class Line:
    """A row for the screen: masked, and what became of it."""

    number: int
    waybill: str
    stage: str
    shown: Cbor = field(repr=False)


class Batches:
    """The two tables. All calls on the ledger's thread."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._db = ledger.db

    def begin(self, contract: str, now: int, keys: Iterable[tuple[Use, bytes]]) -> bytes:
        """A new batch, to be filled: its id."""
        batch = secrets.token_bytes(16)
        kept: Cbor = [[str(use), key] for use, key in keys]
        with self._ledger.transaction():
            self._db.execute(
                "INSERT INTO batches (id, contract, imported, keys, stage) VALUES (?, ?, ?, ?, ?)",
                (batch, contract, now, cbor.dumps(kept), Stage.IMPORTING),
            )
        return batch

    def add(self, batch: bytes, row: SealedRow) -> None:
        """Keep a row; inside the transaction that takes its number."""
        self._db.execute(
            "INSERT INTO batch_rows (consignment, batch, number, waybill, category, grams,"
            " sealed, carrier, codes, shown, stage) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                row.consignment, batch, row.number, row.waybill, row.category, row.grams,
                row.sealed, row.carrier, cbor.dumps(list(row.codes)), cbor.dumps(row.shown),
                Stage.WAITING,
            ),
        )  # fmt: skip

    def ready(self, batch: bytes) -> None:
        """All rows of the file are there: from now on the batch can be printed."""
        self._stage(batch, Stage.READY)

    def next(self, batch: bytes, passed_over: Iterable[int] = ()) -> SealedRow | None:
        """The first row that is still to be done, but for those numbers."""
        over = set(passed_over)
        firsts = (self._first(batch, stage, over) for stage in (Stage.OPEN, Stage.WAITING))
        number = min((number for number in firsts if number is not None), default=None)
        return None if number is None else self._one("batch = ? AND number = ?", (batch, number))

    def row(self, consignment: bytes) -> SealedRow | None:
        """The row of a consignment, while it is still to be done."""
        return self._one("consignment = ? AND stage IN ('waiting', 'open')", (consignment,))

    def open(self, consignment: bytes) -> None:
        """Its turn has come: a crash leaves it so, and it is taken up again as it is."""
        with self._ledger.transaction():
            self._db.execute(
                "UPDATE batch_rows SET stage = 'open' WHERE consignment = ? AND stage = 'waiting'",
                (consignment,),
            )

    def drawn(self, consignment: bytes, draw: Drawn) -> None:
        """Its draw is made, once and for all; inside the draw entry's transaction."""
        self._db.execute(
            "UPDATE batch_rows SET draw = ? WHERE consignment = ?",
            (cbor.dumps(draw.to_cbor()), consignment),
        )

    def done(self, consignment: bytes, stage: Stage) -> None:
        """It is recorded, voided or ended; what was sealed for it is elsewhere now, or not needed.

        Inside the transaction that appends the entry. Nothing happens where it is no batch's.
        """
        self._db.execute(
            "UPDATE batch_rows SET stage = ?, sealed = NULL, carrier = NULL, codes = NULL,"
            " shown = NULL WHERE consignment = ?",
            (stage, consignment),
        )

    def open_rows(self, batch: bytes | None = None) -> list[bytes]:
        """The consignments whose turn has come and is not over."""
        where, values = ("AND batch = ?", (batch,)) if batch is not None else ("", ())
        rows = self._db.execute(
            f"SELECT consignment FROM batch_rows WHERE stage = 'open' {where} ORDER BY number",  # noqa: S608 - fixed texts
            values,
        )
        return [consignment for (consignment,) in rows]

    def states(self) -> tuple[BatchState, ...]:
        """All batches, the oldest first."""
        counts: dict[bytes, dict[str, int]] = {}
        for batch, stage, count in self._db.execute(
            "SELECT batch, stage, count(*) FROM batch_rows GROUP BY batch, stage"
        ):
            counts.setdefault(batch, {})[stage] = count
        rows = self._db.execute("SELECT id, contract, imported, stage, keys FROM batches")
        return tuple(
            BatchState(batch, contract, imported, stage, _keys(keys), counts.get(batch, {}))
            for batch, contract, imported, stage, keys in rows
        )

    def keys_of(self, batch: bytes) -> tuple[tuple[str, bytes], ...]:
        """The keys that a batch's rows are sealed to."""
        row = self._db.execute("SELECT keys FROM batches WHERE id = ?", (batch,)).fetchone()
        return _keys(row[0]) if row else ()

    def lines(self, batch: bytes, after: int, most: int) -> list[Line]:
        """Rows behind a number, in order."""
        rows = self._db.execute(
            "SELECT number, waybill, stage, shown FROM batch_rows WHERE batch = ? AND number > ?"
            " ORDER BY number LIMIT ?",
            (batch, after, most),
        )
        return [
            Line(number, waybill, stage, shown and cbor.loads(shown, 4096))
            for number, waybill, stage, shown in rows
        ]

    def numbers(self, batch: bytes, *stages: Stage) -> list[int]:
        """The file's rows that stand so."""
        marks = ", ".join("?" * len(stages))
        rows = self._db.execute(
            f"SELECT number FROM batch_rows WHERE batch = ? AND stage IN ({marks}) ORDER BY number",  # noqa: S608 - placeholders
            (batch, *stages),
        )
        return [number for (number,) in rows]

    def leave(self, batch: bytes) -> None:
        """The batch is let go; `clear` then removes it, after a crash too."""
        self._stage(batch, Stage.LEAVING)

    def clear(self) -> bool:
        """Remove a slice of what was let go, or never came to be ready: whether there is more.

        Numbers of rows that never had their turn stand on no paper and in no entry: they are free.
        """
        going = self._db.execute(
            "SELECT id FROM batches WHERE stage IN ('importing', 'leaving') LIMIT 1"
        ).fetchone()
        if going is None:
            return False
        slice_ = (
            "SELECT rowid FROM batch_rows WHERE batch = ? ORDER BY number DESC LIMIT"  # noqa: S608 - a constant
            f" {SLICE}"
        )
        with self._ledger.transaction():
            self._db.execute(
                "DELETE FROM waybills WHERE number IN (SELECT waybill FROM batch_rows"  # noqa: S608 - our own text
                f" WHERE stage = 'waiting' AND rowid IN ({slice_}))",
                going,
            )
            self._db.execute(f"DELETE FROM batch_rows WHERE rowid IN ({slice_})", going)  # noqa: S608 - as above
            if not self._db.changes():
                self._db.execute("DELETE FROM batches WHERE id = ?", going)
        return True

    def _stage(self, batch: bytes, stage: Stage) -> None:
        with self._ledger.transaction():
            self._db.execute("UPDATE batches SET stage = ? WHERE id = ?", (stage, batch))

    def _first(self, batch: bytes, stage: Stage, over: set[int]) -> int | None:
        rows = self._db.execute(
            "SELECT number FROM batch_rows WHERE batch = ? AND stage = ? ORDER BY number",
            (batch, stage),
        )
        return next((number for (number,) in rows if number not in over), None)

    def _one(self, where: str, values: tuple[bytes | int, ...]) -> SealedRow | None:
        found = self._db.execute(
            "SELECT consignment, number, waybill, category, grams, sealed, carrier, codes, shown,"  # noqa: S608 - fixed texts
            f" draw, batch FROM batch_rows WHERE {where}",
            values,
        ).fetchone()
        if found is None:
            return None
        consignment, number, waybill, category, grams, sealed, carrier, codes, shown = found[:9]
        draw, batch = found[9:]
        listed = fields.array_of(cbor.loads(codes, 4096), fields.octets, "codes", 8)
        drawn = None if draw is None else Drawn.from_cbor(cbor.loads(draw, 256), "draw")
        return SealedRow(
            consignment, number, waybill, category, grams, sealed, carrier, tuple(listed),
            cbor.loads(shown, 4096), drawn, batch,
        )  # fmt: skip


def _keys(raw: bytes) -> tuple[tuple[str, bytes], ...]:
    listed = fields.array_of(cbor.loads(raw, 4096), _key, "keys", 64)
    return tuple(listed)


def _key(value: Cbor, where: str) -> tuple[str, bytes]:
    use, key = fields.fixed_array(value, (2,), where)
    return fields.text(use, where), fields.octets(key, where, 8)
