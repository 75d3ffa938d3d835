"""From settings to a reader."""

from collections.abc import Callable, Sequence

from padpos_drivers.idcard.engine import WatchedReader
from padpos_drivers.idcard.interface import IdReader, ReaderEvent
from padpos_drivers.idcard.joined import JoinedReader
from padpos_drivers.idcard.pcsc_reader import PcscReader
from padpos_drivers.idcard.places import ESCAPE, SERIAL, parse_place
from padpos_drivers.idcard.protocol import CardProtocol
from padpos_drivers.idcard.sam.escape_link import EscapePort
from padpos_drivers.idcard.sam.reader import SamBackend
from padpos_drivers.idcard.sam.serial_link import SerialPort
from padpos_drivers.idcard.storage import StorageProtocol

Listener = Callable[[ReaderEvent], None]


def open_reader(
    settings: Sequence[str],
    on_event: Listener,
    protocols: Sequence[CardProtocol] = (StorageProtocol(),),
) -> IdReader:
    """Return the reader, or several as one, that the settings name; not started yet.

    ``protocols`` are the kinds of card that a PC/SC reader is asked for. Raises ValueError for a
    setting that names no reader.
    """
    places = [parse_place(setting) for setting in settings]
    if not places:
        raise ValueError("no reader is named")
    if len(places) == 1:
        return _one(*places[0], on_event, protocols)
    return JoinedReader(
        [_maker(driver, place, protocols) for driver, place in places],
        on_event,
    )


def _maker(
    driver: str, place: str, protocols: Sequence[CardProtocol]
) -> Callable[[Listener], IdReader]:
    return lambda on_event: _one(driver, place, on_event, protocols)


def _one(
    driver: str, place: str, on_event: Listener, protocols: Sequence[CardProtocol]
) -> IdReader:
    if driver == SERIAL:
        return WatchedReader(SamBackend(SerialPort(place).open), on_event)
    if driver == ESCAPE:
        return WatchedReader(SamBackend(EscapePort(place).open), on_event)
    return PcscReader(place, on_event, protocols)
