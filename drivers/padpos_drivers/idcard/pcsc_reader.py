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
    CardUnreadable,
    ReaderBusy,
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
            with contextlib.closing(PcscSession(context, name, self._protocols)) as session:
                yield session


class PcscSession:
    """One context and one reader in it.

    A card is connected to when it comes, and read over that connection: PC/SC ends it with the
    card's laying, so that what is read is the card that was told of.
    """

    def __init__(
        self, context: pcsc.Context, name: str, protocols: tuple[CardProtocol, ...]
    ) -> None:
        self._context = context
        self._name = name
        self._protocols = protocols
        self._status = pcsc.Status(pcsc.UNAWARE, b"")
        self._held: pcsc.Card | None = None
        self._near_until = 0.0
        self._doubt = False  # whether a reading failed, so that the next look must not be skipped

    def look(self, jobs: JobQueue) -> Sight:
        """Wait for the reader's state to change; it is re-listed when it says nothing.

        A waiting job may pass unlooked while a card lies there: each reading looks by itself.
        """
        if self._status.word == pcsc.UNAWARE:
            return self._seen(self._context.glance(self._name))
        if time.monotonic() >= self._near_until:
            status = self._doze(jobs)
            return Sight.SAME if status is None else self._seen(status)
        jobs.sleep(_GLANCE_SECONDS)
        if jobs.pressing and self._status.present and not self._doubt:
            return Sight.SAME
        self._doubt = False
        return self._seen(self._context.glance(self._name))

    def read(self, access: Access | None, until: float) -> Finding:
        """Read and decode the whole card that was told of in one transaction, or raise."""
        protocol = self._protocol()
        self._doubt = True
        found = self._read_held(protocol, access, until) or self._read_anew(protocol, access, until)
        self._doubt = False
        self._near_until = time.monotonic() + _NEAR_SECONDS
        return found

    def close(self) -> None:
        """Let go of the card."""
        held, self._held = self._held, None
        if held is not None:
            held.let_go()

    def _read_held(
        self, protocol: CardProtocol, access: Access | None, until: float
    ) -> Finding | None:
        """Read over the connection there is; None when there is none, or it ended meanwhile."""
        held = self._held
        if held is None:
            return None
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(held.transaction())
            except CardLifted:
                self.close()
                return None
            return protocol.read(_in_time(held, until), access)

    def _read_anew(self, protocol: CardProtocol, access: Access | None, until: float) -> Finding:
        """Read over a new connection, as when another program reset the card."""
        card = self._context.connect(self._name)
        try:
            with card.transaction():
                found = protocol.read(_in_time(card, until), access)
        finally:
            card.let_go()
        now = self._context.glance(self._name)
        if not now.present or now.count != self._status.count:
            raise CardLifted("reader state")
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
            self.close()
            self._near_until = 0.0
            return Sight.EMPTY
        if before.present and before.count == status.count:
            return Sight.SAME
        self._hold()
        self._near_until = time.monotonic() + _NEAR_SECONDS
        return Sight.NEW

    def _hold(self) -> None:
        """Connect to the card just come, if it is of a kind to be read."""
        self.close()
        with contextlib.suppress(CardLifted, CardUnknown, CardUnreadable, ReaderBusy):
            self._protocol()
            self._held = self._context.connect(self._name)

    def _protocol(self) -> CardProtocol:
        if not self._status.present:
            raise CardAbsent("reader state")
        for protocol in self._protocols:
            if protocol.matches(self._status.atr):
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
