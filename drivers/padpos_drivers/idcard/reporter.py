"""From what was seen on a reader to the events that are told of it."""

import logging
import threading
import time
from collections.abc import Callable
from enum import Enum
from typing import Final

from padpos_drivers.idcard.errors import IdCardError
from padpos_drivers.idcard.interface import ReaderEvent

_log = logging.getLogger(__name__)

_SETTLE_SECONDS: Final = 2.0  # so long a reader that is back may not have found its card yet


class Sight(Enum):
    """What a look at the reader shows, beside the look before it."""

    SAME = "same"
    EMPTY = "empty"
    NEW = "new"  # a card that was not there at the last look, whether or not one was


class Reporter:
    """Tells only changes, in an order a listener can rely on. Used from two threads.

    A card that lay there when the reader was lost is not told as removed until it is seen to be:
    else a card already used could serve again just because pcscd was started anew.
    """

    def __init__(self, on_event: Callable[[ReaderEvent], None], silent: Callable[[], bool]) -> None:
        self._on_event = on_event
        self._silent = silent
        self._lock = threading.RLock()
        self._trouble: ReaderEvent | None = None
        self._present = False  # as far as a listener knows
        self._doubtful = False  # whether that is from before the reader was lost
        self._settled = 0.0
        self._again = False  # whether a card still there has to be told anew

    @property
    def hangs(self) -> bool:
        """Whether a call into the reader is overdue."""
        return self._trouble is ReaderEvent.READER_HUNG

    def found(self) -> None:
        """The reader was opened: the next sight of a card may be of the one from before."""
        self._doubtful = self._present
        self._settled = time.monotonic() + _SETTLE_SECONDS
        self._back("is there")

    def returned(self) -> None:
        """A call has returned."""
        if self.hangs:
            self._again = self._present
            self._back("answers again")

    def lost(self, error: IdCardError) -> None:
        """The reader is gone, or cannot be opened."""
        with self._lock:
            if self._trouble is ReaderEvent.READER_LOST:
                return
            self._trouble = ReaderEvent.READER_LOST
            _log.warning("ID-card reader lost: %s: %s", error.code, error.where)
            self._emit(ReaderEvent.READER_LOST)

    def hung(self) -> None:
        """A call into the reader is overdue."""
        with self._lock:
            if self._trouble is None:
                self._trouble = ReaderEvent.READER_HUNG
                _log.error("ID-card reader hangs: a call into it does not return")
                self._emit(ReaderEvent.READER_HUNG)

    def card(self, sight: Sight) -> None:
        """Tell what a look has shown."""
        with self._lock:
            if self._doubtful:
                sight = self._dispel(sight)
            again, self._again = self._again, False
            if sight is Sight.SAME:
                if again:
                    self._emit(ReaderEvent.CARD_PRESENT)
                return
            if self._present:
                self._emit(ReaderEvent.CARD_REMOVED)
            self._present = sight is Sight.NEW
            if self._present:
                self._emit(ReaderEvent.CARD_PRESENT)

    def _dispel(self, sight: Sight) -> Sight:
        """Wait for what a reader that is back shows at last; a card may be the one from before."""
        if sight is Sight.NEW:
            self._doubtful = self._present = False
            return sight
        if time.monotonic() < self._settled:
            return Sight.SAME
        self._doubtful = False
        return Sight.EMPTY

    def _back(self, how: str) -> None:
        with self._lock:
            if self._trouble is not None:
                self._trouble = None
                _log.info("ID-card reader %s", how)
                self._emit(ReaderEvent.READER_BACK)

    def _emit(self, event: ReaderEvent) -> None:
        if self._silent():
            return
        try:
            self._on_event(event)
        except Exception as error:  # noqa: BLE001 - a listener's fault must not end the watch
            _log.error("listener failed on %s: %s", event.value, type(error).__name__)
