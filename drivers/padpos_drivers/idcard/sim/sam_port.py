"""The security module at the other end of a pseudo-terminal, for whoever opens it as a port.

It can be told to fail: silent, slow, a wrong checksum, a lying length, noise, an answer cut off.
"""

import os
import select
import termios
import threading
import time
import tty
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import click

from padpos_drivers.idcard.sim.control import ControlServer, Json
from padpos_drivers.idcard.sim.sam import Module, SamTraits, card_of_image, split_requests

_SPEEDS: Final = {
    115200: termios.B115200,
    57600: termios.B57600,
    38400: termios.B38400,
    19200: termios.B19200,
    9600: termios.B9600,
}


@dataclass(frozen=True, slots=True)
class LineFaults:
    """How the line fails, until told otherwise."""

    silent: bool = False
    delay_ms: int = 0
    wrong_checksum: bool = False
    length_delta: int = 0  # added to the length in each answer, the checksum made to fit
    cut_after: int | None = None  # bytes of an answer, then nothing
    noise: int = 0  # bytes before each answer
    only_reads: bool = False  # faults befall the answers to readings alone


def spoilt(answer: bytes, faults: LineFaults) -> bytes:
    """Return what comes over the line instead of an answer."""
    raw = bytearray(answer)
    if faults.length_delta:
        length = int.from_bytes(raw[5:7], "big")
        raw[5:7] = (length + faults.length_delta).to_bytes(2, "big")
        raw[-1] = 0
        for byte in raw[5:-1]:
            raw[-1] ^= byte
    if faults.wrong_checksum:
        raw[-1] ^= 0xFF
    return bytes(faults.noise) + bytes(raw)[: faults.cut_after]


class Port:
    """A pseudo-terminal with a fixed name, which can be unplugged and plugged in again."""

    def __init__(self, link: Path, module: Module, speed: int) -> None:
        self._link = link
        self._module = module
        self._speed = _SPEEDS[speed]
        self._lock = threading.Lock()
        self._plugged = threading.Event()
        self._thread: threading.Thread | None = None
        self.faults = LineFaults()

    def plug(self) -> None:
        """Make the port appear."""
        if self._thread is None:
            ends = os.openpty()
            tty.setraw(ends[1])
            self._link.unlink(missing_ok=True)
            self._link.symlink_to(os.ttyname(ends[1]))
            self._plugged.set()
            self._thread = threading.Thread(target=self._serve, args=ends, daemon=True)
            self._thread.start()

    def unplug(self) -> None:
        """Make it vanish, also for who has it open."""
        thread, self._thread = self._thread, None
        self._link.unlink(missing_ok=True)
        self._plugged.clear()
        if thread is not None:
            thread.join()

    def _serve(self, end: int, other: int) -> None:
        received = bytearray()
        try:
            while self._plugged.is_set():
                if not select.select([end], [], [], 0.05)[0]:
                    continue
                received += os.read(end, 4096)
                if termios.tcgetattr(end)[4] != self._speed:
                    received.clear()  # at another speed it hears nothing that makes sense
                for request in split_requests(received):
                    self._answer(end, request)
        finally:
            os.close(end)
            os.close(other)

    def _answer(self, end: int, request: bytes) -> None:
        with self._lock:
            answer = self._module.answer(request)
        faults = self.faults
        if faults.only_reads and request[7:8] != b"\x30":
            faults = LineFaults()
        time.sleep(faults.delay_ms / 1000)
        if answer is None or faults.silent:
            return
        out = memoryview(spoilt(answer, faults))
        while out:
            out = out[os.write(end, out) :]

    def lay(self, request: Mapping[str, object]) -> Json:
        """Lay a card, given as a storage image in hexadecimal and a count of fingerprints."""
        image = bytes.fromhex(str(request.get("image", "")))
        fingerprints = request.get("fingerprints", 0)
        if len(image) < 260 or not isinstance(fingerprints, int):
            raise ValueError("image is a storage image in hexadecimal, fingerprints a number")
        with self._lock:
            self._module.lay(card_of_image(image, fingerprints))
        return {}

    def lift(self, _request: Mapping[str, object]) -> Json:
        """Take the card away."""
        with self._lock:
            self._module.lift()
        return {}

    def fail(self, request: Mapping[str, object]) -> Json:
        """Fail in these ways from now on; in none, when none is named."""
        known = {one.name for one in fields(LineFaults)}
        named = {key: value for key, value in request.items() if key != "do"}
        if not named.keys() <= known:
            raise ValueError(f"faults are: {', '.join(sorted(known))}")
        self.faults = LineFaults(**named)  # type: ignore[arg-type]  # as told, from a test bench
        return {}

    def traits(self, request: Mapping[str, object]) -> Json:
        """Change what the module is like."""
        for key, value in request.items():
            if key != "do":
                if not hasattr(self._module.traits, key):
                    raise ValueError(f"no trait {key}")
                setattr(self._module.traits, key, value)
        return {}

    def status(self, _request: Mapping[str, object]) -> Json:
        """Return ``present``, ``plugged`` and ``requests`` (answered so far)."""
        return {
            "present": self._module.present,
            "plugged": self._plugged.is_set(),
            "requests": self._module.requests,
        }

    def plugged(self, request: Mapping[str, object]) -> Json:
        """Plug the port in (``"in": true``) or unplug it."""
        if request.get("in"):
            self.plug()
        else:
            self.unplug()
        return {}


@click.command()
@click.option("--port", type=click.Path(path_type=Path), required=True, help="Port to make.")
@click.option("--control", type=click.Path(path_type=Path), required=True, help="Control socket.")
@click.option(
    "--speed",
    type=click.Choice([str(speed) for speed in _SPEEDS]),
    default="115200",
    show_default=True,
    help="The only speed it hears.",
)
@click.option("--asleep", default=0, help="Requests for its number left without an answer.")
def main(port: Path, control: Path, speed: str, asleep: int) -> None:
    """Run a security module on a pseudo-terminal at PORT, until ended by a signal.

    \b
    Control, one JSON object a line:
      {"do": "lay", "image": HEX}       lay a card (a storage image); "fingerprints": 0, 1 or 2
      {"do": "lift"}                    take it away
      {"do": "fail", ...}               silent, delay_ms, wrong_checksum, length_delta, cut_after,
                                        noise, only_reads; none of them: work again
      {"do": "traits", ...}             offers_text_only, offers_address, lift_on_read
      {"do": "plug", "in": BOOL}        unplug the port, or plug it in again
      {"do": "status"}                  present, plugged, requests
    """
    wire = Port(port, Module(SamTraits(asleep=asleep)), int(speed))
    wire.plug()
    handlers = {
        "lay": wire.lay,
        "lift": wire.lift,
        "fail": wire.fail,
        "traits": wire.traits,
        "plug": wire.plugged,
        "status": wire.status,
    }
    with ControlServer(control, handlers) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
