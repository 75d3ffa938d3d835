"""Promise: over the link go sealed bytes only, and nothing said on it harms the counter."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from padpos.terminal.link_server import LinkServer
from padpos.uplink.link import Link
from padpos.wire import cbor, link
from padpos.wire.link import Again
from padpos.wire.messages import PART_SIZE, EntryMessage, Part
from padpos.wire.receipt import AttachmentItem, Status
from padpos.wire.want import Want, WantedAttachment
from tests.counter.shadow import texts_in
from tests.ledger.shelf import receipt_for, stored
from tests.terminal.counters import Counter, counter, papers, picture
from tests.wire.vector_objects import RECIPIENT, SENDER, START, TERMINAL, signer

Story = Callable[[Counter, Path], Awaitable[None]]


@contextlib.asynccontextmanager
async def served(c: Counter) -> AsyncIterator[Path]:
    """The counter's end of the link, on a real Unix socket."""
    path = c.folder / "link.sock"
    task = asyncio.create_task(LinkServer(c.station, c.ledger, lambda: START + 5000).serve(path))
    async with asyncio.timeout(5):  # a socket that stays open to all is nothing to wait for
        while not path.exists() or path.stat().st_mode & 0o777 != 0o660:
            await asyncio.sleep(0.002)
    try:
        yield path
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def told(folder: Path, story: Story) -> None:
    """Run a story with a counter that has accepted one parcel."""

    async def run() -> None:
        async with counter(folder) as c:
            await c.walk_in()
            async with served(c) as path:
                await story(c, path)

    asyncio.run(run())


def test_the_outbox_tells_what_waits_and_for_how_long(tmp_path: Path) -> None:
    async def story(c: Counter, path: Path) -> None:
        up = await Link.connect(path)
        view = await up.outbox(-1, 100)
        assert view.entries == tuple(range(5))  # genesis, policy, consignment, intended, printed
        assert [size for _, size in view.attachments] == [len(next(_files(c)).read_bytes())]
        assert (view.queued, view.oldest_ms, view.terminal) == (6, 5000, TERMINAL)
        assert (await up.outbox(2, 1)).entries == (3,)
        up.close()

    told(tmp_path, story)


def test_an_entry_and_the_pieces_of_a_photo_come_as_they_lie_in_the_ledger(tmp_path: Path) -> None:
    """Rule 7: what the uplink gets is sealed; it meets nobody's name."""

    async def story(c: Counter, path: Path) -> None:
        up = await Link.connect(path)
        raw = await up.entry(2)
        message = await c.station.in_ledger(c.ledger.message, 2)
        assert raw is not None and EntryMessage.from_bytes(raw) == message
        file = next(_files(c)).read_bytes()
        (sha256, size), pieces = (await up.outbox(-1, 1)).attachments[0], b""
        for offset in range(0, size, PART_SIZE):
            part = await up.part(sha256, offset)
            assert part is not None
            pieces += Part.from_bytes(part).data
            assert not _plain_in(part)
        assert pieces == file
        assert not _plain_in(raw)
        assert (await up.entry(99), await up.part(bytes(32), 0)) == (None, None)
        up.close()

    told(tmp_path, story)


def test_a_receipt_handed_down_is_judged_by_the_ledger(tmp_path: Path) -> None:
    """Rules 3 and 7: the uplink carries receipts, the ledger believes or not."""

    async def story(c: Counter, path: Path) -> None:
        down = await Link.connect(path)
        assert c.station.last is not None
        ((photo, _),) = (await down.outbox(-1, 1)).attachments
        items = (stored(c.station.last), AttachmentItem(photo, Status.STORED))
        forged = receipt_for(c.ledger, *items, key=signer("entry"))
        assert await down.down("receipt", forged) == "wrong-key"
        assert len(list(_files(c))) == 1
        assert await down.down("receipt", receipt_for(c.ledger, *items)) == "ok"
        assert list(_files(c)) == []
        assert (await down.outbox(-1, 100)).entries == (0, 1, 3, 4)
        down.close()

    told(tmp_path, story)


