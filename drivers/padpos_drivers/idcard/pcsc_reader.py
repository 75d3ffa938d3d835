"""A PC/SC reader that shows the card itself, for every kind of card that answers to APDUs."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from padpos_drivers.idcard import pcsc
from padpos_drivers.idcard.engine import WatchedReader
from padpos_drivers.idcard.errors import (
    CardAbsent,
    CardLifted,
    CardUnknown,
    ReaderLost,
    ReadTimeout,
)
from padpos_drivers.idcard.interface import Access, ReaderEvent
from padpos_drivers.idcard.jobs import JobQueue
from padpos_drivers.idcard.protocol import CardProtocol, Finding
from padpos_drivers.idcard.reporter import Sight
from padpos_drivers.idcard.storage import StorageProtocol

_WATCH_MS: Final = 2000  # some services never tell of a reader unplugged: ask again that often
_NEAR_SECONDS: Final = 10.0  # so long after a card came, or was read, a reading is likely ...
_GLANCE_SECONDS: Final = 0.05  # ... and so the owner waits for jobs, with glances at the card


class PcscReader(WatchedReader):
    """Watches one PC/SC reader, chosen by name, and reads cards on it.

    ``reader_name`` is the whole name or a part of it that only one reader has: the order of
    readers changes from start to start. ``protocols`` are asked in their order.
    """

    def __init__(
        self,
        reader_name: str,
        on_event: Callable[[ReaderEvent], None],
        protocols: Sequence[CardProtocol] = (StorageProtocol(),),
    ) -> None:
        super().__init__(PcscBackend(reader_name, protocols), on_event)


class PcscBackend:
    """Opens a PC/SC reader: a context of its own each time."""

    def __init__(self, reader_name: str, protocols: Sequence[CardProtocol]) -> None:
        self._reader_name = reader_name
        self._protocols = tuple(protocols)

    @contextlib.contextmanager
    def open(self) -> "Iterator[PcscSession]":
        """Establish a context in which the reader is there. Raises ReaderLost."""
        with pcsc.established() as context:
            name = pcsc.choose(context.readers(), self._reader_name)
            yield PcscSession(context, name, self._protocols)


class PcscSession:
    """One context and one reader in it."""

    def __init__(
        self, context: pcsc.Context, name: str, protocols: tuple[CardProtocol, ...]
    ) -> None:
        self._context = context
        self._name = name
        self._protocols = protocols
        self._status = pcsc.Status(pcsc.UNAWARE, b"")
        self._near_until = 0.0

    def look(self, jobs: JobQueue) -> Sight:
        """Wait for the reader's state to change; it is re-listed when it says nothing."""
        if time.monotonic() < self._near_until:
            jobs.sleep(_GLANCE_SECONDS)
            return self._seen(self._context.glance(self._name))
        status = self._doze(jobs)
        return Sight.SAME if status is None else self._seen(status)

    def read(self, access: Access | None, until: float) -> Finding:
        """Read and decode the whole card in one transaction, or raise."""
        protocol = self._protocol()
        with self._context.transaction(self._name) as card:
            found = protocol.read(_in_time(card, until), access)
        self._near_until = time.monotonic() + _NEAR_SECONDS
        return found

    def cancel(self) -> None:
        """End the wait of :meth:`look`."""
        self._context.cancel()

    def _doze(self, jobs: JobQueue) -> pcsc.Status | None:
        with jobs.dozing():
            if jobs.pressing:
                return None
            status = self._context.wait(self._name, self._status.word, _WATCH_MS)
        if status is None and not jobs.pressing and self._name not in self._context.readers():
            raise ReaderLost("reader list")
        return status

    def _seen(self, status: pcsc.Status) -> Sight:
        before, self._status = self._status, status
        if not status.present:
            self._near_until = 0.0
            return Sight.EMPTY
        if before.present and before.count == status.count:
            return Sight.SAME
        self._near_until = time.monotonic() + _NEAR_SECONDS
        return Sight.NEW

    def _protocol(self) -> CardProtocol:
        """Choose by the ATR of the card that lies there, seen or not yet."""
        status = self._status if self._status.present else self._context.glance(self._name)
        if not status.present:
            raise CardAbsent("reader state")
        for protocol in self._protocols:
            if protocol.matches(status.atr):
                return protocol
        raise CardUnknown("ATR")


def _in_time(card: pcsc.Card, until: float) -> Callable[[bytes], bytes]:
    """The card's transmit, as a protocol may use it: never late, never empty."""

    def transmit(apdu: bytes) -> bytes:
        if time.monotonic() >= until:
            raise ReadTimeout("between two commands")
        answer = card.transmit(apdu)
        if len(answer) < 2:  # what PC/SC returns when the card goes in the middle of an exchange
            raise CardLifted("empty answer")
        return answer

    return transmit
