"""Promise: a passport at the counter opens by its printed lines, and nothing of those stays."""

import asyncio
import gc
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from padpos.counter.errors import CounterError
from padpos.terminal.devices import Devices
from padpos.ui.snapshot import snapshot
from padpos.wire.facts import ConsignmentFacts
from padpos.wire.policy import DocumentClass, NumberRule
from padpos_drivers.idcard.interface import Access, ReaderEvent
from padpos_drivers.idcard.pcsc_reader import PcscReader
from padpos_drivers.idcard.sim.bench import READER_NAME, ReaderBench
from padpos_drivers.idcard.sim.emrtd import lds
from padpos_drivers.idcard.sim.emrtd.travellers import TRAVELLERS
from padpos_drivers.idcard.storage import StorageProtocol
from tests.idcard.documents import CHINA, NOW, UTOPIA, Document, protocol
from tests.idcard.test_reader_terminal import until
from tests.terminal.counters import SENDER_PHONE, Counter, counter, of_kind
from tests.wire.vector_objects import RECIPIENT, the_policy

FOREIGN = Document(holder=TRAVELLERS["外国护照"], signer=UTOPIA.signer(), signed=NOW)
PERMIT = Document(holder=TRAVELLERS["回乡证"])
ACCEPTED = ("passport", "hm-resident-permit", "tw-resident-permit")
POLICY = the_policy(
    document_classes=tuple(
        DocumentClass(code, "证件", "Document", NumberRule.FREE, typed=True) for code in ACCEPTED
    )
)
Story = Callable[[Counter], Awaitable[None]]


@pytest.fixture
def told(bench: ReaderBench, tmp_path: Path) -> Iterator[Callable[[Story], None]]:
    """Tells a story at a counter whose reader is the real pcscd's, trusting two states."""

    async def run(story: Story) -> None:
        async with counter(tmp_path, policy=POLICY) as c:
            loop = asyncio.get_running_loop()

            def said(event: ReaderEvent) -> None:
                loop.call_soon_threadsafe(c.station.reader_said, event)

            kinds = (StorageProtocol(), protocol(CHINA, UTOPIA))
            reader = PcscReader(READER_NAME, said, kinds)
            c.station.devices = Devices(reader, c.camera, c.printer)
            reader.start()
            try:
                await story(c)
            finally:
                reader.stop()

    yield lambda story: asyncio.run(run(story))
    bench.lift()


def problem(c: Counter) -> str | None:
    return c.station.state.problem


def shown(c: Counter) -> str | None:
    """The class of the document that the open consignment holds."""
    held = c.station.state.consignment
    return held.document.type if held is not None and held.document is not None else None


def lines(document: Document) -> str:
    return "\n".join(lds.printed(document.holder))


async def lay(c: Counter, bench: ReaderBench, document: Document) -> None:
    """Begin a walk-in and lay a document, which asks for its lines."""
    await c.do("begin", customer="walk-in")
    bench.lay_document(document.profile())
    await until(lambda: problem(c) == "access-needed")


def in_memory() -> list[Access]:
    """What this process holds of lines; other tests' failures may hold some."""
    gc.collect()
    return [held for held in gc.get_objects() if isinstance(held, Access)]


async def refused(c: Counter, command: str, **arguments: object) -> str:
    with pytest.raises(CounterError) as caught:
        await c.do(command, **arguments)
    return caught.value.code


async def finish(c: Counter) -> None:
    """From an identified sender to the label."""
    to = {"name": RECIPIENT.name, "phone": RECIPIENT.phone, "address": RECIPIENT.address}
    await c.do("agree")
    await c.do("photo")
    await c.do("sender", phone=SENDER_PHONE, address="某市某路 1 号")
    await c.do("recipient", **to)
    await c.do("contents", contents="文具", grams=120)
    await c.do("confirm")


