"""A reader behind a security module: cards are found by asking, again and again.

A card that was read is not found again until it was lifted, so that a card found is always one
newly laid; and the module itself never tells that a card went. Whether the one that was selected
still lies there is asked by a command that such a card can answer and an absent one cannot.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

from padpos_drivers.idcard.decode import decode_sam
from padpos_drivers.idcard.errors import (
    CardAbsent,
    CardLifted,
    IdCardError,
    ReaderError,
    ReaderGarbled,
    ReaderLost,
    ReadTimeout,
)
from padpos_drivers.idcard.interface import Access, Evidence
from padpos_drivers.idcard.jobs import JobQueue
from padpos_drivers.idcard.protocol import Finding
from padpos_drivers.idcard.reporter import Sight
from padpos_drivers.idcard.sam.module import Identity, Link, SecurityModule
from padpos_drivers.idcard.storage import wipe

POLL_SECONDS: Final = 0.25
_WAKING_TRIES: Final = 3  # a module just powered answers with its number only after a second
_WAKING_SECONDS: Final = 0.5
_FAULTS: Final = 3  # exchanges in a row without an answer, before the module is lost
_GONE_AFTER: Final = 2  # answers in a row, so that a card at the edge of the field is not re-laid

OpenLink = Callable[[], AbstractContextManager[Link]]


class SamBackend:
    """Opens a security module over a kind of link, and waits until it is awake.

    The module is asked for a card every ``poll_seconds``.
    """

    def __init__(self, open_link: OpenLink, poll_seconds: float = POLL_SECONDS) -> None:
        self._open_link = open_link
        self._poll_seconds = poll_seconds

    @contextmanager
    def open(self) -> "Iterator[SamSession]":
        """Open the link and greet the module. Raises IdCardError."""
        with self._open_link() as link:
            module = SecurityModule(link)
            module.check()
            wake(module)
            yield SamSession(module, self._poll_seconds)


def wake(module: SecurityModule) -> Identity:
    """Return the module's number, asked for until it is awake. Raises IdCardError."""
    for _ in range(_WAKING_TRIES - 1):
        try:
            return module.identity()
        except IdCardError:
            time.sleep(_WAKING_SECONDS)
    return module.identity()


class SamSession:
    """A module that answers, and the card it has selected."""

    def __init__(self, module: SecurityModule, poll_seconds: float) -> None:
        self._module = module
        self._poll_seconds = poll_seconds
        self._selected = False
        self._probes = True
        self._misses = 0  # answers in a row by which the selected card is gone
        self._lost_sight = False  # whether it was looked for and not found, since it was found
        self._faults = 0  # exchanges in a row that came to nothing

    def look(self, jobs: JobQueue) -> Sight:
        """Wait a little, then ask the module for a card. Raises ReaderLost, ReaderBroken."""
        jobs.sleep(self._poll_seconds)
        if self._selected and not self._misses and jobs.pressing:
            return Sight.SAME
        try:
            with self._in_step():
                return self._still_there() if self._selected and self._probes else self._search()
        except (ReaderGarbled, ReadTimeout) as error:
            if self._faults >= _FAULTS:
                raise ReaderLost(f"module: {error.where}") from None
        except ReaderError:
            raise
        except IdCardError:
            pass  # a card the module refuses: as if there were none
        return Sight.SAME

    def read(self, _access: Access | None, until: float) -> Finding:
        """Read the card that was told of. Raises IdCardError."""
        if not self._selected:
            raise CardAbsent("find")
        data = self._read(until)
        try:
            return Finding(decode_sam(data), "chip", (Evidence.SECURITY_MODULE,))
        finally:
            wipe(data)

    def _read(self, until: float) -> bytearray:
        try:
            with self._in_step():
                return self._module.read(until - time.monotonic())
        except CardLifted:
            self._misses += 1  # the next look asks, however many readings wait
            raise

    def cancel(self) -> None:
        """Nothing to end: this session only ever sleeps on its jobs."""

    @contextmanager
    def _in_step(self) -> Iterator[None]:
        """Exchanges with the module, after a fault only once it answers what it is asked.

        An answer that came too late would else be taken for that to the next question: in the
        worst case one person's card for another's.
        """
        try:
            if self._faults:
                self._module.check()
                self._module.identity()
            yield
        except (ReaderGarbled, ReadTimeout):
            self._faults += 1
            raise
        self._faults = 0

    def _still_there(self) -> Sight:
        there = self._module.probe()
        self._probes = there is not None
        self._misses = self._misses + 1 if there is False else 0
        if self._misses < _GONE_AFTER:
            return Sight.SAME
        self._misses, self._selected = 0, False
        return Sight.EMPTY

    def _search(self) -> Sight:
        """Look for a card; one that never went out of sight is no new one."""
        if not self._module.find():
            self._lost_sight = True
            return Sight.SAME
        if not self._module.select():
            return Sight.SAME
        new = self._lost_sight or not self._selected
        self._selected, self._lost_sight, self._misses = True, False, 0
        return Sight.NEW if new else Sight.SAME
