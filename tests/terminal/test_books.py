"""Promise: what the ledger has taken is never said to have failed, and a bad disk ends nothing."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path
from typing import Any

import apsw
import pytest

from padpos.counter.flow import Phase
from padpos.ledger.outbox import Outbox
from padpos.wire.facts import Kind
from tests.terminal.counters import counter
from tests.uplink.office import until


def test_a_parcel_on_record_is_not_refused_because_the_outbox_could_not_be_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rule 6: the clerk would try again, and one parcel would have two entries and two labels."""

    def unreadable(_: Outbox) -> None:
        raise apsw.CorruptError

    async def parcel() -> None:
        async with counter(tmp_path) as made:
            await made.walk_in(until="contents")
            monkeypatch.setattr(Outbox, "waiting", unreadable)
            await made.do("confirm")
            assert made.phase is Phase.DONE
            assert len(await made.facts(Kind.CONSIGNMENT)) == len(made.printer.printed) == 1
            assert made.station.closed == "ledger-damaged"

    asyncio.run(parcel())


def test_a_disk_that_does_not_tell_its_room_closes_the_counter_until_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Any) -> Any:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    async def looked() -> None:
        async with counter(tmp_path) as made:
            ledger = made.ledger
            with monkeypatch.context() as patch:
                patch.setattr(type(ledger), "look", broken)
                await made.station.books.look()
                assert made.station.closed == "disk-error"
            await until(lambda: made.station.closed is None)

    asyncio.run(looked())
