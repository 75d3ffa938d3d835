"""The counter process: its composition root, readable in a screen."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import signal
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from padpos.ledger.held import Held
from padpos.ledger.ledger import Clock, Ledger
from padpos.terminal import keys as terminal_keys
from padpos.terminal.clock import now_ms, synchronised
from padpos.terminal.config import ConfigError, TerminalConfig, load
from padpos.terminal.devices import Devices
from padpos.terminal.keys import TerminalKeys
from padpos.terminal.labels import warm_up
from padpos.terminal.link_server import LinkServer
from padpos.terminal.listener import serve_screen
from padpos.terminal.opening import Closed, opened_or_closed
from padpos.terminal.protocols import card_protocols
from padpos.terminal.recorder import Recorder
from padpos.terminal.recovery import load_documents, paper_under_way
from padpos.terminal.standing import Standing
from padpos.terminal.station import Station
from padpos.terminal.timekeeper import keep_checkpoints, keep_time
from padpos.terminal.volatile import Volatile
from padpos.ui.app import Screen
from padpos.ui.closed import ClosedScreen
from padpos.wire.keys import CannotSign, Signer
from padpos_drivers.camera.worker import WorkerCamera
from padpos_drivers.idcard.emrtd.csca import CscaUnreadable
from padpos_drivers.idcard.interface import ReaderEvent
from padpos_drivers.idcard.open import open_reader
from padpos_drivers.idcard.protocol import CardProtocol
from padpos_drivers.printer import EscposPrinter, TcpPrinterAddress

log = logging.getLogger("padpos.terminal")
_KEY_SECONDS = 3.0

TRY_AGAIN_SECONDS = 3.0


def main(path: Path) -> None:
    """Run until SIGTERM or SIGINT. Raises ConfigError, NotVolatile, KeysMissing or CannotSign.

    A terminal without a usable ledger stays closed until there is one. One whose key does not sign
    stays closed, sends what it holds, and ends when it does.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    config = load(path)
    if config.volatile is not None:
        Volatile(config.volatile).close()  # refused now, before there is anything to close
    protocols = _protocols(path, config)
    keys = terminal_keys.load(config.keys)
    clock = Clock(now_ms, synchronised)
    ledger = opened_or_closed(config, keys.entry, clock)
    if isinstance(ledger, Closed):
        again = partial(opened_or_closed, config, keys.entry, clock)
        ledger = asyncio.run(_stay_closed(config, ledger, again))
    if isinstance(ledger, Ledger):
        _run(config, ledger, keys, protocols)


def _protocols(path: Path, config: TerminalConfig) -> tuple[CardProtocol, ...]:
    """All kinds of card; root certificates that are no use are a mistake of the file's."""
    try:
        return card_protocols(config.csca)
    except CscaUnreadable as error:
        raise ConfigError(f"{path}: csca: {error}") from error


def _run(
    config: TerminalConfig,
    ledger: Ledger,
    keys: TerminalKeys,
    protocols: tuple[CardProtocol, ...],
) -> None:
    standing = Standing(ledger, Held(ledger), keys, config.carrier)
    load_documents(standing, config.state)
    unable = terminal_keys.why_unable(keys.entry)
    if unable is not None:
        log.error("closed, the entry key does not sign: %s", unable.what)
    # The thread ends first: what it is at when we are asked to stop is not broken off.
    with contextlib.closing(ledger), ThreadPoolExecutor(1, "ledger") as thread:
        asyncio.run(
            _serve(
                config, ledger, standing, keys.entry,
                unable=unable, protocols=protocols, thread=thread,
            )
        )  # fmt: skip


async def _serve(
    config: TerminalConfig,
    ledger: Ledger,
    standing: Standing,
    key: Signer,
    *,
    unable: CannotSign | None,
    protocols: tuple[CardProtocol, ...],
    thread: ThreadPoolExecutor,
) -> None:
    loop = asyncio.get_running_loop()

    def reader_said(event: ReaderEvent) -> None:
        loop.call_soon_threadsafe(station.reader_said, event)

    devices = Devices(
        reader=open_reader(config.readers, reader_said, protocols),
        camera=WorkerCamera(config.camera),
        printer=EscposPrinter(
            TcpPrinterAddress(config.printer_host, config.printer_port),
            # Ids only count within one connection; a fresh start keeps two runs apart in a trace.
            start_id=secrets.randbelow(9999) + 1,
            recover_first=paper_under_way(ledger),
        ),
    )
    station = Station(
        config=config,
        ledger=ledger,
        standing=standing,
        recorder=Recorder(config, ledger, standing, now_ms),
        devices=devices,
        now=now_ms,
        ledger_thread=thread,
        closed=unable.code if unable else None,
        volatile=Volatile(config.volatile) if config.volatile else None,
    )
    await station.in_ledger(warm_up)
    if unable is None:
        await station.recover()
    devices.reader.start()
    try:
        await _together(
            station.run(),
            keep_checkpoints(station) if unable is None else _until_it_signs(station, key),
            keep_time(station),
            station.books.keep_room(),
            station.books.keep_checking(),
            LinkServer(station, ledger, now_ms).serve(config.link),
            serve_screen(Screen(station).app(), config.listen),
        )
    finally:
        devices.reader.stop()


async def _until_it_signs(station: Station, key: Signer) -> None:
    """Then the daemon ends, and starts afresh with the recovery that it could not record."""
    while await station.in_ledger(terminal_keys.why_unable, key) is not None:
        await asyncio.sleep(_KEY_SECONDS)


async def _stay_closed(
    config: TerminalConfig, closed: Closed, again: Callable[[], Ledger | Closed]
) -> Ledger | Closed:
    """Tell the screen why, until a ledger can be opened, or until asked to stop."""
    screen = ClosedScreen(config, closed.code)
    found: Ledger | Closed = closed

    async def until_opened() -> None:
        nonlocal found
        while isinstance(found, Closed):
            await asyncio.sleep(TRY_AGAIN_SECONDS)
            found = await asyncio.to_thread(again)
            screen.code = found.code if isinstance(found, Closed) else screen.code

    await _together(until_opened(), serve_screen(screen.app(), config.listen))
    return found


async def _together(*vital: Coroutine[Any, Any, None]) -> None:
    """Run all; the first to end or fail ends the daemon, rather than let it limp on."""
    tasks = [asyncio.create_task(task) for task in vital]
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    stopping = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
    for task in (*tasks, stopping):
        task.cancel()
    await asyncio.gather(*tasks, stopping, return_exceptions=True)
    for task in done - {stopping}:
        if not task.cancelled() and (error := task.exception()):
            raise error
    log.info("stopped")
