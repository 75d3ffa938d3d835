"""A terminal without devices: the real station, ledger and link, and parcels without end.

Each append that has returned is told on standard output, one JSON object a line. Writing pauses
while the file `quiet` is there; the link is served on.
"""

import asyncio
import json
import logging
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import cast

import click

from bench.faults.sabotage import Sabotage, applied
from bench.faults.shop import digest, facts_of
from padpos.ledger.errors import WaybillsSpent
from padpos.ledger.held import Held
from padpos.ledger.ledger import Appended, Clock, Ledger
from padpos.terminal import keys as terminal_keys
from padpos.terminal.clock import now_ms
from padpos.terminal.config import TerminalConfig
from padpos.terminal.devices import Devices
from padpos.terminal.link_server import LinkServer
from padpos.terminal.recorder import Recorder
from padpos.terminal.standing import Standing
from padpos.terminal.station import Station
from padpos.wire import envelope
from padpos.wire.entry import Attachment
from padpos.wire.envelope import JPEG_TYPE, Binding
from padpos.wire.errors import SealingRefused
from padpos.wire.facts import Kind, LabelFacts
from padpos.wire.keys import Alg
from padpos.wire.keyset import Use

MOST_WAITING = 150
WEEK_MS = 7 * 86_400_000 - 600_000  # as long as a key set with a label key, less the skew
SMALL = (500, 2_000, 5_000)  # bytes of a photo in a week's backlog
CARRIER = "测试速递"


class Week:
    """The terminal's clock; once told to, it goes a step of a week with every parcel."""

    def __init__(self) -> None:
        self._from = self._parcels = self.made = 0

    @property
    def over(self) -> bool:
        """Whether the parcels of the week are made."""
        return self.made >= self._parcels

    def begin(self, parcels: int) -> None:
        """From now on, so many parcels are a week."""
        self._from, self._parcels, self.made = now_ms(), parcels, 0

    def now(self) -> int:
        """Milliseconds since the Unix epoch."""
        if not self._parcels:
            return now_ms()
        return self._from + WEEK_MS * self.made // self._parcels


class Writer:
    """Appends parcels. All calls on the ledger's thread."""

    def __init__(
        self, terminal: str, ledger: Ledger, standing: Standing, now: Callable[[], int]
    ) -> None:
        self._terminal = terminal
        self._now = now
        self.sizes = (5_000, 20_000, 300_000)
        self._ledger = ledger
        self._held = Held(ledger)
        self._standing = standing
        self._chance = Random(os.urandom(8))

    def parcel(self) -> None:
        """A consignment with its photos, then the label it may now have."""
        if self._standing.keys is None or self._standing.waybills is None:
            return
        with suppress(SealingRefused, WaybillsSpent):  # by this clock they are not valid now
            self._parcel()

    def _parcel(self) -> None:
        assert self._standing.waybills is not None  # `parcel` has looked
        consignment = self._chance.randbytes(16)
        photos = [self._photo(consignment) for _ in range(self._chance.choice((0, 1, 1, 2)))]
        sealed = self._seal("consignment", consignment)
        carrier = self._seal("carrier", consignment)
        with self._ledger.transaction():
            waybill = self._held.take_waybill(self._standing.waybills, self._now())
            appended = self._ledger.append(
                Kind.CONSIGNMENT,
                facts_of(consignment, waybill, sealed, photos),
                sealed=sealed,
                carrier=carrier,
                attachments=photos,
            )
        self._tell(appended, {
            "consignment": consignment.hex(),
            "sealed": digest(sealed).hex(),
            "carrier": digest(carrier).hex(),
            "photos": [photo.sha256.hex() for photo in photos],
        })  # fmt: skip
        facts = LabelFacts(consignment, waybill, 1, bytes(32), "intended", "terminal", None)
        self._tell(self._ledger.append(Kind.LABEL, facts), {"label": consignment.hex()})

    def _photo(self, consignment: bytes) -> Attachment:
        most = self._chance.choice(self.sizes)
        sealed = self._seal("photo", consignment, self._chance.randbytes(most), JPEG_TYPE)
        return Attachment(
            self._held.keep_photo(consignment, sealed, JPEG_TYPE), len(sealed), JPEG_TYPE
        )

    def _seal(
        self, purpose: str, consignment: bytes, content: bytes = b"", kind: str = envelope.CBOR_TYPE
    ) -> bytes:
        assert self._standing.keys is not None  # `parcel` has looked
        keys = self._standing.keys.to_seal(Use.UPLOAD, self._now(), Alg.XWING)
        plain = content or envelope.pad({1: self._chance.randbytes(600)})
        return envelope.seal(plain, Binding(self._terminal, purpose, consignment), keys, kind)

    def _tell(self, appended: Appended, more: dict[str, object]) -> None:
        line = {"seq": appended.seq, "hash": appended.hash.hex(), **more}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


async def _serve(config: TerminalConfig) -> None:
    week = Week()
    station, ledger, standing = opened(config, week.now)
    await station.recover()
    writer = Writer(config.terminal, ledger, standing, week.now)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(LinkServer(station, ledger, week.now).serve(config.link))
        tasks.create_task(_write(station, writer, config.state.parent, week))


def opened(
    config: TerminalConfig, now: Callable[[], int] = now_ms
) -> tuple[Station, Ledger, Standing]:
    """The station as the terminal composes it, over the ledger it was provisioned with."""
    keys = terminal_keys.load(config.keys)
    ledger = Ledger(config.state, config.terminal, keys.entry, Clock(now, lambda: True))
    standing = Standing(ledger, Held(ledger), keys, config.carrier)
    standing.load()
    station = Station(
        config=config,
        ledger=ledger,
        standing=standing,
        recorder=Recorder(config, ledger, standing, now),
        devices=cast(Devices, None),  # nobody posts an event here, so none is asked for
        now=now,
        ledger_thread=ThreadPoolExecutor(1, "ledger"),
    )
    return station, ledger, standing


def configuration(folder: Path, terminal: str) -> TerminalConfig:
    """What a terminal of this folder is configured to, as far as anybody asks."""
    return TerminalConfig(
        terminal=terminal, carrier=CARRIER, outlet="测试路网点", area="北京 B01",
        state=folder / "state", keys=folder / "keys", readers=("none",), printer_host="127.0.0.1",
        printer_port=9100, camera=folder / "camera", link=folder / "link.sock", listen=(),
        label_prefix="HTTPS://L.EXAMPLE.CN/", least_suite=Alg.XWING, pins={},
    )  # fmt: skip


async def _write(station: Station, writer: Writer, folder: Path, week: Week) -> None:
    chance = Random(os.urandom(8))
    while not (folder / "week").exists():
        await asyncio.sleep(chance.uniform(0, 0.1))
        if not (folder / "quiet").exists() and station.waiting.entries < MOST_WAITING:
            await station.in_ledger(writer.parcel)
    writer.sizes = SMALL
    week.begin(int((folder / "week").read_text()))
    while not week.over:
        await station.in_ledger(writer.parcel)
        week.made += 1


@click.command()
@click.option("--folder", required=True, type=click.Path(path_type=Path))
@click.option("--terminal", required=True)
@click.option("--sabotage", type=click.Choice([str(name) for name in Sabotage]))
def main(folder: Path, terminal: str, sabotage: str | None) -> None:
    """Write until killed."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    config = configuration(folder, terminal)
    with applied(Sabotage(sabotage) if sabotage else None):
        asyncio.run(_serve(config))


if __name__ == "__main__":
    main()
