"""Several readers as one, such as a serial one for ID cards beside one for passports."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Final

from padpos_drivers.idcard.interface import Access, CardReading, IdReader, ReaderEvent

_AWAY: Final = frozenset({ReaderEvent.READER_LOST, ReaderEvent.READER_HUNG})


class JoinedReader:
    """Shows the card that was laid last, whichever reader it lies on.

    A card laid on another reader counts as the one before it removed. The whole is lost only
    when every reader is lost or hangs; it tells so by the event of the last one to go.
    """

    def __init__(
        self,
        makers: Sequence[Callable[[Callable[[ReaderEvent], None]], IdReader]],
        on_event: Callable[[ReaderEvent], None],
    ) -> None:
        self._on_event = on_event
        self._lock = threading.RLock()
        self._away: set[int] = set()
        self._lying: set[int] = set()
        self._current = 0
        self._present = False
        self._readers = [make(partial(self._said, index)) for index, make in enumerate(makers)]

    def start(self) -> None:
        """Begin to watch all readers."""
        for reader in self._readers:
            reader.start()

    def stop(self) -> None:
        """End watching all of them."""
        for reader in self._readers:
            reader.stop()

    def read(self, timeout: float, access: Access | None = None) -> Future[CardReading]:
        """Read the card that was laid last."""
        return self._readers[self._current].read(timeout, access)

    def _said(self, index: int, event: ReaderEvent) -> None:
        with self._lock:
            if event in _AWAY:
                self._gone(index, event)
            elif event is ReaderEvent.READER_BACK:
                self._back(index)
            elif event is ReaderEvent.CARD_PRESENT:
                self._laid(index)
            else:
                self._lifted(index)

    def _lifted(self, index: int) -> None:
        self._lying.discard(index)
        if index == self._current and self._present:
            self._present = False
            self._on_event(ReaderEvent.CARD_REMOVED)

    def _laid(self, index: int) -> None:
        if index in self._lying and index != self._current:
            return  # not seen to be removed, so perhaps a card that had its turn
        self._lying.add(index)
        if self._present and index != self._current:
            self._on_event(ReaderEvent.CARD_REMOVED)
        self._current, self._present = index, True
        self._on_event(ReaderEvent.CARD_PRESENT)

    def _gone(self, index: int, event: ReaderEvent) -> None:
        before = len(self._away)
        self._away.add(index)
        if before < len(self._away) == len(self._readers):
            self._on_event(event)

    def _back(self, index: int) -> None:
        whole = len(self._away) == len(self._readers)
        self._away.discard(index)
        if whole:
            self._on_event(ReaderEvent.READER_BACK)
