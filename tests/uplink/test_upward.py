"""Promise: a connection on which nothing gets on is left, and the status does not grow old."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from padpos.terminal.link_server import LinkServer
from padpos.uplink import upward as upward_module
from padpos.uplink.broker import Broker, BrokerLost
from padpos.uplink.forwarder import Forwarder, _first_of
from padpos.uplink.link import Link
from padpos.uplink.upward import Upward
from tests.terminal.counters import counter
from tests.uplink.office import Office, until
from tests.uplink.test_forwarder import backlog, linked, office
from tests.wire.vector_objects import START, TERMINAL

__all__ = ["office"]  # a fixture


def test_a_broker_that_stands_still_with_the_window_full_is_left(
    tmp_path: Path, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rule 3: more waits than the window takes, so nothing but a watch beside it can notice."""
    monkeypatch.setattr(upward_module, "STALLED_SECONDS", 0.5)
    monkeypatch.setattr(upward_module, "WATCH_SECONDS", 0.1)
    office.listen()

    async def run() -> None:
        async with counter(tmp_path / "counter") as c, linked(c) as (path, _):
            config = office.config(path)
            await c.station.in_ledger(backlog, c, 3 * config.window)
            link, broker = await Link.connect(path), Broker(config, TERMINAL)
            await broker.connect()
            office.broker.stand_still()
            upward = Upward(link, broker, config)
            try:
                with pytest.raises(BrokerLost, match="no progress"):
                    async with asyncio.timeout(10):
                        await _first_of(upward.run(), upward.watch(), broker.lost())
            finally:
                office.broker.go_on()
            await broker.close()
            link.close()

    asyncio.run(run())


def test_the_age_of_what_waits_is_told_although_nothing_else_changes(
    tmp_path: Path, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Formats §6: an authority that is away for a week must not read of seconds afterwards."""
    monkeypatch.setattr(upward_module, "AGE_SECONDS", 0.3)
    monkeypatch.setattr(upward_module, "WAIT_MS", 50)
    office.listen()

    async def run() -> None:
        async with counter(tmp_path / "counter") as c:
            path, now = c.folder / "link.sock", START
            serving = asyncio.create_task(LinkServer(c.station, c.ledger, lambda: now).serve(path))
            await until(path.exists)
            forwarder = asyncio.create_task(Forwarder(office.config(path)).run())
            await until(lambda: ("status", "ok") in office.heard.messages)
            told = office.heard.ages[-1]
            now += 3_600_000
            await until(lambda: office.heard.ages[-1] >= told + 3_600_000)
            number = len(office.heard.ages)
            await asyncio.sleep(0.8)
            assert len(office.heard.ages) == number, "the same age is not told again"
            for task in (serving, forwarder):
                task.cancel()
            await asyncio.gather(serving, forwarder, return_exceptions=True)

    asyncio.run(run())
