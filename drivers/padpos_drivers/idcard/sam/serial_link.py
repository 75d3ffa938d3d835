"""The module on a serial port (UART or USB-serial), 8N1 at 115200 or whatever slower it speaks."""

import contextlib
import time
from collections.abc import Iterator
from typing import Final

import serial

from padpos_drivers.idcard.errors import (
    IdCardError,
    ReaderBusy,
    ReaderForbidden,
    ReaderGarbled,
    ReaderLost,
    ReadTimeout,
)
from padpos_drivers.idcard.sam.frame import FrameBuffer
from padpos_drivers.idcard.sam.module import SecurityModule

SPEEDS: Final = (115200, 57600, 38400, 19200, 9600)
_BITS_PER_BYTE: Final = 10
_GREETING_SECONDS: Final = 0.2
_SLICE_SECONDS: Final = 0.02


class SerialLink:
    """One open port. Frames are whole or not at all; each exchange begins with an empty line."""

    def __init__(self, port: serial.Serial) -> None:
        self._port = port

    @property
    def speed(self) -> int:
        """Bits a second, both ways."""
        return int(self._port.baudrate)

    @speed.setter
    def speed(self, value: int) -> None:
        with _faults_named():
            self._port.baudrate = value

    def exchange(self, frame: bytes, seconds: float, length: int) -> bytearray:
        """Send a frame and return the whole answer; waits longer on a slow line."""
        wire = (len(frame) + length) * _BITS_PER_BYTE / self.speed
        until = time.monotonic() + seconds + wire
        found = FrameBuffer()
        try:
            with _faults_named():
                self._port.reset_input_buffer()
                self._port.write(frame)
                while time.monotonic() < until:
                    part = self._port.read(max(1, self._port.in_waiting))
                    if (answer := found.feed(part)) is not None:
                        return answer
        finally:
            found.wipe()
        raise ReadTimeout("no answer on the line")


class SerialPort:
    """A port by its path, opened again and again; remembers the speed that was answered at."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._speed: int = SPEEDS[0]
        self._tries = 0

    @contextlib.contextmanager
    def open(self) -> Iterator[SerialLink]:
        """Open the port for us alone, at a speed the module answers at. Raises IdCardError."""
        with _faults_named():
            port = serial.Serial(
                self._path,
                self._speed,
                timeout=_SLICE_SECONDS,
                write_timeout=1.0,
                exclusive=True,
            )
        with contextlib.closing(port):
            link = SerialLink(port)
            self._speed = self._answered(link)
            yield link

    def _answered(self, link: SerialLink) -> int:
        """Find the speed; mostly only the last one is tried, so that a module back is met soon."""
        others = [speed for speed in SPEEDS if speed != self._speed]
        self._tries += 1
        speeds: list[int] = [self._speed, *(others if self._tries % 3 == 1 else [])]
        for speed in speeds:
            link.speed = speed
            with contextlib.suppress(ReadTimeout, ReaderGarbled):
                SecurityModule(link).check(_GREETING_SECONDS)
                self._tries = 0
                return speed
        raise ReaderLost("no answer at any speed")


@contextlib.contextmanager
def _faults_named() -> Iterator[None]:
    """Turn what a port can throw into our errors."""
    try:
        yield
    except IdCardError:
        raise
    except PermissionError:
        raise ReaderForbidden("serial port") from None
    except (OSError, ValueError) as error:  # SerialException is an OSError
        raise _kind(str(error).lower())(f"serial port: {type(error).__name__}") from None


def _kind(text: str) -> type[IdCardError]:
    """Tell by the words of pyserial, which wraps the operating system's error."""
    if "permission denied" in text:
        return ReaderForbidden
    return ReaderBusy if "exclusively lock" in text else ReaderLost