def test_a_want_handed_down_wakes_the_uplink_and_is_told_once(tmp_path: Path) -> None:
    """Rules 3 and 7: the ledger believes the want, the uplink learns only what to send."""

    async def story(c: Counter, path: Path) -> None:
        up, down = await Link.connect(path), await Link.connect(path)
        ((photo, _),) = (await up.outbox(-1, 1)).attachments
        assert c.station.last is not None
        gone = receipt_for(c.ledger, stored(c.station.last))
        assert await down.down("receipt", gone) == "ok"
        await up.outbox(-1, 1)
        waiting = asyncio.create_task(up.wait(10_000))
        await asyncio.sleep(0.05)
        made = Want(TERMINAL, START, c.ledger.chain, (1, 2), (WantedAttachment(photo),))
        raw = made.sign(signer("receipt")).raw
        assert await down.down("want", made.sign(signer("entry")).raw) == "wrong-key"
        assert not waiting.done()
        assert await down.down("want", raw) == "ok"
        async with asyncio.timeout(5):
            await waiting
        again = await up.again()
        assert (again.entries, again.pieces) == ((1,), ((photo, 0),))
        assert [await up.proof(digest) for digest in again.receipts] == [gone]
        assert await up.again() == Again()
        assert await down.down("want", raw) == "not-newer"
        assert await up.again() == Again()
        assert await up.proof(bytes(32)) is None
        up.close()
        down.close()

    told(tmp_path, story)


def test_what_the_authority_refused_is_told_as_health(tmp_path: Path) -> None:
    async def story(c: Counter, path: Path) -> None:
        up = await Link.connect(path)
        ((photo, _),) = (await up.outbox(-1, 1)).attachments
        assert c.station.last is not None and (await up.outbox(-1, 1)).health == "ok"
        refused = stored(c.station.last, Status.REFUSED)
        no = receipt_for(c.ledger, refused, AttachmentItem(photo, Status.REFUSED, "too-large"))
        assert await up.down("receipt", no) == "ok"
        assert (await up.outbox(-1, 1)).health == "2 refused"
        up.close()

    told(tmp_path, story)


def test_a_document_handed_down_is_answered_with_a_code(tmp_path: Path) -> None:
    async def story(_: Counter, path: Path) -> None:
        down = await Link.connect(path)
        assert await down.down("policy", papers()["policy"]) == "not-newer"
        assert await down.down("policy", b"noise") == "malformed"
        assert await down.down("update", b"noise") == "not-yet-known"
        down.close()

    told(tmp_path, story)


def test_waiting_ends_with_the_next_entry_and_otherwise_with_the_time(tmp_path: Path) -> None:
    async def story(c: Counter, path: Path) -> None:
        up = await Link.connect(path)
        async with asyncio.timeout(5):
            await up.wait(20)
            waiting = asyncio.create_task(up.wait(10_000))
            await asyncio.sleep(0.05)
            assert not waiting.done()
            await c.walk_in()
            await waiting
        up.close()

    told(tmp_path, story)


def test_what_came_while_the_uplink_was_busy_is_not_slept_through(tmp_path: Path) -> None:
    async def story(c: Counter, path: Path) -> None:
        up = await Link.connect(path)
        seen = (await up.outbox(-1, 100)).entries
        await c.walk_in()
        async with asyncio.timeout(5):
            await up.wait(10_000)
        assert len((await up.outbox(seen[-1], 100)).entries) == 3
        up.close()

    told(tmp_path, story)


def test_requests_side_by_side_are_answered_in_their_order(tmp_path: Path) -> None:
    async def story(c: Counter, path: Path) -> None:
        up, order = await Link.connect(path), []

        async def fetch(seq: int) -> None:
            raw = await up.entry(seq)
            order.append(seq)
            message = await c.station.in_ledger(c.ledger.message, seq)
            assert (raw and EntryMessage.from_bytes(raw)) == message

        async with asyncio.timeout(5):
            await asyncio.gather(*(fetch(seq % 6) for seq in range(60)))
        assert order == [seq % 6 for seq in range(60)]
        up.close()

    told(tmp_path, story)


