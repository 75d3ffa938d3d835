"""The setting that names a reader: ``DRIVER:PLACE``, or a PC/SC reader's bare name."""

from typing import Final

PCSC: Final = "pcsc"
ESCAPE: Final = "escape"
SERIAL: Final = "serial"
DRIVERS: Final = (PCSC, ESCAPE, SERIAL)


def parse_place(setting: str) -> tuple[str, str]:
    """Split a setting into driver and place; a name without a driver is a PC/SC reader's.

    Raises ValueError for one without a place.
    """
    driver, colon, place = setting.partition(":")
    if not colon or driver not in DRIVERS:
        driver, place = PCSC, setting
    if not place.strip():
        raise ValueError("a reader is NAME, pcsc:NAME, escape:NAME or serial:/dev/PORT")
    return driver, place
