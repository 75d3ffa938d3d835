"""After a restart: what a crash left open is settled before anything new begins."""

from __future__ import annotations

import logging

from padpos.counter.events import LabelOwed
from padpos.ledger.held import Held
from padpos.terminal.books import Books
from padpos.terminal.press import Press
from padpos.terminal.recorder import Recorder

log = logging.getLogger("padpos.terminal")


async def settle(books: Books, recorder: Recorder, held: Held, press: Press) -> LabelOwed | None:
    """Record open consignments as abandoned, sweep, and find the paper nobody vouched for.

    Can be done again where it failed. Raises LedgerError.
    """
    interrupted = await books.call(recorder.interrupted)
    if interrupted:
        log.warning("%d consignments were interrupted and recorded as abandoned", interrupted)
    if books.damage is None:  # a file that a damaged ledger no longer names may still be evidence
        swept = await books.call(held.sweep)
        if swept:
            log.warning("%d sealed files that nothing named were removed", swept)
    return await press.owed()
