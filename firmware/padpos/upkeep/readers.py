"""`padpos reader`: what a technician may see of a card reader, and of no card more than a mask."""

from __future__ import annotations

import queue
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from pathlib import Path

from padpos.counter import reasons
from padpos.counter.masks import mask_name
from padpos.terminal.protocols import card_protocols
from padpos.upkeep.reader_words import CONDITIONS, EVENTS, PROVEN, both
from padpos_drivers.idcard.conditions import candidates, conditions
from padpos_drivers.idcard.emrtd.csca import CscaUnreadable
from padpos_drivers.idcard.errors import IdCardError
from padpos_drivers.idcard.interface import Access, CardReading, IdReader, ReaderEvent
from padpos_drivers.idcard.open import open_reader
from padpos_drivers.idcard.protocol import CardProtocol
from padpos_drivers.idcard.storage import StorageProtocol

READ_SECONDS = 5.0
Tell = Callable[[str], None]


class ReaderTestFailed(Exception):
    """No card came, or it could not be read; the message says which, in both languages."""


def listing() -> Iterator[str]:
    """What is there, as it is written in `reader`, and what stands in its way."""
    found = candidates()
    if not found:
        yield both(("没有找到读卡器或串口", "no reader and no serial port was found"))
    for one in found:
        yield f'reader = "{one.setting}"    # {one.called}'
        yield from obstacles(one.setting)


def obstacles(setting: str) -> Iterator[str]:
    """What stands in a reader's way, a line each. Raises ValueError for no reader's name."""
    for condition in conditions(setting):
        yield f"  ! {condition}: {both(CONDITIONS[condition])}"


def watch(settings: tuple[str, ...], tell: Tell, seconds: float | None) -> None:
    """Tell every event with its time, for so long or until interrupted."""
    with _watched(settings) as (_, events):
        started = time.monotonic()
        while seconds is None or time.monotonic() - started < seconds:
            try:
                event = events.get(timeout=0.2)
            except queue.Empty:
                continue
            tell(f"{time.monotonic() - started:9.3f} s  {event.value:13} {both(EVENTS[event])}")


def test(
    settings: tuple[str, ...],
    tell: Tell,
    wait: float,
    count: int,
    *,
    access: Access | None = None,
    csca_path: Path | None = None,
) -> None:
    """Wait for a card, read it so many times, and tell timing, proof and masks.

    ``access`` opens a travel document, whose signature is held against the certificates at
    ``csca_path``. Raises ReaderTestFailed.
    """
    with _watched(settings, _protocols(csca_path)) as (reader, events):
        tell(both(("请放置证件", "lay a card on the reader")))
        _await_card(events, tell, wait)
        readings = [_read(reader, access) for _ in range(count)]
    for line in _report(readings):
        tell(line)


def _protocols(csca_path: Path | None) -> tuple[CardProtocol, ...]:
    """All kinds of card. Raises ReaderTestFailed for certificates that cannot be used."""
    try:
        return card_protocols(csca_path)
    except CscaUnreadable as error:
        raise ReaderTestFailed(both(("CSCA 证书不可用", f"no use: {error}"))) from None


def _await_card(events: queue.Queue[ReaderEvent], tell: Tell, wait: float) -> None:
    until = time.monotonic() + wait
    while time.monotonic() < until:
        try:
            event = events.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            break
        if event is ReaderEvent.CARD_PRESENT:
            return
        tell(both(EVENTS[event]))
    raise ReaderTestFailed(both(("没有卡", "no card came")))


def _read(reader: IdReader, access: Access | None) -> CardReading:
    try:
        return reader.read(READ_SECONDS, access).result(READ_SECONDS + 1)
    except (IdCardError, CancelledError, TimeoutError) as error:
        code = error.code if isinstance(error, IdCardError) else "reader-hung"
        where = error.where if isinstance(error, IdCardError) else ""
        text = f"{code}: {both(reasons.words(code))}"
        raise ReaderTestFailed(f"{text} [{where}]" if where else text) from None


def _report(readings: list[CardReading]) -> Iterator[str]:
    last = readings[-1]
    times = sorted(reading.milliseconds for reading in readings)
    yield f"{both(('读取成功', 'read'))}: {last.document.type.value}, {last.proof}"
    yield (
        f"{both(('耗时', 'time'))}: {statistics.median(times):.1f} ms"
        f" ({times[0]:.1f} – {times[-1]:.1f}, n = {len(times)})"
    )
    for evidence in last.proven:
        yield f"  + {both(PROVEN[evidence])}"
    for evidence in last.unproven:
        yield f"  - {both(('未证明', 'not proven'))}: {both(PROVEN[evidence])}"
    yield f"{both(('姓名', 'name'))}: {mask_name(last.document.name)}"
    yield f"{both(('号码', 'number'))}: {'*' * (len(last.document.number) - 1)}{_last(last)}"


def _last(reading: CardReading) -> str:
    """The check character: enough to tell two test cards apart, and no part of a person."""
    return reading.document.number[-1]


@contextmanager
def _watched(
    settings: tuple[str, ...], protocols: tuple[CardProtocol, ...] = (StorageProtocol(),)
) -> Iterator[tuple[IdReader, queue.Queue[ReaderEvent]]]:
    events: queue.Queue[ReaderEvent] = queue.Queue()
    reader = open_reader(settings, events.put, protocols)
    reader.start()
    try:
        yield reader, events
    finally:
        reader.stop()
