"""Reads the authority's feed, believes what its receipt key signed, and remembers how far."""

from __future__ import annotations

import http.client
import logging
import sqlite3
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from padpos.wire import feed
from padpos.wire.errors import WireError
from padpos.wire.keys import PublicKey
from padpos.wire.signed import What, limit_of
from padpos_services.safenumber import labels
from padpos_services.safenumber.errors import FeedUnusable

log = logging.getLogger(__name__)

POLL_SECONDS = 0.3
LONGEST_WAIT = 5.0
TIMEOUT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Source:
    """Where the feed is, what opens its door, who must have signed it, for whom."""

    url: str
    token_file: Path
    key: PublicKey
    carrier: str


class FeedReader:
    """Polls the feed from a thread of its own, with a database connection of its own."""

    def __init__(self, source: Source, database: sqlite3.Connection) -> None:
        self._source = source
        self._database = database
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to poll."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for the page under way."""
        self._stop.set()
        self._thread.join(TIMEOUT_SECONDS + 1)

    def read_page(self) -> int:
        """Take in the next page; how many items it had. Raises FeedUnusable."""
        after = labels.position(self._database)
        try:
            page = feed.verify(self._fetch(after), self._source.key)
            # A page without items says nothing, so it needs no name.
            if page.after != after or (page.items and page.carrier != self._source.carrier):
                raise FeedUnusable("a page for another position or another carrier")
            labels.take(self._database, page)
        except WireError as error:
            raise FeedUnusable(f"a page that does not verify: {error.what}") from error
        return len(page.items)

    def _run(self) -> None:
        wait = POLL_SECONDS
        while not self._stop.is_set():
            try:
                more = self.read_page()
            except (FeedUnusable, sqlite3.Error) as error:
                log.warning("feed: %s", error)
                wait = min(wait * 2, LONGEST_WAIT)
            else:
                if more:
                    log.info("feed: %d items taken in", more)
                wait = 0.0 if more else POLL_SECONDS
            self._stop.wait(wait)

    def _fetch(self, after: int) -> bytes:
        try:
            token = self._source.token_file.read_text().strip()
            request = urllib.request.Request(  # noqa: S310 - the operator's own URL
                f"{self._source.url}?after={after}", headers={"Authorization": f"Bearer {token}"}
            )
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
                body: bytes = answer.read(limit_of(What.FEED) + 1)
        except urllib.error.HTTPError as error:
            raise FeedUnusable(f"the authority answers {error.code}") from error
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise FeedUnusable(f"no answer ({type(error).__name__})") from error
        return body
