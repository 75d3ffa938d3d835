"""`serve`: the ingest, the composition of everything that runs while terminals send."""

from __future__ import annotations

import logging
import os
import random
import signal
import sqlite3
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import uvicorn

from padpos_services.authority import feed, keyfiles, store
from padpos_services.authority.blobs import Blobs
from padpos_services.authority.errors import LinkDown
from padpos_services.authority.founding import IDENTITY
from padpos_services.authority.home import Home
from padpos_services.authority.link import Broker, Link
from padpos_services.authority.outgoing import Outgoing
from padpos_services.authority.receiving import Receiver
from padpos_services.authority.recorder import Recorder
from padpos_services.authority.wanting import Wants

log = logging.getLogger(__name__)

# A shared subscription lets further workers join; retained statuses come only to a plain one.
FILTERS = (
    "$share/ingest/padpos/1/up/+/entry",
    "$share/ingest/padpos/1/up/+/part",
    "$share/ingest/padpos/1/up/+/proof",
    "padpos/1/up/+/status",
)
BATCH = 100
GATHER_SECONDS = 0.02
QUIET_SECONDS = 0.002  # nothing more within this: the batch is what there is
TICK_SECONDS = 0.25
ASK_SECONDS = 1.0
EXPIRE_SECONDS = 600.0
HUNG_SECONDS = 60.0
LONGEST_WAIT = 10.0


@dataclass(frozen=True, slots=True)
class Options:
    """What `serve` was asked to do; `ask_after` in seconds."""

    home: Home
    broker: Broker
    keep_messages: Path | None
    feed_port: int | None
    ask_after: float = 5.0


def broker_at(home: Home, host: str, port: int) -> Broker:
    """The broker as the identity `authority` meets it."""
    tls = home.ingest
    return Broker(host, port, IDENTITY, home.ca, tls / "tls.pem", tls / "tls-key.pem")


class Service:
    """One ingest worker. It holds the receipt key, and none that opens an Envelope."""

    def __init__(self, options: Options) -> None:
        home = options.home
        self._options = options
        self._signer = keyfiles.load_private(home.ingest / "private.json", "receipt").signer
        self._database = store.connect(home.database)
        public = keyfiles.load_public(home.public / "keys.json")
        receipt_keys = tuple(key for use, key in public if use == "receipt")
        self._receiver = Receiver(self._database, Blobs(home), receipt_keys)
        self._wants = Wants(self._database, self._signer, options.ask_after)
        self._recorder = Recorder(options.keep_messages) if options.keep_messages else None
        self._online: dict[str, bool] = {}
        self._stopping = False
        self._beat = time.monotonic()

    def run(self) -> None:
        """Work until SIGTERM or SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        threading.Thread(target=self._watch, daemon=True).start()
        server = self._start_feed()
        wait = 0.2
        while not self._stopping:
            started = time.monotonic()
            try:
                self._work()
            except (LinkDown, OSError, sqlite3.Error) as error:
                log.warning("%s: %s", type(error).__name__, error)
                if time.monotonic() - started > LONGEST_WAIT:
                    wait = 0.2
                self._pause(wait * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, no secret
                wait = min(wait * 2, LONGEST_WAIT)
        if server is not None:
            server.should_exit = True
        self._database.close()
        log.info("stopped")

    def _work(self) -> None:
        link = Link(self._options.broker)
        try:
            outgoing = Outgoing(self._database, self._signer, link)
            link.subscribe(FILTERS)
            log.info("connected to the broker")
            self._tick(outgoing)
            ticked = expired = asked = time.monotonic()
            while not self._stopping:
                self._beat = now = time.monotonic()
                self._gather(link)
                if link.received:
                    self._take(link, outgoing)
                if now - ticked > TICK_SECONDS:
                    self._tick(outgoing)
                    ticked = now
                if now - asked > min(ASK_SECONDS, self._options.ask_after):
                    online = {terminal for terminal, is_on in self._online.items() if is_on}
                    outgoing.wants(self._wants.due(online))
                    asked = now
                if now - expired > EXPIRE_SECONDS:
                    self._receiver.expire()
                    expired = now
            link.step(0.1)
            outgoing.note_confirmed()
        finally:
            link.close()

    def _gather(self, link: Link) -> None:
        link.step(0 if link.received else 0.1)
        deadline = time.monotonic() + GATHER_SECONDS
        while 0 < len(link.received) < BATCH and time.monotonic() < deadline:
            known = len(link.received)
            link.step(QUIET_SECONDS)
            if len(link.received) == known:
                return

    def _take(self, link: Link, outgoing: Outgoing) -> None:
        batch, link.received = link.received[:BATCH], link.received[BATCH:]
        if self._recorder is not None:
            for message in batch:
                self._recorder.keep(message)
        said = self._receiver.take(batch)
        outgoing.receipts()
        for message in batch:
            link.acknowledge(message)
        self._wants.heard(said.heard)
        for terminal, is_online in said.online.items():
            if is_online and not self._online.get(terminal):
                self._wants.heard([terminal])  # what waits there comes by itself now
                outgoing.repeat_draw(terminal)
            self._online[terminal] = is_online

    def _tick(self, outgoing: Outgoing) -> None:
        outgoing.note_confirmed()
        outgoing.receipts()
        outgoing.documents()
        outgoing.release_draws()

    def _start_feed(self) -> uvicorn.Server | None:
        if self._options.feed_port is None:
            return None
        application = feed.application(self._options.home, self._signer)
        settings = uvicorn.Config(
            application, host="127.0.0.1", port=self._options.feed_port,
            log_level="warning", access_log=False,
        )  # fmt: skip
        server = uvicorn.Server(settings)
        threading.Thread(target=server.run, daemon=True).start()
        return server

    def _watch(self) -> None:
        while True:
            time.sleep(5)
            if time.monotonic() - self._beat > HUNG_SECONDS:
                log.critical("no progress for a minute: ending, so that a fresh process can begin")
                os._exit(70)

    def _pause(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not self._stopping and time.monotonic() < deadline:
            self._beat = time.monotonic()
            time.sleep(0.05)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True
