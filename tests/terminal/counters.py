"""A real station over a real ledger, with devices that do as they are told.

The devices' own drivers are proven elsewhere, against simulators that speak the real protocols.
"""

from __future__ import annotations

import asyncio
import io
import shutil
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from PIL import Image

from padpos.counter.flow import Phase
from padpos.ledger.held import Held
from padpos.ledger.ledger import Clock, Ledger
from padpos.ledger.room import Limits, Room
from padpos.terminal.clerks import hash_pin
from padpos.terminal.config import TerminalConfig
from padpos.terminal.devices import Devices
from padpos.terminal.keys import TerminalKeys
from padpos.terminal.recorder import Recorder
from padpos.terminal.standing import Standing
from padpos.terminal.station import Station
from padpos.terminal.volatile import Volatile
from padpos.ui.commands import Arguments, execute
from padpos.wire import draw, entry
from padpos.wire.documents import Contract, Contracts, WaybillRange, Waybills
from padpos.wire.facts import Facts, GenesisFacts, Kind
from padpos.wire.keys import Alg, Signer, sealing_private
from padpos.wire.policy import Policy
from padpos_drivers.camera.interface import CameraError, Still
from padpos_drivers.idcard.document import DocumentType, IdDocument, Sex
from padpos_drivers.idcard.errors import IdCardError
from padpos_drivers.idcard.interface import Access, CardReading, ReaderEvent
from padpos_drivers.printer import MonoRaster, PrinterStatus, PrintOutcome, PrintResult
from padpos_drivers.printer.errors import Reason
from tests.wire.vector_objects import (
    DAY,
    DAY_KEY,
    DAY_MS,
    DOCUMENT,
    RECIPIENT,
    START,
    TERMINAL,
    document_class,
    key_set,
    sealing,
    seed,
    signer,
    the_policy,
)

PIN = "314159"
CARD = IdDocument(
    type=DocumentType.CITIZEN,
    name=DOCUMENT.name,
    sex=Sex.FEMALE,
    birth=date(1905, 3, 12),
    number=DOCUMENT.number,
    valid_from=date(2020, 1, 1),
    valid_until=None,
    ethnicity_code="01",
    address=DOCUMENT.address,
    issuer="样例公安局",
)
SENDER_PHONE = "19900000001"
HASHED_PIN = hash_pin(PIN)


def picture() -> bytes:
    """A JPEG that is not blank."""
    file = io.BytesIO()
    Image.linear_gradient("L").save(file, "JPEG")
    return file.getvalue()


PICTURE = picture()


@dataclass(slots=True)
class Reader:
    """A reader with a card on it, or one that fails; `hold` keeps its answers back."""

    card: IdDocument = CARD
    error: IdCardError | None = None
    reads: int = 0
    hold: bool = False
    held: list[Future[CardReading]] = field(default_factory=list)

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def read(self, timeout: float, access: Access | None = None) -> Future[CardReading]:  # noqa: ARG002 - the seam hands it over
        self.reads += 1
        future: Future[CardReading] = Future()
        self.held.append(future)
        if not self.hold:
            self.release()
        return future

    def release(self) -> None:
        for future in self.held:
            if self.error is not None:
                future.set_exception(self.error)
            else:
                future.set_result(CardReading(self.card, "chip", 812.0))
        self.held.clear()


@dataclass(slots=True)
class Camera:
    """A camera that sees a gradient."""

    jpeg: bytes = PICTURE
    error: CameraError | None = None
    asked: int = 0

    def still(self, timeout: float) -> Still:  # noqa: ARG002
        self.asked += 1
        if self.error is not None:
            raise self.error
        return Still(self.jpeg, START)

    def preview(self, timeout: float) -> bytes:
        return self.still(timeout).jpeg


@dataclass(slots=True)
class Printer:
    """A printer that ends as the list says, then always well; it remembers every picture."""

    outcomes: list[PrintOutcome] = field(default_factory=list)
    printed: list[MonoRaster] = field(default_factory=list)
    on_print: Callable[[], None] = lambda: None

    def print(
        self,
        raster: MonoRaster,
        on_first_byte: Callable[[], None] | None = None,
        timeout: float = 30.0,  # noqa: ARG002
    ) -> PrintResult:
        self.on_print()
        outcome = self.outcomes.pop(0) if self.outcomes else PrintOutcome.PRINTED
        if outcome is not PrintOutcome.BLOCKED:
            self.printed.append(raster)
            if on_first_byte:
                on_first_byte()
        reason = Reason.PRINTED if outcome is PrintOutcome.PRINTED else Reason.PAPER_OUT
        return PrintResult(outcome, len(raster.data), reason, 20.0, 900.0)

    def status(self, timeout: float = 2.0) -> PrinterStatus:  # noqa: ARG002
        return PrinterStatus()

    def encoded(self, raster: MonoRaster) -> bytes:
        return raster.data

    def clear(self, timeout: float = 10.0) -> None: ...


def keys() -> TerminalKeys:
    """This terminal's keys, fixed."""
    private = sealing_private(Alg.X25519, seed("inbox key"))
    return TerminalKeys(signer("entry"), sealing("inbox"), private, signer("policy").public)


def configuration(folder: Path) -> TerminalConfig:
    """This terminal's configuration."""
    return TerminalConfig(
        terminal=TERMINAL, carrier="样例速递", outlet="样例路网点", area="北京 B01",
        state=folder / "state", keys=folder / "keys", readers=("reader",), printer_host="127.0.0.1",
        printer_port=9100, camera=folder / "camera", link=folder / "link.sock", listen=(),
        label_prefix="HTTPS://L.EXAMPLE.CN/", least_suite=Alg.XWING,
        pins={"clerk-03": HASHED_PIN},
    )  # fmt: skip


