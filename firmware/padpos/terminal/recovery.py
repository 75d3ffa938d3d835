"""After a restart: what a crash left open is settled before anything new begins."""

from __future__ import annotations

import logging
from pathlib import Path

from padpos.counter.events import LabelOwed
from padpos.ledger import aside
from padpos.ledger.aside import Note
from padpos.ledger.errors import LedgerError, LedgerUnfit
from padpos.ledger.ledger import Ledger
from padpos.ledger.papers import Papers
from padpos.terminal.books import Books
from padpos.terminal.press import Press
from padpos.terminal.recorder import Recorder
from padpos.terminal.standing import Standing

log = logging.getLogger("padpos.terminal")


def load_documents(standing: Standing, state: Path) -> None:
    """Take the kept documents again; what is damaged or can't be read leaves the counter closed."""
    try:
        standing.load()
    except LedgerUnfit as error:
        aside.mark(state, Note.of(error))
    except LedgerError as error:  # the authority's documents come again with the next connection
        log.error("the kept documents can't be read: %s", error)


def paper_under_way(ledger: Ledger) -> bool:
    """Whether a label may stand half printed; where the ledger does not tell, it may."""
    try:
        return Papers(ledger).unsettled() is not None
    except LedgerError:
        return True


async def settle(books: Books, recorder: Recorder, press: Press) -> LabelOwed | None:
    """Record open consignments as abandoned, sweep, and find the paper nobody vouched for.

    Can be done again where it failed. Raises LedgerError or CannotSign.
    """
    interrupted = await books.call(recorder.interrupted)
    if interrupted:
        log.warning("%d consignments were interrupted and recorded as abandoned", interrupted)
    if books.damage is None:  # a file that a damaged ledger no longer names may still be evidence
        swept = await books.call(recorder.sweep)
        if swept:
            log.warning("%d sealed files that nothing named were removed", swept)
    return await press.owed()
