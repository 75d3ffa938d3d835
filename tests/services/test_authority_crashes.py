"""Killed at any moment, ingest or broker: nothing acknowledged is lost, nothing is doubled."""

from __future__ import annotations

import queue
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

from padpos.wire.facts import ClerkFacts
from padpos.wire.messages import up_topic
from padpos_services.authority import store
from padpos_services.authority.blobs import Blobs
from padpos_services.authority.home import Home
from padpos_services.authority.receiving import Incoming, Receiver

if TYPE_CHECKING:
    from tests.services.conftest import Authority, Terminal

CLERK = ClerkFacts("c-1", True)


def count_of(authority: Authority, digest: bytes) -> int:
    return int(authority.rows("SELECT count(*) FROM entry WHERE hash = ?", digest)[0][0])


def test_killed_between_publish_and_receipt_nothing_is_lost_or_doubled(
    authority: Authority, terminal: Terminal
) -> None:
    made = [terminal.make(CLERK) for _ in range(40)]
    for round_, (message, _) in enumerate(made):
        terminal.publish("entry", message)
        if round_ in (10, 25):
            authority.stop(signal.SIGKILL)
        if round_ in (18, 39):
            authority.start()
    for _, digest in made:
        assert terminal.word_on(digest, 20)[0] in (0, 1)
        assert count_of(authority, digest) == 1
    numbers = sorted({r.number for r in terminal.receipts})
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_receipt_committed_but_never_sent_is_sent_by_the_next_process(
    authority: Authority, terminal: Terminal
) -> None:
    """The window between commit and publish: what `serve` would leave behind if killed there."""
    authority.stop()
    message, digest = terminal.make(CLERK)
    database = store.connect(authority.home / "store" / "authority.db")
    receiver = Receiver(database, Blobs(Home(authority.home)))
    receiver.take([Incoming(up_topic(terminal.name, "entry"), message)])
    database.close()
    authority.start()
    assert terminal.word_on(digest) == (0, None)
    numbers = sorted({receipt.number for receipt in terminal.receipts})
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_broker_that_dies_is_met_again(authority: Authority, terminal: Terminal) -> None:
    authority.broker.stop(signal.SIGKILL)
    authority.broker.start()
    message, digest = terminal.make(CLERK)
    for _ in range(10):
        terminal.publish("entry", message)
        with suppress(queue.Empty):
            assert terminal.word_on(digest, 2)[0] in (0, 1)
            break
    assert count_of(authority, digest) == 1


def test_serve_ends_cleanly_on_sigterm(authority: Authority) -> None:
    assert authority.stop() == 0
    authority.start()
