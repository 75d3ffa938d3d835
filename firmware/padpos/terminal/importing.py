"""A batch file on its way into the ledger: held in memory alone, checked, then sealed row by row.

Nothing of it touches a disk, and once its rows are sealed the file is forgotten (rule 1).
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import ParamSpec, Protocol, TypeVar

from padpos.batch.choice import Choice
from padpos.batch.report import Report
from padpos.batch.rows import Faulty, Row, faulty, rows
from padpos.batch.table import refused
from padpos.counter.errors import Invalid
from padpos.counter.reasons import words
from padpos.label.errors import AuditFailure, LabelProblem
from padpos.ledger.batches import Batches, SealedRow
from padpos.ledger.errors import LedgerError
from padpos.ledger.ledger import Ledger
from padpos.terminal.admission import admit
from padpos.terminal.config import TerminalConfig
from padpos.terminal.labels import masked_parts, try_label
from padpos.terminal.recorder import Recorder
from padpos.terminal.standing import Standing
from padpos.wire.errors import WireError
from padpos.wire.keys import CannotSign
from padpos.wire.personal import Party, SealedConsignment

log = logging.getLogger("padpos.terminal")

P = ParamSpec("P")
R = TypeVar("R")
SLICE = 16
"""Rows that are sealed in one transaction; the ledger does other work between two."""
FORGET_SECONDS = 900.0


class Host(Protocol):
    """What importing needs of the station."""

    config: TerminalConfig
    standing: Standing
    now: Callable[[], int]

    @property
    def closed(self) -> str | None:
        """The problem code for which nothing may begin."""

    def tell(self) -> None:
        """Wake everybody who watches."""

    async def in_ledger(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a call on the ledger's thread."""


@dataclass(frozen=True, slots=True)
class File:
    """A file that was looked through; it is in no other place than this process's memory."""

    data: bytes = field(repr=False)
    contract: str
    agreed: tuple[str, ...]
    report: Report


async def _parts(data: bytes, agreed: tuple[str, ...]) -> AsyncIterator[list[Row | Faulty]]:
    """A file's rows, a few at a time, read in a thread of their own."""
    every = rows(data, agreed)
    while part := await asyncio.to_thread(lambda: list(islice(every, SLICE))):
        yield part


class Importer:
    """Takes one file at a time."""

    def __init__(self, host: Host, ledger: Ledger, recorder: Recorder) -> None:
        self.file: File | None = None
        self.progress: tuple[str, int, int] | None = None
        self._host = host
        self._ledger = ledger
        self._batches = Batches(ledger)
        self._recorder = recorder
        self._forgetting: asyncio.TimerHandle | None = None

    async def look(self, data: bytes, contract: str) -> Report:
        """Look through a file; it stays in memory until it is sealed or forgotten.

        Raises Invalid where it is no batch file, or the contract does not stand.
        """
        self._check_free()
        self.forget()
        agreed = admit(self._host.standing, "contract", contract, self._host.now())
        report = Report()
        with self._working("checking", 0):
            async for part in _parts(data, agreed):
                for row in await self._host.in_ledger(self._tried, part, None):
                    report.take(row)
                self._step(len(part))
        self.file = File(data, contract, agreed, report)
        loop = asyncio.get_running_loop()
        self._forgetting = loop.call_later(FORGET_SECONDS, self.forget)
        return report

    async def seal(self, sender: Party, chosen: Choice) -> bytes:
        """Seal the file's rows, or those chosen, all of them or none: the batch's id.

        Raises CounterError; the file is forgotten in any case but a row's fault.
        """
        file = self.file
        if file is None:
            raise refused("batch-none")
        self._check_free()
        if file.report.faulty and not chosen.spans:
            raise refused("batch-faulty")
        with self._working("sealing", file.report.good):
            try:
                batch = await self._seal(file, sender, chosen)
            except (WireError, LedgerError, CannotSign) as error:
                raise Invalid(error.code, *words(error.code)) from error
            finally:
                await self.clear()
        self.forget()
        return batch

    async def clear(self) -> None:
        """Remove what was let go, or never came to be ready, slice by slice."""
        while await self._host.in_ledger(self._batches.clear):
            self._host.tell()

    def forget(self) -> None:
        """Forget the file."""
        if self._forgetting is not None:
            self._forgetting.cancel()
        self.file = self._forgetting = None
        self._host.tell()

    async def _seal(self, file: File, sender: Party, chosen: Choice) -> bytes:
        in_ledger = self._host.in_ledger
        now, keys = self._host.now(), self._recorder.sealer.in_use()
        batch = await in_ledger(self._batches.begin, file.contract, now, keys)
        sealed = 0
        try:
            async for part in _parts(file.data, file.agreed):
                if self._host.closed is not None:
                    raise Invalid(self._host.closed, *words(self._host.closed))
                meant = [row for row in part if row.number in chosen]
                sealed += await in_ledger(self._seal_part, batch, meant, sender)
                if self._recorder.sealer.in_use() != keys:
                    raise refused("batch-stale")
                self._step(len(part))
            if not sealed:
                raise refused("batch-rows")
        except BaseException:
            await in_ledger(self._batches.leave, batch)
            raise
        await in_ledger(self._batches.ready, batch)
        log.info("a batch of %d rows is sealed", sealed)
        return batch

    def _seal_part(self, batch: bytes, part: list[Row | Faulty], sender: Party) -> int:
        with self._ledger.transaction():
            for row in self._tried(part, sender):
                if isinstance(row, Faulty):
                    raise refused("batch-faulty")
                self._seal_row(batch, row, sender)
        return len(part)

    def _seal_row(self, batch: bytes, row: Row, sender: Party) -> None:
        consignment = secrets.token_bytes(16)
        plain = SealedConsignment(None, None, sender, row.recipient, row.contents)
        made = self._recorder.maker.seal(consignment, plain, ())
        self._batches.add(
            batch,
            SealedRow(
                consignment, row.number, made.waybill, row.category, row.grams, made.sealed,
                made.carrier, made.codes, made.parts,
            ),
        )  # fmt: skip

    def _tried(self, part: list[Row | Faulty], sender: Party | None) -> list[Row | Faulty]:
        """The same rows, those whose label could not be printed among the faulty."""
        # On the ledger's thread: fonts are not shared.
        return [row if isinstance(row, Faulty) else self._try(row, sender) for row in part]

    def _try(self, row: Row, sender: Party | None) -> Row | Faulty:
        to = row.recipient
        parts = masked_parts(sender or to, to, row.contents)
        people = (to, sender) if sender else (to,)
        texts = [text for who in people for text in (who.name, who.phone, who.address)]
        try:
            try_label(parts, row.grams, self._host.config, texts)
        except AuditFailure:
            return faulty(row.number, "cell-shows")
        except LabelProblem:
            return faulty(row.number, "cell-glyph")
        return row

    def _check_free(self) -> None:
        if self.progress is not None:
            raise refused("batch-busy")

    @contextmanager
    def _working(self, what: str, total: int) -> Iterator[None]:
        self.progress = what, 0, total
        try:
            yield
        finally:
            self.progress = None
            self._host.tell()

    def _step(self, done: int) -> None:
        assert self.progress is not None  # while it works
        what, before, total = self.progress
        self.progress = what, before + done, total
        self._host.tell()
