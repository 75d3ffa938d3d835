"""Reading an ID card through the real pcscd, against the same APDUs and nothing else."""

import os
import queue
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
from smartcard import scard

from bench.frame import Plan, Ratio, Target, Way, each, run, told
from bench.show import options, show
from padpos_drivers.idcard.interface import ReaderEvent
from padpos_drivers.idcard.pcsc_reader import PcscReader
from padpos_drivers.idcard.sim.bench import READER_NAME, BenchError, ReaderBench
from padpos_drivers.idcard.sim.image import storage_image
from padpos_drivers.idcard.sim.people import PEOPLE

DRIVER = (
    Path(__file__)
    .resolve()
    .parents[1]
    .joinpath(".cache/vpcd/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
)
PAGES = 6  # of 256 bytes: the 1284 bytes of a storage card
_SECONDS = 10.0


@dataclass(slots=True)
class BareCard:
    """The least a program can do: PC/SC calls in a row, no transaction, nothing looked at."""

    context: int = 0
    card: int = 0
    protocol: int = 0

    def establish(self) -> None:
        """Connect to pcscd."""
        code, self.context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
        _expect(code)

    def connect(self) -> None:
        """Connect to the card."""
        protocols = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        code, self.card, self.protocol = scard.SCardConnect(
            self.context, READER_NAME, scard.SCARD_SHARE_SHARED, protocols
        )
        _expect(code)

    def exchange(self) -> None:
        """Send the APDUs that read the whole card."""
        pci = scard.SCARD_PCI_T1 if self.protocol & scard.SCARD_PROTOCOL_T1 else scard.SCARD_PCI_T0
        for page in range(PAGES):
            code, _answer = scard.SCardTransmit(self.card, pci, [0xFF, 0xB0, page, 0, 0])
            _expect(code)

    def disconnect(self) -> None:
        """Let go of the card, and leave it powered."""
        _expect(scard.SCardDisconnect(self.card, scard.SCARD_LEAVE_CARD))

    def whole(self) -> None:
        """Connect, exchange, disconnect."""
        self.connect()
        self.exchange()
        self.disconnect()

    def exchanges(self, count: int) -> float:
        """Seconds of an exchange, connecting left out. The card is free again behind it."""
        self.connect()
        try:
            return each(self.exchange)(count)
        finally:
            self.disconnect()


@contextmanager
def plan(driver: Path) -> Iterator[Plan]:
    """A virtual reader with a card on it, our reader and the bare calls side by side."""
    with tempfile.TemporaryDirectory(prefix="padpos-") as folder:
        bench = ReaderBench(Path(folder), driver)
        os.environ["PCSCLITE_CSOCK_NAME"] = str(bench.client_socket)
        with bench, _laid(bench) as reader:
            bare = BareCard()
            bare.establish()
            try:
                yield _plan(reader, bare)
            finally:
                scard.SCardReleaseContext(bare.context)


def _plan(reader: PcscReader, bare: BareCard) -> Plan:
    return Plan(
        ways=(
            Way("bare APDUs", bare.exchanges),
            Way("bare connect + APDUs + disconnect", each(bare.whole)),
            Way("driver, connecting to decoded", told(_driver_seconds(reader)), Target(0.050)),
            Way("read(), asking to document", each(lambda: _read(reader))),
        ),
        ratios=(
            Ratio(
                "driver / bare APDUs",
                "driver, connecting to decoded",
                "bare APDUs",
                Target(1.3),
            ),
            Ratio(
                "driver / bare with connecting",
                "driver, connecting to decoded",
                "bare connect + APDUs + disconnect",
            ),
            Ratio("read() / bare APDUs", "read(), asking to document", "bare APDUs", Target(1.3)),
        ),
        notes=(
            "All ways talk to one pcscd with vpcd and one virtual card that lies there all along.",
            "read() adds the waking of the thread that owns PC/SC.",
        ),
    )


def _read(reader: PcscReader) -> float:
    """Milliseconds that the driver itself counts."""
    return reader.read(_SECONDS).result(_SECONDS).milliseconds


def _driver_seconds(reader: PcscReader) -> Callable[[], float]:
    return lambda: _read(reader) / 1000


@contextmanager
def _laid(bench: ReaderBench) -> Iterator[PcscReader]:
    """Our reader, watching, with a card that it has seen."""
    events: queue.Queue[ReaderEvent] = queue.Queue()
    reader = PcscReader(READER_NAME, events.put)
    reader.start()
    try:
        bench.lay(storage_image(next(iter(PEOPLE.values()))))
        if events.get(timeout=_SECONDS) is not ReaderEvent.CARD_PRESENT:
            raise BenchError("the reader did not see the card")
        yield reader
    finally:
        reader.stop()


def _expect(code: int) -> None:
    if code != scard.SCARD_S_SUCCESS:
        raise BenchError(f"a bare PC/SC call returned {code & 0xFFFFFFFF:08X}")


@click.command()
@options(count=50)
@click.option(
    "--driver",
    type=click.Path(path_type=Path),
    default=DRIVER,
    envvar="VPCD_DRIVER",
    help="libifdvpcd.so; setup.sh unpacks it under .cache.",
)
def main(rounds: int, count: int, as_json: bool, driver: Path) -> None:
    """Read an ID card through the real pcscd, against its bare APDUs (needs root)."""
    try:
        with plan(driver) as planned:
            show(run("card_read", planned, rounds, count), as_json)
    except BenchError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
