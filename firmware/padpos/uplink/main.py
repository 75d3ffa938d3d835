"""The uplink process: its composition root."""

from __future__ import annotations

import asyncio
import logging
import signal
from pathlib import Path

from padpos.uplink.config import load
from padpos.uplink.forwarder import Forwarder


def main(config: Path) -> None:
    """Run until SIGTERM or SIGINT. Raises ConfigError."""
    settings = load(config)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    asyncio.run(_serve(Forwarder(settings)))


async def _serve(forwarder: Forwarder) -> None:
    task = asyncio.create_task(forwarder.run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        logging.getLogger("padpos.uplink").info("stopped")
