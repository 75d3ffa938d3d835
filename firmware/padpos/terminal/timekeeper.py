"""What happens because time passes: policies come into force, what was left alone ends."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from padpos.counter import events
from padpos.counter.errors import CounterError
from padpos.ledger.errors import LedgerError
from padpos.terminal.station import Station
from padpos.wire.keys import CannotSign

log = logging.getLogger("padpos.terminal")

TICK_SECONDS = 1.0
CHECKPOINT_SECONDS = 3600.0


async def keep_time(station: Station) -> None:
    """Tick until cancelled."""
    while True:
        await asyncio.sleep(TICK_SECONDS)
        await tick(station)


async def keep_checkpoints(station: Station) -> None:
    """Record what the terminal holds, hourly, until cancelled."""
    while True:
        await asyncio.sleep(CHECKPOINT_SECONDS)
        try:
            await station.in_ledger(station.checkpoint)
        except (LedgerError, CannotSign) as error:
            log.warning("no checkpoint was recorded: %s", error)


async def tick(station: Station) -> None:
    """A moment has passed."""
    standing = station.standing
    if standing.is_due(station.now()):
        # In force in any case; a ledger without room keeps it beside the last one till the next.
        with contextlib.suppress(LedgerError):
            await station.in_ledger(standing.turn, station.now())
        station.tell()
    await station.closing.turn()
    watch_freeze(station)
    if standing.policy is not None:
        with contextlib.suppress(CounterError):  # nothing was left alone
            station.post(events.Ticked())
    if station.clerk and standing.has_left(station.clerk):
        with contextlib.suppress(CounterError, CannotSign):  # the key may sign again later
            await station.people.send_away()


def watch_freeze(station: Station) -> None:
    """Tell screen and log when the counter closes by itself, and when it opens again."""
    found = station.desk.frozen()
    if found == station.frozen:
        return
    if found is None:
        log.info("open again: what kept the counter closed is gone")
    else:
        log.warning("closed: %s", found)
    station.frozen = found
    station.tell()