POLICY = the_policy(document_classes=(document_class("citizen"),))


def papers(policy: Policy = POLICY) -> dict[str, bytes]:
    """The signed documents of this terminal, by kind, in the order they can be taken."""
    waybills = Waybills(1, TERMINAL, (WaybillRange("AB000001", "AB000999", START + 30 * DAY_MS),))
    contracts = Contracts(1, TERMINAL, (Contract("contract-9", START, START + DAY_MS),))
    sign = signer("policy")
    return {
        "keys": key_set().sign(sign).raw,
        "policy": policy.sign(sign).raw,
        "waybills": waybills.sign(signer("waybills")).raw,
        "contracts": contracts.sign(sign).raw,
        "draw": draw.draw_message({DAY: DAY_KEY}, TERMINAL, sealing("inbox"), sign),
    }


@dataclass(slots=True)
class Counter:
    """One counter at work."""

    folder: Path
    station: Station
    ledger: Ledger
    standing: Standing
    reader: Reader
    camera: Camera
    printer: Printer

    async def do(self, command: str, **arguments: object) -> None:
        """What the screen would ask for, and wait until it is done."""
        given: Arguments = dict(arguments)
        await execute(self.station, command, given)
        await self.settle()

    async def settle(self) -> None:
        """Wait until nothing is being done any more."""
        async with asyncio.timeout(20):
            while self.station.busy or self._reading():
                await asyncio.sleep(0.002)

    async def lay_card(self) -> None:
        """A card is laid on the reader."""
        self.station.reader_said(ReaderEvent.CARD_PRESENT)
        await self.settle()

    async def lift_card(self) -> None:
        """The card is taken away."""
        self.station.reader_said(ReaderEvent.CARD_REMOVED)
        await self.settle()

    async def walk_in(self, until: str = "confirm") -> None:
        """A whole walk-in consignment, up to and with a command."""
        await self.do("begin", customer="walk-in")
        await self.lay_card()
        for command, arguments in (
            ("agree", {}),
            ("photo", {}),
            ("sender", {"phone": SENDER_PHONE}),
            (
                "recipient",
                {"name": RECIPIENT.name, "phone": RECIPIENT.phone, "address": RECIPIENT.address},
            ),
            ("contents", {"contents": "文具", "grams": 1250}),
            ("confirm", {}),
        ):
            await self.do(command, **arguments)
            if command == until:
                break
        await self.lift_card()

    async def facts(self, kind: Kind | None = None) -> list[Facts]:
        """What the chain holds, verified, in order."""
        return await self.station.in_ledger(read_chain, self.ledger, kind)

    @property
    def phase(self) -> Phase:
        return self.station.state.phase

    def _reading(self) -> bool:
        return self.station.cards.reading and not self.reader.hold


def read_chain(ledger: Ledger, kind: Kind | None = None) -> list[Facts]:
    """The facts of every entry (of a kind), each verified."""
    rows: list[Any] = ledger.db.execute("SELECT raw FROM entries ORDER BY seq").fetchall()
    read = [entry.verify(raw, signer("entry").public)[0] for (raw,) in rows]
    return [item.facts for item in read if kind in (None, item.kind)]


def of_kind(facts: list[Any], kind: type) -> list[Any]:
    """Those of one class."""
    return [item for item in facts if isinstance(item, kind)]


def durable_copy(folder: Path, copy: Path) -> Ledger:
    """The ledger as its files stand now, opened elsewhere as after a crash."""
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy)
    return Ledger(copy, TERMINAL, signer("entry"), Clock(lambda: START, lambda: True))


@asynccontextmanager
async def counter(
    folder: Path,
    *,
    policy: Policy = POLICY,
    now: Callable[[], int] = lambda: START,
    synchronised: Callable[[], bool] = lambda: True,
    signed_in: bool = True,
    recover: bool = False,
    entry_key: Signer | None = None,
    limits: Limits | None = None,
    volatile: Volatile | None = None,
) -> AsyncIterator[Counter]:
    """A counter that runs; its folder may be one that was used before.

    With limits it keeps room on the disk, as the terminal does.
    """
    config = configuration(folder)
    thread = ThreadPoolExecutor(1, "ledger")
    clock = Clock(now, synchronised)
    room = Room(config.state, limits) if limits else None
    ledger = Ledger(config.state, TERMINAL, entry_key or signer("entry"), clock, room)
    if not ledger.begun:
        ledger.begin(GenesisFacts("test", sealing("inbox").raw))
    standing = Standing(ledger, Held(ledger), keys(), config.carrier, now)
    standing.load()
    for kind, raw in papers(policy).items():
        assert standing.take(kind, raw) in ("ok", "not-newer", *(["disk-full"] if limits else []))
    devices = Devices(Reader(), Camera(), Printer())
    station = Station(
        config=config, ledger=ledger, standing=standing,
        recorder=Recorder(config, ledger, standing, now), devices=devices, now=now,
        ledger_thread=thread, volatile=volatile,
    )  # fmt: skip
    made = Counter(
        folder, station, ledger, standing, devices.reader, devices.camera, devices.printer  # type: ignore[arg-type]  # made two lines above
    )  # fmt: skip
    await station.books.look()
    if recover:
        await station.recover()
    task = asyncio.create_task(station.run())
    room_task = asyncio.create_task(station.books.keep_room())
    try:
        if signed_in:
            station.clerk = "clerk-03"
        yield made
        if task.done():
            task.result()
    finally:
        task.cancel()
        room_task.cancel()
        await asyncio.gather(task, room_task, return_exceptions=True)
        thread.shutdown()
        ledger.close()
