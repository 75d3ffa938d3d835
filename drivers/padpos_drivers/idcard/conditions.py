"""What a reader needs of the machine around it, looked at without reading any card."""

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from serial.tools import list_ports

from padpos_drivers.idcard import ccid, pcsc
from padpos_drivers.idcard.errors import IdCardError, ReaderForbidden, ReaderLost
from padpos_drivers.idcard.places import ESCAPE, PCSC, SERIAL, parse_place

_MODULES: Final = Path("/proc/modules")
_TAKERS: Final = frozenset({"pn533_usb", "pn533", "nfc"})


class Condition(StrEnum):
    """What stands in a reader's way."""

    SERVICE_AWAY = "service-away"  # pcscd does not answer
    SERVICE_FORBIDS = "service-forbids"  # pcscd refuses this user (polkit)
    READER_MISSING = "reader-missing"  # pcscd lists none of that name
    NAME_NOT_UNIQUE = "name-not-unique"  # it lists several
    ESCAPE_OFF = "escape-off"  # libccid lets no escape command through
    ESCAPE_UNKNOWN = "escape-unknown"  # libccid's settings are not there, or not to be read
    KERNEL_TOOK_IT = "kernel-took-it"  # the kernel's own NFC driver may hold the reader
    PORT_MISSING = "port-missing"  # no such serial port
    PORT_FORBIDDEN = "port-forbidden"  # this user may not open it


@dataclass(frozen=True, slots=True)
class Candidate:
    """A reader, or a port on which one may be: its setting, and what the system calls it."""

    setting: str
    called: str


def candidates() -> tuple[Candidate, ...]:
    """Return what is there: readers that pcscd lists, and serial ports with hardware behind."""
    try:
        with pcsc.established() as context:
            names = context.readers()
    except IdCardError:
        names = []
    ports = sorted(list_ports.comports(), key=lambda port: port.device)
    return (
        *(Candidate(f"{PCSC}:{name}", name) for name in names),
        *(Candidate(f"{SERIAL}:{port.device}", port.description) for port in ports),
    )


def conditions(setting: str, settings: Path = ccid.SETTINGS) -> tuple[Condition, ...]:
    """Return what stands in the way of the reader that a setting names; empty when nothing does.

    Raises ValueError for a setting that names no reader.
    """
    driver, place = parse_place(setting)
    if driver == SERIAL:
        return _of_port(Path(place))
    found = _of_service(place)
    if driver == ESCAPE:
        found += _of_escape(settings)
    return found


def _of_port(path: Path) -> tuple[Condition, ...]:
    if not path.exists():
        return (Condition.PORT_MISSING,)
    allowed = os.access(path, os.R_OK | os.W_OK)
    return () if allowed else (Condition.PORT_FORBIDDEN,)


def _of_service(place: str) -> tuple[Condition, ...]:
    try:
        with pcsc.established() as context:
            names = context.readers()
    except ReaderForbidden:
        return (Condition.SERVICE_FORBIDS,)
    except IdCardError:
        return (Condition.SERVICE_AWAY,)
    try:
        pcsc.choose(names, place)
    except ReaderLost:
        if any(place in name for name in names):
            return (Condition.NAME_NOT_UNIQUE,)
        taken = (Condition.KERNEL_TOOK_IT,) if _kernel_drives_readers() else ()
        return (Condition.READER_MISSING, *taken)
    return ()


def _of_escape(settings: Path) -> tuple[Condition, ...]:
    try:
        passes = ccid.escape_passes(settings.read_text(encoding="utf-8"))
    except (OSError, ccid.SettingsError):
        return (Condition.ESCAPE_UNKNOWN,)
    return () if passes else (Condition.ESCAPE_OFF,)


def _kernel_drives_readers() -> bool:
    try:
        lines = _MODULES.read_text(encoding="ascii").splitlines()
    except OSError:
        return False
    return any(line.split(" ", 1)[0] in _TAKERS for line in lines)