def test_a_request_given_up_closes_the_link_rather_than_misread_its_answer(tmp_path: Path) -> None:
    async def story(_: Counter, path: Path) -> None:
        up = await Link.connect(path)
        waiting = asyncio.create_task(up.wait(10_000))
        await asyncio.sleep(0.05)
        waiting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await waiting
        with pytest.raises((OSError, EOFError)):
            await up.outbox(-1, 100)

    told(tmp_path, story)


def _frame(value: cbor.Cbor) -> bytes:
    return link.frame(value)


BAD_FRAMES: dict[str, bytes] = {
    "no operation": _frame([]),
    "an unknown operation": _frame([99]),
    "a negative operation": _frame([-1]),
    "an operation that is a list": _frame([[1]]),
    "an operation that is a map": _frame([{}]),
    "an operation that is true": _frame([True, -1, 1]),
    "no list": _frame({1: 2}),
    "too few arguments": _frame([1]),
    "too many arguments": _frame([2, 1, 1]),
    "a text for a number": _frame([2, "1"]),
    "a negative entry": _frame([2, -1]),
    "a number beyond the database's": _frame([2, 1 << 63]),
    "a short hash": _frame([3, b"short", 0]),
    "an offset beyond the database's": _frame([3, bytes(32), (1 << 64) - 1]),
    "a page too large": _frame([1, -1, 1_000_000, -1]),
    "a page mark beyond the database's": _frame([1, 1 << 63, 1, -1]),
    "a photo mark beyond the database's": _frame([1, -1, 1, 1 << 63]),
    "a photo mark that no entry has": _frame([1, -1, 1, -2]),
    "a wait too long": _frame([5, 1_000_000]),
    "a kind too long": _frame([4, "k" * 100, b""]),
    "a proof of a short hash": _frame([7, b"short"]),
    "an again with an argument": _frame([6, 1]),
    "an empty body": bytes(4),
    "noise": (5).to_bytes(4) + b"\xff\xfe\xfd\xfc\xfb",
    "a length beyond the limit": (link.LIMIT + 1).to_bytes(4) + b"\x81\x01",
    "the largest length there is": b"\xff\xff\xff\xff",
}


@pytest.mark.parametrize("bad", BAD_FRAMES)
def test_a_malformed_frame_closes_its_connection_and_harms_nothing(
    tmp_path: Path, bad: str
) -> None:
    """Rule 7: whatever a broken-into uplink says, the counter goes on."""

    async def story(c: Counter, path: Path) -> None:
        other = await Link.connect(path)
        answers, writer = await asyncio.open_unix_connection(path)
        writer.write(BAD_FRAMES[bad])
        await writer.drain()
        async with asyncio.timeout(3):
            assert await answers.read() == b""
        writer.close()
        assert (await other.outbox(-1, 100)).entries == tuple(range(5))
        other.close()
        await c.walk_in("photo")

    told(tmp_path, story)


def test_a_connection_cut_in_mid_frame_harms_nothing(tmp_path: Path) -> None:
    async def story(_: Counter, path: Path) -> None:
        for cut in (1, 4, 6):
            writer = (await asyncio.open_unix_connection(path))[1]
            writer.write(_frame([1, -1, 1])[:cut])
            writer.close()
            await writer.wait_closed()
        up = await Link.connect(path)
        assert (await up.outbox(-1, 100)).terminal == TERMINAL
        up.close()

    told(tmp_path, story)


def test_the_socket_is_for_its_owner_and_group_only(tmp_path: Path) -> None:
    """Rule 7: another user's process does not get at it."""

    async def story(_: Counter, path: Path) -> None:
        assert path.stat().st_mode & 0o777 == 0o660

    told(tmp_path, story)


def _files(c: Counter) -> Iterator[Path]:
    return (c.folder / "state" / "attachments").iterdir()


def _plain_in(data: bytes) -> bool:
    texts = {*texts_in(SENDER), *texts_in(RECIPIENT)}
    return any(text.encode() in data for text in texts) or picture()[100:150] in data
