"""The way up: entries before photos, a window of them at a time, again and again until signed for.

Nothing is remembered of what was sent but how far this pass over the outbox has come, so that no
backlog takes memory here. A new pass begins some time after the end of the one before.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from functools import partial

from padpos.uplink.broker import Broker, BrokerLost
from padpos.uplink.config import UplinkConfig
from padpos.uplink.link import Link
from padpos.wire.errors import WireError
from padpos.wire.link import MOST_AGAIN, OutboxView
from padpos.wire.messages import PART_SIZE, TerminalStatus

log = logging.getLogger("padpos.uplink")

Key = int | bytes | tuple[bytes, int]  # an entry's seq, a receipt's hash, a piece of an attachment
Fetch = Callable[[], Awaitable[bytes | None]]

WAIT_MS = 1000
PAGE = 100
MOST_PARTS = 8  # under way at once: a mebibyte, for which an entry may have to wait
MOST_ASIDE = 250
STALLED_SECONDS = 60.0
WATCH_SECONDS = 1.0
UNANSWERED_SECONDS = 600.0
STATUS_SECONDS = 1.0
AGE_SECONDS = 60.0  # after which a status is told again because only the age has changed
HEADROOM = 256  # bytes of topic, properties and framing beside a payload


class Upward:
    """Sends what waits over one connection."""

    def __init__(self, link: Link, broker: Broker, config: UplinkConfig) -> None:
        self._link = link
        self._broker = broker
        self._resend = config.resend_seconds
        window = max(1, broker.window)
        self._free = asyncio.Semaphore(window)
        self._free_for_parts = asyncio.Semaphore(min(MOST_PARTS, window))
        self._flying: dict[Key, asyncio.Task[None]] = {}
        self._wanted: dict[tuple[bytes, int], None] = {}
        self._entries_behind = self._photos_behind = -1
        self._pass = 0
        self._next_pass: float | None = None  # None: this one has not come to its end
        self._aside: dict[Key, int] = {}  # in which pass it was refused last
        self._status: TerminalStatus | None = None
        self._told = 0.0
        self._telling = False
        self._progress = time.monotonic()
        self._failure: Exception | None = None

    async def run(self) -> None:
        """Send until the connection ends."""
        while True:
            if not await self._round():
                await self._link.wait(WAIT_MS)
            self._watch()

    async def watch(self) -> None:
        """End the connection once nothing gets on; beside `run`, which may wait for a window that
        a broker never opens again."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            self._watch()

    async def _round(self) -> bool:
        """Send what comes next in this pass: False where nothing does."""
        self._begin_again()
        sent = await self._send_again()
        view = await self._link.outbox(self._entries_behind, PAGE, self._photos_behind)
        await self._report(view)
        for seq in view.entries:
            sent |= await self._send_entry(seq)
            self._entries_behind = seq
        if len(view.entries) == PAGE:
            return True
        sent |= await self._send_photos(view)
        if not (view.entries or view.attachments) and self._next_pass is None:
            self._next_pass = time.monotonic() + self._resend
        return sent

    def _begin_again(self) -> None:
        if self._next_pass is None or time.monotonic() < self._next_pass:
            return
        self._entries_behind = self._photos_behind = -1
        # What the pass now over did not refuse was taken by the broker, or no longer waits.
        self._aside = {key: last for key, last in self._aside.items() if last == self._pass}
        self._pass += 1
        self._next_pass = None

    async def _send_again(self) -> bool:
        """Send at once what the authority asked for; its pieces of photos behind the entries."""
        again, sent = await self._link.again(), False
        for digest in again.receipts:
            sent |= await self._send(digest, "proof", partial(self._link.proof, digest))
        for seq in again.entries:
            sent |= await self._send_entry(seq)
        room = MOST_AGAIN - len(self._wanted)
        self._wanted.update(dict.fromkeys(again.pieces[:room]))
        return sent

    async def _send_photos(self, view: OutboxView) -> bool:
        sent = False
        while self._wanted:
            sent |= await self._send_part(*self._wanted.popitem()[0])
        for sha256, size in view.attachments:
            for offset in range(0, size, PART_SIZE):
                sent |= await self._send_part(sha256, offset)
        self._photos_behind = view.photos_behind
        return sent

    async def _send_entry(self, seq: int) -> bool:
        return await self._send(seq, "entry", partial(self._link.entry, seq))

    async def _send_part(self, sha256: bytes, offset: int) -> bool:
        return await self._send((sha256, offset), "part", partial(self._link.part, sha256, offset))

    async def _send(self, key: Key, kind: str, fetch: Fetch) -> bool:
        if key in self._flying:
            return False
        held = [self._free_for_parts, self._free] if kind == "part" else [self._free]
        for semaphore in held:
            await semaphore.acquire()
        if self._failure is not None:
            raise self._failure
        task = asyncio.create_task(self._fly(key, kind, fetch))
        self._flying[key] = task
        task.add_done_callback(partial(self._landed, key, held))
        return True

    async def _fly(self, key: Key, kind: str, fetch: Fetch) -> None:
        try:
            payload = await fetch()
            if payload is None:
                return
            if len(payload) + HEADROOM > self._broker.packet_limit:
                self._set_aside(key, kind, len(payload), "is larger than the broker takes")
            elif await self._broker.publish(kind, payload):
                self._aside.pop(key, None)
            else:
                self._set_aside(key, kind, len(payload), "was refused by the broker")
            self._progress = time.monotonic()
        except BrokerLost:
            return  # whoever waits for that ends the connection
        except (OSError, EOFError, WireError) as error:
            self._failure = error

    def _landed(self, key: Key, held: list[asyncio.Semaphore], _: asyncio.Task[None]) -> None:
        del self._flying[key]
        for semaphore in held:
            semaphore.release()

    def _set_aside(self, key: Key, kind: str, size: int, why: str) -> None:
        if key not in self._aside:
            if len(self._aside) == MOST_ASIDE:
                return
            log.error("a message of kind %s, %d bytes, %s", kind, size, why)
        self._aside[key] = self._pass

    async def _report(self, view: OutboxView) -> None:
        health = f"{len(self._aside)} set aside" if self._aside else view.health
        status = TerminalStatus(view.version, view.queued, view.oldest_ms, health)
        said, now = self._status, time.monotonic()
        if said is not None:
            older = (said.queued, said.health) == (status.queued, status.health)
            if said == status or now - self._told < (AGE_SECONDS if older else STATUS_SECONDS):
                return
        async with self._free:
            self._telling = True
            await self._broker.publish("status", status.to_bytes(), retain=True)
            self._telling = False
        self._status, self._told = status, now

    def _watch(self) -> None:
        if self._failure is not None:
            raise self._failure
        if not self._flying and not self._telling:
            self._progress = time.monotonic()
        elif time.monotonic() - self._progress > STALLED_SECONDS:
            raise BrokerLost("no progress for a minute")
        if self._broker.unanswered > UNANSWERED_SECONDS:
            raise BrokerLost("sent much, and no receipt came")  # the broker may have lost our ear