@pytest.mark.parametrize("document", [FOREIGN, PERMIT], ids=["passport", "permit"])
def test_a_travel_document_is_accepted_as_signed_once_its_lines_are_given(
    told: Callable[[Story], None], bench: ReaderBench, document: Document
) -> None:
    """Rule 5: the record says how the document was read, and that its state signed it."""

    async def story(c: Counter) -> None:
        await lay(c, bench, document)
        await c.do("lines", lines=lines(document))
        assert (problem(c), shown(c)) == (None, document.holder.kind)
        await finish(c)
        (made,) = of_kind(await c.facts(), ConsignmentFacts)
        assert (made.reading, made.document_class) == ("chip-signed", document.holder.kind)
        assert "identified" in {mark.mark for mark in made.marks}

    told(story)


def test_other_lines_and_misread_ones_are_refused_and_the_right_ones_taken_after(
    told: Callable[[Story], None], bench: ReaderBench
) -> None:
    async def story(c: Counter) -> None:
        await lay(c, bench, FOREIGN)
        assert await refused(c, "lines", lines=lines(PERMIT)) == "access-wrong"
        assert (problem(c), shown(c)) == ("access-wrong", None)
        assert await refused(c, "lines", lines=lines(FOREIGN)[:-1] + "0") == "mrz-invalid"
        assert await refused(c, "lines", lines="12a456") == "mrz-invalid"
        assert await refused(c, "lines") == "lines"
        holder = FOREIGN.holder
        await c.do("lines", lines=f"{holder.number} {holder.birth[2:]} {holder.expiry[2:]}")
        assert (problem(c), shown(c)) == (None, "passport")

    told(story)


def test_an_altered_document_is_forged_and_identifies_nobody(
    told: Callable[[Story], None], bench: ReaderBench
) -> None:
    """Rule 4: right lines do not make an altered chip good."""
    dg1 = FOREIGN.files()[lds.DG1].replace(b"ANNA", b"ANNE")
    forged = replace(FOREIGN, changed={lds.DG1: dg1})

    async def story(c: Counter) -> None:
        await lay(c, bench, forged)
        await c.do("lines", lines=lines(FOREIGN))
        assert (problem(c), shown(c)) == ("document-forged", None)
        assert await refused(c, "agree") == "not-now"
        await c.do("refuse", reason="document-forged")

    told(story)


def test_a_passport_of_chinas_own_is_no_foreigners(
    told: Callable[[Story], None], bench: ReaderBench
) -> None:
    own = Document()

    async def story(c: Counter) -> None:
        await lay(c, bench, own)
        await c.do("lines", lines=own.holder.can)
        assert (problem(c), shown(c)) == ("document-class", None)

    told(story)


def test_lines_open_nothing_where_no_document_waits_for_them(
    told: Callable[[Story], None], bench: ReaderBench
) -> None:
    """Rule 4: one laying serves one sender; typed lines do not make it a fresh one."""

    async def story(c: Counter) -> None:
        assert await refused(c, "lines", lines=lines(FOREIGN)) == "not-now"
        await c.do("begin", customer="walk-in")
        assert await refused(c, "lines", lines=lines(FOREIGN)) == "not-now"
        bench.lay_document(FOREIGN.profile())
        await until(lambda: problem(c) == "access-needed")
        await c.do("lines", lines=lines(FOREIGN))
        await c.do("abandon", reason="sender-left")
        await c.do("begin", customer="walk-in")
        assert problem(c) == "card-used"
        assert await refused(c, "lines", lines=lines(FOREIGN)) == "not-now"
        assert shown(c) is None

    told(story)


def test_nothing_of_the_lines_is_kept_or_shown(
    told: Callable[[Story], None],
    bench: ReaderBench,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Rule 1: what opened the chip is gone from memory, and was never in a file, screen or log."""
    secrets = (*lds.printed(FOREIGN.holder), FOREIGN.holder.number)

    async def story(c: Counter) -> None:
        before = in_memory()
        await lay(c, bench, FOREIGN)
        assert await refused(c, "lines", lines=lines(PERMIT)) == "access-wrong"
        await c.do("lines", lines=lines(FOREIGN))
        seen = json.dumps(snapshot(c.station), ensure_ascii=False)
        await finish(c)
        # The driver's watchdog lets go of a reading that has ended at its next tick.
        await until(lambda: all(any(held is one for one in before) for held in in_memory()))
        files = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
        for secret in secrets:
            assert secret not in seen
            assert secret not in caplog.text
            assert secret.encode() not in files

    told(story)
