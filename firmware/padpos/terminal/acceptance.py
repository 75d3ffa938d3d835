"""Recording a confirmed consignment: the event that says it is on stable storage, or why not."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import ParamSpec, Protocol, TypeVar

from padpos.counter import events
from padpos.counter.consignment import Consignment
from padpos.label.errors import LabelProblem
from padpos.ledger.errors import LedgerError
from padpos.ledger.ledger import Appended
from padpos.terminal.press import Press
from padpos.terminal.recorder import Recorder
from padpos.terminal.stopwatch import Stopwatch
from padpos.wire.errors import WireError
from padpos.wire.keys import CannotSign

log = logging.getLogger("padpos.terminal")

P = ParamSpec("P")
R = TypeVar("R")


class Host(Protocol):
    """What recording needs of the station."""

    stopwatch: Stopwatch
    last: Appended | None

    def hands(self) -> str:
        """Whose hands work the counter."""

    async def in_ledger(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a call on the ledger's thread."""


async def accept(
    host: Host, recorder: Recorder, press: Press, consignment: Consignment
) -> events.Recorded | events.RecordFailed:
    """Seal, judge the label and append, all of it or nothing."""
    try:
        with host.stopwatch.running("seal"):
            accepted = await host.in_ledger(
                recorder.accepted, consignment, host.hands(), host.stopwatch.rounded()
            )
    except (WireError, LedgerError, CannotSign) as error:
        return _failed(error.code)
    except LabelProblem as error:
        log.error("a label was refused before it was recorded: %s", error.code)
        return _failed("label-refused")
    host.last = accepted.appended
    press.drawn(consignment.id, accepted.label)
    return events.Recorded(accepted.waybill)


def _failed(code: str) -> events.RecordFailed:
    log.error("a consignment could not be recorded: %s", code)
    return events.RecordFailed(code)
