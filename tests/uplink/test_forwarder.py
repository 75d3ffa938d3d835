"""Promise: whatever the broker does, each entry arrives, and waits here until signed for."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from padpos.ledger.outbox import Outbox
from padpos.terminal.link_server import PHOTOS_OF, LinkServer
from padpos.uplink import forwarder, upward
from padpos.uplink.broker import Broker
from padpos.uplink.forwarder import Forwarder
from padpos.uplink.link import Link
from padpos.uplink.upward import MOST_ASIDE, Upward
from padpos.wire.facts import ClerkFacts, Kind
from padpos.wire.want import WantedAttachment
from tests.terminal.counters import Counter, counter
from tests.uplink.office import Office, until
from tests.wire.vector_objects import START, TERMINAL

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
    async with linked(c) as (path, tasks):
        tasks.append(asyncio.create_task(Forwarder(office.config(path)).run()))
        yield


@asynccontextmanager
async def linked(c: Counter) -> AsyncIterator[tuple[Path, list[asyncio.Task[None]]]]:
    """The counter's link server, and a list of tasks that end with it."""
    path = c.folder / "link.sock"
    tasks = [asyncio.create_task(LinkServer(c.station, c.ledger, lambda: START).serve(path))]
    await until(path.exists)
    try:
        yield path, tasks
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


def test_nothing_is_poured_into_a_broker_where_the_authority_does_not_listen(
    tmp_path: Path, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rule 3; the campaign found it: a broker that forgot the session takes all, for nobody."""
    monkeypatch.setattr(forwarder, "LAST_BACKOFF", 0.5)
    office.resend_seconds = 60.0

    async def story(c: Counter) -> None:
        await asyncio.sleep(1.5)
        office.listen()
        await until(lambda: len(office.heard.entries) == 5, 10)
        sent = [seq for kind, seq in office.heard.messages if kind == "entry"]
        assert sent[-5:] == list(range(5)), "from the oldest, in order"

    told(tmp_path, office, story)


def test_a_connection_on_which_no_receipt_comes_is_made_anew(
    tmp_path: Path, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rule 3: progress is receipts; a broker that lost our subscription still takes everything."""
    monkeypatch.setattr(upward, "UNANSWERED_SECONDS", 1.0)
    office.listen()
    log = office.broker.folder / "mosquitto.log"

    def connections() -> int:
        return log.read_text().count(f"as {TERMINAL} ")

    async def story(c: Counter) -> None:
        await until(lambda: connections() >= 3)
        office.answer(c.ledger.chain)
        await until(lambda: c.station.waiting.entries == 0)
        await asyncio.sleep(0.3)
        office.answer(c.ledger.chain)  # what was sent again just then is answered, too
        settled = connections()
        await asyncio.sleep(2.5)
        assert connections() == settled, "nothing waits, so silence is well"

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


def test_what_the_authority_wants_is_sent_at_once_entries_before_photos(
    tmp_path: Path, office: Office
) -> None:
    """Rule 3: what was lost on the way comes again before its time, and nothing else does."""
    office.resend_seconds = 3600.0
    office.listen()

    async def story(c: Counter) -> None:
        heard = office.heard
        await until(lambda: len(heard.entries) == 5 and len(heard.whole()) == 1)
        ((photo, _),) = await c.station.in_ledger(Outbox(c.ledger).attachments, 9)
        before = len(heard.messages)
        office.want(c.ledger.chain, 1, CONSIGNMENT, photos=(WantedAttachment(photo),))
        await until(lambda: len(heard.messages) == before + 3)
        expected = [("entry", 1), ("entry", CONSIGNMENT), ("part", 0)]
        assert heard.messages[before:] == expected
        office.want(c.ledger.chain, 4)
        await until(lambda: len(heard.messages) == before + 4)
        assert heard.messages[-1] == ("entry", 4)
        assert await waiting(c) == (5, 1)

    told(tmp_path, office, story)


def test_what_was_let_go_is_answered_with_the_receipt(tmp_path: Path, office: Office) -> None:
    """Rule 3: the authority gets its own word back; the plain entry comes too, it is still here."""
    office.resend_seconds = 3600.0
    office.listen()

    async def story(c: Counter) -> None:
        heard = office.heard
        await until(lambda: len(heard.entries) == 5 and len(heard.whole()) == 1)
        ((photo, _),) = await c.station.in_ledger(Outbox(c.ledger).attachments, 9)
        office.answer(c.ledger.chain)
        await until(lambda: c.station.waiting.entries == 0)
        before = [item for item in heard.messages if item[0] != "status"]
        office.want(c.ledger.chain, 1, CONSIGNMENT, photos=(WantedAttachment(photo),))

        def since() -> list[tuple[str, int | str]]:
            return [item for item in heard.messages if item[0] != "status"][len(before) :]

        await until(lambda: len(since()) == 2)
        assert since() == [("proof", 1), ("entry", 1)]

    told(tmp_path, office, story)


@pytest.mark.parametrize("refused", [True, False])
def test_a_backlog_takes_no_memory_whether_refused_or_unsigned(
    tmp_path: Path, office: Office, refused: bool
) -> None:
    """Rule 3 at any length: thousands may wait, and nothing of the uplink grows with them."""
    if refused:
        office.acl.write_text(NO_ENTRIES)
        office.reload()
    office.resend_seconds = 0.1
    office.listen()

    async def run() -> None:
        async with counter(tmp_path / "counter") as c, linked(c) as (path, tasks):
            await c.station.in_ledger(backlog, c, 3 * MOST_ASIDE)
            config = office.config(path)
            link, broker = await Link.connect(path), Broker(config, TERMINAL)
            await broker.connect()
            upward = Upward(link, broker, config)
            tasks.append(asyncio.create_task(upward.run()))
            most = 0
            while upward._pass < 3:
                await asyncio.sleep(0.005)
                most = max(most, *sizes(upward), *sizes(broker))
            assert MOST_ASIDE * refused <= most <= max(MOST_ASIDE, broker.window)
            assert len(office.heard.entries) == (0 if refused else 3 * MOST_ASIDE + 2)
            await broker.close()
            link.close()

    asyncio.run(run())


def backlog(c: Counter, entries: int) -> None:
    """Append so many small entries at once."""
    with c.ledger.transaction():
        for _ in range(entries):
            c.ledger.append(Kind.CLERK, ClerkFacts("clerk-03", True))


def sizes(thing: object) -> list[int]:
    """How much every container holds that is an attribute of the thing."""
    held = [value for value in vars(thing).values() if isinstance(value, dict | list | set)]
    assert held
    return [len(container) for container in held]


def test_photos_behind_some_that_never_get_a_receipt_are_sent_all_the_same(
    tmp_path: Path, office: Office
) -> None:
    """Rule 3: a photograph that is stuck must not hold up the others."""
    office.resend_seconds = 3600.0
    office.listen()

    async def story(c: Counter) -> None:
        for _ in range(2 * PHOTOS_OF):
            await c.walk_in()
        await until(lambda: len(office.heard.whole()) == 2 * PHOTOS_OF + 1)
        assert (await waiting(c))[1] == 2 * PHOTOS_OF + 1

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
