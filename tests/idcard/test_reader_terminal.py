"""A counter at work over the real pcscd: what befalls the reader befalls no consignment."""

import asyncio
from pathlib import Path

from padpos.terminal.devices import Devices
from padpos_drivers.idcard.interface import ReaderEvent
from padpos_drivers.idcard.pcsc_reader import PcscReader
from padpos_drivers.idcard.sim.bench import READER_NAME, ReaderBench
from tests.terminal.counters import Counter, counter


async def until(condition: object) -> None:
    """Wait for something to come true."""
    assert callable(condition)
    async with asyncio.timeout(15):
        while not condition():
            await asyncio.sleep(0.01)


def name_read(c: Counter) -> str | None:
    """The name of the document the open consignment holds."""
    held = c.station.state.consignment
    return held.document.name if held is not None and held.document is not None else None


def test_pcscd_killed_under_a_running_counter_the_next_card_is_read_and_the_last_serves_no_other(
    bench: ReaderBench, images: dict[str, bytes], tmp_path: Path
) -> None:
    """Rule 4: no restart of pcscd makes a card that had its turn a fresh one."""

    async def story() -> None:
        async with counter(tmp_path) as c:
            loop = asyncio.get_running_loop()

            def said(event: ReaderEvent) -> None:
                loop.call_soon_threadsafe(c.station.reader_said, event)

            reader = PcscReader(READER_NAME, said)
            c.station.devices = Devices(reader, c.camera, c.printer)
            reader.start()
            try:
                await the_story(c)
            finally:
                reader.stop()

    async def the_story(c: Counter) -> None:
        await c.do("begin", customer="walk-in")
        bench.lay(images["citizen"])
        await until(lambda: name_read(c) == "测试甲")
        await c.do("abandon", reason="sender-left")

        await asyncio.to_thread(bench.kill_pcscd)
        await until(lambda: not c.station.reader_present)
        await asyncio.to_thread(bench.start_pcscd)
        await until(lambda: c.station.reader_present and c.station.card_present)
        await c.do("begin", customer="walk-in")
        assert (c.station.state.problem, name_read(c)) == ("card-used", None)

        bench.lift()
        await until(lambda: not c.station.card_present)
        bench.lay(images["citizen-2"])
        await until(lambda: name_read(c) == "测试乙")

    asyncio.run(story())
