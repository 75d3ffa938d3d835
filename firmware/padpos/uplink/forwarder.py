"""The forwarder: sealed bytes up, entries before photos; signed documents and receipts down."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import count

from padpos.uplink.broker import Broker, BrokerLost
from padpos.uplink.config import UplinkConfig
from padpos.uplink.link import Link
from padpos.wire import messages
from padpos.wire.errors import WireError
from padpos.wire.link import MOST_AGAIN, OutboxView
from padpos.wire.messages import PART_SIZE, TerminalStatus

log = logging.getLogger("padpos.uplink")

Key = int | bytes | tuple[bytes, int]  # an entry's seq, a receipt's hash, a piece of an attachment

FIRST_BACKOFF, LAST_BACKOFF = 0.2, 30.0
WAIT_MS = 1000
PAGE = 100
STALLED_SECONDS = 60.0
UNANSWERED_SECONDS = 600.0
HEADROOM = 256  # bytes of topic, properties and framing beside a payload


class Forwarder:
    """Keeps nothing: what to send is asked of the ledger, again after every new connection."""

    def __init__(self, config: UplinkConfig) -> None:
        self._config = config

    async def run(self) -> None:
        """Serve until cancelled."""
        backoff = FIRST_BACKOFF
        while True:
            started = time.monotonic()
            try:
                await self._serve_once()
            except (BrokerLost, OSError, EOFError, WireError) as error:
                log.warning("connection ended: %s: %s", type(error).__name__, error)
            if time.monotonic() - started > LAST_BACKOFF:
                backoff = FIRST_BACKOFF
            await asyncio.sleep(backoff * random.uniform(0.5, 1.0))  # noqa: S311 - jitter only
            backoff = min(backoff * 2, LAST_BACKOFF)

    async def _serve_once(self) -> None:
        up = await Link.connect(self._config.link)
        down = await Link.connect(self._config.link)
        try:
            view = await up.outbox(-1, 1)
            broker = Broker(self._config, view.terminal)
            try:
                await broker.connect()
                log.info("connected, %d entries waiting", view.queued)
                await _first_of(
                    Upward(up, broker, self._config).run(), _downward(down, broker), broker.lost()
                )
            finally:
                await broker.close()
        finally:
            up.close()
            down.close()


class Upward:
    """Sends what waits, at most a window of it at a time, and again what gets no receipt."""

    def __init__(self, link: Link, broker: Broker, config: UplinkConfig) -> None:
        self._link = link
        self._broker = broker
        self._resend = config.resend_seconds
        self._free = asyncio.Semaphore(max(1, broker.window))
        self._sent: dict[Key, float] = {}
        self._aside: set[Key] = set()
        self._seen: set[Key] = set()
        self._wanted: dict[tuple[bytes, int], None] = {}
        self._flying: set[asyncio.Task[None]] = set()
        self._status: TerminalStatus | None = None
        self._progress = time.monotonic()

    async def run(self) -> None:
        """Send until the connection ends."""
        while True:
            if not await self._round():
                await self._link.wait(WAIT_MS)
            self._watch()

    async def _round(self) -> bool:
        self._seen = set()
        view, sent = await self._send_entries()
        for sha256, offset in self._wanted:
            sent |= await self._send_part(sha256, offset)
        self._wanted.clear()
        for sha256, size in view.attachments:
            for offset in range(0, size, PART_SIZE):
                sent |= await self._send_part(sha256, offset)
        self._forget()
        return sent

    async def _send_entries(self) -> tuple[OutboxView, bool]:
        sent = False
        after = -1
        for page in count():
            sent |= await self._send_again()
            view = await self._link.outbox(after, PAGE)
            if page == 0:
                await self._report(view)
            for seq in view.entries:
                sent |= await self._send_entry(seq)
            if len(view.entries) < PAGE:
                break
            after = view.entries[-1]
        return view, sent

    async def _send_again(self) -> bool:
        """Send at once what the authority asked for; its pieces of photos behind the entries."""
        again, sent = await self._link.again(), False
        asked: tuple[Key, ...] = (*again.receipts, *again.entries, *again.pieces)
        for key in asked:
            self._sent.pop(key, None)
        for digest in again.receipts:
            sent |= await self._send(digest, "proof", partial(self._link.proof, digest))
        for seq in again.entries:
            sent |= await self._send_entry(seq)
        room = MOST_AGAIN - len(self._wanted)
        self._wanted.update(dict.fromkeys(again.pieces[:room]))
        return sent

    async def _send_entry(self, seq: int) -> bool:
        return await self._send(seq, "entry", partial(self._link.entry, seq))

    async def _send_part(self, sha256: bytes, offset: int) -> bool:
        return await self._send((sha256, offset), "part", partial(self._link.part, sha256, offset))

    async def _send(
        self, key: Key, kind: str, fetch: Callable[[], Awaitable[bytes | None]]
    ) -> bool:
        self._seen.add(key)
        sent_at = self._sent.get(key)
        if sent_at is not None and time.monotonic() - sent_at < self._resend:
            return False
        await self._free.acquire()
        payload = await fetch()
        if payload is None or len(payload) + HEADROOM > self._broker.packet_limit:
            self._free.release()
            return self._set_aside(key, payload)
        self._sent[key] = time.monotonic()
        task = asyncio.create_task(self._fly(key, kind, payload))
        self._flying.add(task)
        task.add_done_callback(self._flying.discard)
        return True

    async def _fly(self, key: Key, kind: str, payload: bytes) -> None:
        try:
            if await self._broker.publish(kind, payload):
                self._aside.discard(key)
            else:
                log.error("the broker refused a message of kind %s, %d bytes", kind, len(payload))
                self._aside.add(key)
            self._progress = time.monotonic()
        except BrokerLost:
            self._sent.pop(key, None)
        finally:
            self._free.release()

    def _forget(self) -> None:
        """Keep stamps only of what was in this round: the rest no longer waits."""
        self._sent = {key: at for key, at in self._sent.items() if key in self._seen}
        self._aside &= self._seen

    def _set_aside(self, key: Key, payload: bytes | None) -> bool:
        if payload is not None and key not in self._aside:
            log.error("a message of %d bytes is larger than the broker takes", len(payload))
            self._aside.add(key)
        self._sent[key] = time.monotonic()
        return False

    async def _report(self, view: OutboxView) -> None:
        health = f"{len(self._aside)} set aside" if self._aside else view.health
        status = TerminalStatus(view.version, view.queued, view.oldest_ms, health)
        said = self._status
        if said is None or (said.queued, said.health) != (status.queued, status.health):
            await self._broker.publish("status", status.to_bytes(), retain=True)
            self._status = status

    def _watch(self) -> None:
        if not self._flying:
            self._progress = time.monotonic()
        elif time.monotonic() - self._progress > STALLED_SECONDS:
            raise BrokerLost("no progress for a minute")
        if self._broker.unanswered > UNANSWERED_SECONDS:
            raise BrokerLost("sent much, and no receipt came")  # the broker may have lost our ear


async def _downward(link: Link, broker: Broker) -> None:
    while True:
        topic, payload = await broker.down.get()
        try:
            _, _, kind = messages.parse_topic(topic)
        except WireError:
            log.warning("a message on a topic that is not ours, %d bytes", len(payload))
            continue
        answer = await link.down(kind, payload) if len(payload) <= 256 << 10 else "too-large"
        log.log(
            logging.INFO if answer in ("ok", "not-newer") else logging.WARNING,
            "%s from the authority, %d bytes: %s", kind, len(payload), answer,
        )  # fmt: skip


async def _first_of(*awaitables: Awaitable[None]) -> None:
    """Run side by side; the first to end, or to fail, ends them all."""
    tasks = [asyncio.ensure_future(awaitable) for awaitable in awaitables]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
