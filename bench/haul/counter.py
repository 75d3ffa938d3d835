"""A counter with a backlog to order: the real station, ledger and link, told what to do by lines.

`fill PARCELS PHOTOS BYTES` appends so many parcels, each with so many photographs of so many
bytes; the link waits for the ledger meanwhile. `drain` waits until nothing waits for a receipt.
Each answers with one JSON object a line.
"""

import asyncio
import json
import logging
import random
import secrets
import sys
import time
from pathlib import Path

import click

from bench.faults.shop import facts_of
from bench.faults.writer import configuration, opened
from bench.sealing import consignment, seal_consignment
from padpos.ledger.held import Held
from padpos.ledger.ledger import Ledger
from padpos.terminal.clock import now_ms
from padpos.terminal.link_server import LinkServer
from padpos.terminal.standing import Standing
from padpos.terminal.station import Station
from padpos.wire import envelope
from padpos.wire.entry import Attachment
from padpos.wire.envelope import JPEG_TYPE, Binding
from padpos.wire.facts import Kind
from padpos.wire.keys import Alg, PublicKey
from padpos.wire.keyset import Use

AT_ONCE = 100  # parcels to one transaction
Order = tuple[int, int, int]


class Backlog:
    """Appends parcels, each with Envelopes of its own. All calls on the ledger's thread."""

    def __init__(self, ledger: Ledger, standing: Standing) -> None:
        self._ledger = ledger
        self._standing = standing
        self._held = Held(ledger)
        self._plain = consignment()
        self.filled_at = 0.0

    def fill(self, parcels: int, photos: int, size: int) -> None:
        """Append so many parcels, with so many photographs each."""
        assert self._standing.keys is not None  # `ready` has waited for them
        keys = list(self._standing.keys.to_seal(Use.UPLOAD, now_ms(), Alg.XWING))
        for first in range(0, parcels, AT_ONCE):
            with self._ledger.transaction():
                for _ in range(first, min(first + AT_ONCE, parcels)):
                    self._parcel(keys, [random.randbytes(size) for _ in range(photos)])
        self.filled_at = time.monotonic()

    def message_bytes(self) -> int:
        """Bytes of the newest consignment's message."""
        newest = "SELECT max(seq) FROM entries WHERE sealed IS NOT NULL"
        message = self._ledger.message(self._ledger.db.execute(newest).get)
        return len(message.to_bytes()) if message else 0

    def _parcel(self, keys: list[PublicKey], pictures: list[bytes]) -> None:
        name = secrets.token_bytes(16)
        assert self._standing.waybills is not None
        waybill = self._held.take_waybill(self._standing.waybills, now_ms())
        sealed, carrier = seal_consignment(self._plain, waybill, keys)
        photos = [self._photo(name, picture, keys) for picture in pictures]
        self._ledger.append(
            Kind.CONSIGNMENT, facts_of(name, waybill, sealed, photos),
            sealed=sealed, carrier=carrier, attachments=photos,
        )  # fmt: skip

    def _photo(self, name: bytes, picture: bytes, keys: list[PublicKey]) -> Attachment:
        binding = Binding(self._ledger.terminal, "photo", name)
        sealed = envelope.seal(picture, binding, keys, JPEG_TYPE)
        return Attachment(self._held.keep_photo(name, sealed, JPEG_TYPE), len(sealed), JPEG_TYPE)


class Counter:
    """Obeys the lines."""

    def __init__(self, station: Station, backlog: Backlog) -> None:
        self._station = station
        self._backlog = backlog

    async def obey(self) -> None:
        """Until the lines end."""
        await self._drained()
        while self._station.standing.missing:
            await asyncio.sleep(0.05)
        await self._drained()
        self._say()
        while line := await asyncio.to_thread(sys.stdin.readline):
            match line.split():
                case ["fill", parcels, photos, size]:
                    order: Order = (int(parcels), int(photos), int(size))
                    await self._station.in_ledger(self._backlog.fill, *order)
                    self._say(bytes=await self._station.in_ledger(self._backlog.message_bytes))
                case ["drain"]:
                    await self._drained()
                    self._say(seconds=time.monotonic() - self._backlog.filled_at)

    async def _drained(self) -> None:
        station = self._station
        while True:
            change = station.books.next_change
            if not (station.waiting.entries or station.waiting.attachments):
                return
            await station.outbox_changed(1, change)

    @staticmethod
    def _say(**figures: float) -> None:
        sys.stdout.write(json.dumps(figures) + "\n")
        sys.stdout.flush()


async def _serve(folder: Path, terminal: str) -> None:
    config = configuration(folder, terminal)
    station, ledger, standing = opened(config)
    await station.recover()
    serving = asyncio.create_task(LinkServer(station, ledger, now_ms).serve(config.link))
    obeying = asyncio.create_task(Counter(station, Backlog(ledger, standing)).obey())
    done, _ = await asyncio.wait({serving, obeying}, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()
    serving.cancel()


@click.command()
@click.option("--folder", required=True, type=click.Path(path_type=Path))
@click.option("--terminal", required=True)
def main(folder: Path, terminal: str) -> None:
    """Obey lines on standard input until they end."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    asyncio.run(_serve(folder, terminal))


if __name__ == "__main__":
    main()
