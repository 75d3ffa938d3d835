"""Promise: what comes down is acknowledged when it is dealt with, and never piles up before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from padpos.uplink.broker import DOWN_ROOM, Broker, BrokerLost, Message
from tests.uplink.office import Office
from tests.wire.vector_objects import TERMINAL

PIECE = 100_000


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A broker of this test's own."""
    made = Office(tmp_path)
    yield made
    made.close()


@asynccontextmanager
async def connected(office: Office) -> AsyncIterator[Broker]:
    """The uplink's connection to it."""
    broker = Broker(office.config(Path("unused")), TERMINAL)
    await broker.connect()
    await asyncio.sleep(0.2)  # until it has subscribed
    try:
        yield broker
    finally:
        await broker.close()


async def told(broker: Broker) -> Message:
    """The next message that came down."""
    async with asyncio.timeout(10):
        return await broker.down.get()


def test_what_was_not_dealt_with_comes_again_and_what_was_does_not(office: Office) -> None:
    """Rule 3: a receipt that died with the uplink on its way to the ledger is not lost."""
    office.listen()

    async def run() -> None:
        async with connected(office) as broker:
            office.say(b"first")
            assert (await told(broker)).payload == b"first"
        async with connected(office) as broker:
            again = await told(broker)
            assert again.payload == b"first"
            broker.acknowledge(again)
            await asyncio.sleep(0.3)
        async with connected(office) as broker:
            office.say(b"second")
            assert (await told(broker)).payload == b"second"

    asyncio.run(run())


def test_much_at_once_is_dealt_with_in_order_and_nothing_is_dropped(office: Office) -> None:
    """Rule 3: a backlog of receipts after a long outage."""
    office.listen()

    async def run() -> None:
        async with connected(office) as broker:
            for number in range(100):
                office.say(bytes([number]))
            await asyncio.sleep(0.3)
            for number in range(100):
                message = await told(broker)
                assert message.payload[0] == number
                broker.acknowledge(message)
            assert broker._undone == 0

    asyncio.run(run())


def test_a_broker_that_pours_down_more_than_there_is_room_for_is_left(office: Office) -> None:
    """Memory stays bounded; what was not dealt with comes again on the next connection."""
    office.listen()

    async def run() -> None:
        async with connected(office) as broker:
            for _ in range(DOWN_ROOM // PIECE + 1):
                broker._take(Message("unasked", bytes(PIECE), 1, 0))
            with pytest.raises(BrokerLost, match="room"):
                await broker.lost()
            assert broker.down.qsize() * PIECE <= DOWN_ROOM

    asyncio.run(run())
