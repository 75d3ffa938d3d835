"""The press: intention on record, then paper, then how it ended; never twice by itself."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import ParamSpec, Protocol, TypeVar

from padpos.counter import events
from padpos.label.composed import ComposedLabel
from padpos.label.errors import LabelProblem
from padpos.ledger.papers import PaperRecord, Papers
from padpos.terminal.devices import Devices
from padpos.terminal.labels import draw_label
from padpos.terminal.stopwatch import Stopwatch
from padpos.wire.errors import WireError
from padpos_drivers.printer import PrintOutcome

log = logging.getLogger("padpos.terminal")

P = ParamSpec("P")
R = TypeVar("R")
_STATUS = {
    PrintOutcome.PRINTED: "printed",
    PrintOutcome.BLOCKED: "blocked",
    PrintOutcome.UNKNOWN: "unknown",
}


class Host(Protocol):
    """What the press needs of the station."""

    devices: Devices
    stopwatch: Stopwatch

    async def in_ledger(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a call on the ledger's thread."""

    async def surely(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The same for what must be recorded: waits until it can be."""


class Press:
    """Prints the labels of recorded consignments."""

    def __init__(self, host: Host, papers: Papers, prefix: str) -> None:
        self._host = host
        self._papers = papers
        self._prefix = prefix
        self._drawn: tuple[bytes, ComposedLabel] | None = None

    def drawn(self, consignment: bytes, label: ComposedLabel) -> None:
        """Keep the first generation as it was drawn and judged before recording."""
        self._drawn = (consignment, label)

    async def print(self, consignment: bytes, generation: int) -> events.LabelEnded:
        """Print one generation: the intention is durable before the first byte goes out."""
        paper = await self._paper(consignment)
        label = await self._label(paper, generation)
        if label is None:
            return await self._end(paper, generation, "blocked", "terminal", "label-refused")
        await self._settle(paper, generation, "intended", "terminal", None)
        result = await self._host.devices.print(label.raster, self._host.stopwatch.first_byte)
        self._host.stopwatch.add("print", result.milliseconds)
        status = _STATUS[result.outcome]
        reason = None if status == "printed" else str(result.reason)
        return await self._end(paper, generation, status, "printer", reason)

    async def said(self, consignment: bytes, generation: int, status: str) -> None:
        """Record what a person said of an unknown paper."""
        await self._settle(await self._paper(consignment), generation, status, "clerk", None)

    async def owed(self) -> events.LabelOwed | None:
        """After a restart: the paper that nobody vouched for."""
        paper = await self._host.in_ledger(self._papers.unsettled)
        if paper is None:
            return None
        # Before the intention was recorded no byte went out; after it, nobody knows.
        status = "blocked" if paper.status in ("pending", "blocked") else "unknown"
        if paper.status == "intended":
            await self._host.in_ledger(
                self._papers.settle, paper, paper.generation, "unknown", "terminal", "interrupted"
            )
        return events.LabelOwed(paper.consignment, paper.waybill, paper.generation, status)

    async def _end(
        self, paper: PaperRecord, generation: int, status: str, said_by: str, reason: str | None
    ) -> events.LabelEnded:
        await self._settle(paper, generation, status, said_by, reason)
        return events.LabelEnded(status, reason)

    async def _settle(
        self, paper: PaperRecord, generation: int, status: str, said_by: str, reason: str | None
    ) -> None:
        # Tried again by itself, not with the print: that would be a second paper (rule 6).
        await self._host.surely(self._papers.settle, paper, generation, status, said_by, reason)

    async def _label(self, paper: PaperRecord, generation: int) -> ComposedLabel | None:
        drawn, self._drawn = self._drawn, None
        if drawn is not None and drawn[0] == paper.consignment and generation == 1:
            return drawn[1]
        try:
            # On the ledger's thread: the first drawing happened there, and fonts are not shared.
            return await self._host.in_ledger(draw_label, paper, generation, self._prefix)
        except (LabelProblem, WireError) as error:
            log.error("a label was refused: %s", error.code)
            return None

    async def _paper(self, consignment: bytes) -> PaperRecord:
        paper = await self._host.surely(self._papers.get, consignment)
        if paper is None:
            raise RuntimeError("a recorded consignment has no paper")
        return paper
