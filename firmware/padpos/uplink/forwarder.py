"""The forwarder: one connection after the other; signed documents and receipts down."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable

from padpos.uplink.broker import Broker, BrokerLost
from padpos.uplink.config import UplinkConfig
from padpos.uplink.link import Link
from padpos.uplink.upward import Upward
from padpos.wire import messages
from padpos.wire.errors import WireError

log = logging.getLogger("padpos.uplink")

FIRST_BACKOFF, LAST_BACKOFF = 0.2, 30.0


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
                upward = Upward(up, broker, self._config)
                await _first_of(
                    upward.run(), upward.watch(), _downward(down, broker), broker.lost()
                )
            finally:
                await broker.close()
        finally:
            up.close()
            down.close()


async def _downward(link: Link, broker: Broker) -> None:
    while True:
        message = await broker.down.get()
        await _hand_down(link, message.topic, message.payload)
        broker.acknowledge(message)  # now, and not before: it may have been a receipt


async def _hand_down(link: Link, topic: str, payload: bytes) -> None:
    try:
        _, _, kind = messages.parse_topic(topic)
    except WireError:
        log.warning("a message on a topic that is not ours, %d bytes", len(payload))
    else:
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
