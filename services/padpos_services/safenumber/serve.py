"""`serve`: the composition of the safe-number service."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from padpos_services.safenumber import keyring, store, web
from padpos_services.safenumber.couriers import Doorkeeper
from padpos_services.safenumber.feedreader import FeedReader, Source
from padpos_services.safenumber.home import Home
from padpos_services.safenumber.pool import LocalPool
from padpos_services.safenumber.resolve import Resolver

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Options:
    """What `serve` was asked to do."""

    home: Home
    feed_url: str
    feed_token: Path
    feed_keys: Path
    port: int
    per_minute: int


def run(options: Options) -> None:
    """Serve on loopback until SIGTERM or SIGINT."""
    home = options.home
    source = Source(
        options.feed_url,
        options.feed_token,
        keyring.feed_key(options.feed_keys),
        keyring.carrier_name(home),
    )
    database = store.connect(home.database)
    reader = FeedReader(source, store.connect(home.database))
    resolver = Resolver(
        database=database,
        keys=keyring.label_keys(home),
        doorkeeper=Doorkeeper(database, options.per_minute),
        provider=LocalPool(database),
    )
    reader.start()
    try:
        # No access log of uvicorn's: our own is the one that counts.
        uvicorn.run(
            web.application(resolver),
            host="127.0.0.1", port=options.port, log_level="warning", access_log=False,
        )  # fmt: skip
    finally:
        reader.stop()
        log.info("stopped")
