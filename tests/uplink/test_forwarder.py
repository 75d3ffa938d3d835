"""Promise: whatever the broker does, each entry arrives, and waits here until signed for."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from padpos.ledger.outbox import Outbox
from padpos.terminal.link_server import LinkServer
from padpos.uplink.forwarder import Forwarder
from tests.terminal.counters import Counter, counter
from tests.uplink.office import Office, until
from tests.wire.vector_objects import START

Story = Callable[[Counter], Awaitable[None]]
CONSIGNMENT = 2  # behind genesis and policy
NO_ENTRIES = """\
pattern write padpos/1/up/%u/status
pattern write padpos/1/up/%u/part
pattern read padpos/1/down/%u/#
user authority
topic read padpos/1/up/#
topic write padpos/1/down/#
"""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A broker of this test's own."""
    made = Office(tmp_path)
    yield made
    made.close()


@asynccontextmanager
async def running(c: Counter, office: Office) -> AsyncIterator[None]:
    """The counter's link server and a forwarder, as their two processes run them."""
    path = c.folder / "link.sock"
    tasks = [asyncio.create_task(LinkServer(c.station, c.ledger, lambda: START).serve(path))]
    await until(path.exists)
    tasks.append(asyncio.create_task(Forwarder(office.config(path)).run()))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def told(folder: Path, office: Office, story: Story) -> None:
    async def run() -> None:
        async with counter(folder / "counter") as c:
            await c.walk_in()
            async with running(c, office):
                await story(c)

    asyncio.run(run())


async def waiting(c: Counter) -> tuple[int, int]:
    found = await c.station.in_ledger(Outbox(c.ledger).waiting)
    return found.entries, found.attachments


def test_entries_come_before_their_photos_and_receipts_empty_the_outbox(
    tmp_path: Path, office: Office
) -> None:
    """Rule 3: everything is sent, everything is kept until signed for, and then it goes."""
    office.listen()

    async def story(c: Counter) -> None:
        heard = office.heard
        await until(lambda: len(heard.entries) == 5 and len(heard.whole()) == 1)
        order = [kind for kind, _ in heard.messages if kind != "status"]
        assert "part" not in order[: order.index("entry") + CONSIGNMENT + 1]
        first_part = next(i for i, (kind, _) in enumerate(heard.messages) if kind == "part")
        assert ("entry", CONSIGNMENT) in heard.messages[:first_part]
        assert await waiting(c) == (5, 1)
        office.answer(c.ledger.chain)
        await until(lambda: c.station.waiting.entries == 0)
        assert await waiting(c) == (0, 0)
        assert not list((c.folder / "state" / "attachments").iterdir())

    told(tmp_path, office, story)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_broker_that_dies_and_comes_back_loses_nothing(
    tmp_path: Path, office: Office, how: signal.Signals
) -> None:
    """Rule 3: what it had taken and forgotten is sent again."""
    office.listen()

    async def story(c: Counter) -> None:
        await until(lambda: len(office.heard.entries) == 5)
        office.broker.stop(how)
        await c.walk_in()
        assert await waiting(c) == (8, 2)
        office.broker.start()
        await until(lambda: len(office.heard.entries) == 8 and len(office.heard.whole()) == 2)
        assert await waiting(c) == (8, 2)
        office.answer(c.ledger.chain)
        await until(lambda: c.station.waiting.entries == 0)
        assert await waiting(c) == (0, 0)

    told(tmp_path, office, story)


def test_what_nobody_signs_for_is_sent_again_and_again(tmp_path: Path, office: Office) -> None:
    """Rule 3: the broker's word is no receipt."""
    office.listen()

    async def story(c: Counter) -> None:
        await until(lambda: office.heard.messages.count(("entry", CONSIGNMENT)) >= 3)
        assert await waiting(c) == (5, 1)

    told(tmp_path, office, story)


def test_an_entry_the_broker_refuses_is_set_aside_told_and_sent_once_it_may(
    tmp_path: Path, office: Office
) -> None:
    """Rule 3: a refusal is not a delivery, and stops nothing else."""
    lawful = office.acl.read_text()
    office.acl.write_text(NO_ENTRIES)
    office.reload()
    office.listen()

    async def story(c: Counter) -> None:
        heard = office.heard
        await until(lambda: len(heard.whole()) == 1)
        await asyncio.sleep(0.6)
        await c.walk_in()
        await until(lambda: any("set aside" in str(said) for _, said in heard.messages))
        assert heard.entries == {}
        assert await waiting(c) == (8, 2)
        office.acl.write_text(lawful)
        office.reload()
        await until(lambda: len(heard.entries) == 8)
        await asyncio.sleep(0.1)
        await c.walk_in()
        await until(lambda: len(heard.entries) == 11)
        office.answer(c.ledger.chain)
        await until(lambda: heard.messages[-1] == ("status", "ok"))

    told(tmp_path, office, story)


def test_a_counter_that_restarts_is_found_again(tmp_path: Path, office: Office) -> None:
    """Rule 7: the two processes live and die apart."""
    office.listen()

    async def run() -> None:
        link = tmp_path / "counter" / "link.sock"
        forwarder = asyncio.create_task(Forwarder(office.config(link)).run())
        for parcels in (1, 2):
            async with counter(tmp_path / "counter") as c:
                await c.walk_in()
                server = LinkServer(c.station, c.ledger, lambda: START)
                serving = asyncio.create_task(server.serve(link))
                expected = 2 + 3 * parcels
                await until(lambda n=expected: len(office.heard.entries) == n)  # type: ignore[misc]
                serving.cancel()
                await asyncio.gather(serving, return_exceptions=True)
        forwarder.cancel()
        await asyncio.gather(forwarder, return_exceptions=True)

    asyncio.run(run())
