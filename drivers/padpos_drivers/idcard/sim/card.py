"""A virtual card on the reader: an ID card as a security module shows it, or a travel document.

Laying the card dials in to vpcd, lifting it hangs up. It can be told to fail in the middle of a
reading: to be lifted, or to fall silent, after so many APDUs; or to be slow.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import click

from padpos_drivers.idcard.sim import vpcd
from padpos_drivers.idcard.sim.control import ControlServer, Json
from padpos_drivers.idcard.sim.emrtd.chip import ATR, Chip
from padpos_drivers.idcard.sim.emrtd.request import profile_of

_STORAGE_ATR: Final = "3B8F8001804F0CA00000030607FFB00000000020"
_PAGE: Final = 256


@dataclass(frozen=True, slots=True, repr=False)
class Card:
    """What is laid: what answers its APDUs from each power-up on, the ATR, and how it fails."""

    power_up: Callable[[], Callable[[bytes], bytes]]
    atr: bytes
    lift_after_apdus: int | None = None
    silent_after_apdus: int | None = None
    delay_ms: float = 0


def answer_apdu(image: bytes, apdu: bytes) -> bytes:
    """Return the answer of a storage card: data and status of ``FF B0 page 00 Le``."""
    if apdu[0] != 0xFF:
        return b"\x6e\x00"
    if apdu[1:2] != b"\xb0":
        return b"\x6d\x00"
    if len(apdu) != 5:
        return b"\x67\x00"
    page = image[apdu[2] * _PAGE : (apdu[2] + 1) * _PAGE]
    if apdu[3] != 0 or not page:
        return b"\x6a\x82"
    return page[: apdu[4] or _PAGE] + b"\x90\x00"


class Presence:
    """One card on the reader, from laying to lifting."""

    def __init__(self, card: Card, port: int) -> None:
        self._card = card
        self._port = port
        self._lifted = threading.Event()
        self._peer: socket.socket | None = None
        self._chip = card.power_up()
        self._apdus = 0
        self._thread = threading.Thread(target=self._run, name="card", daemon=True)
        self._thread.start()

    def lift(self) -> None:
        """Take the card away; returns when the connection is closed."""
        self._lifted.set()
        peer = self._peer
        if peer is not None:
            with contextlib.suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    def status(self) -> Json:
        """Return whether the card lies there, is seen by the reader, and how much it answered."""
        return {
            "present": not self._lifted.is_set(),
            "connected": self._peer is not None,
            "apdus": self._apdus,
        }

    def _run(self) -> None:
        while (peer := vpcd.dial(self._port, self._lifted.is_set)) is not None:
            with peer, contextlib.suppress(OSError):
                self._peer = peer
                self._chip = self._card.power_up()
                if not self._lifted.is_set():
                    vpcd.serve(peer, self._card.atr, self._answer)
            self._peer = None

    def _answer(self, apdu: bytes) -> bytes | None:
        if self._apdus == self._card.lift_after_apdus:
            self._lifted.set()
            return None
        if self._apdus == self._card.silent_after_apdus:
            self._lifted.wait()
            return None
        time.sleep(self._card.delay_ms / 1000)
        self._apdus += 1
        return self._chip(apdu)


class CardHand:
    """The hand that lays and lifts cards, as told over the control socket."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._lock = threading.Lock()
        self._presence: Presence | None = None

    def lay(self, request: Mapping[str, object]) -> Json:
        """Lay a card; one that lies there is lifted first."""
        card = _card_of(request)
        with self._lock:
            self._lift()
            self._presence = Presence(card, self._port)
        return {}

    def lift(self, _request: Mapping[str, object]) -> Json:
        """Lift the card, if there is one."""
        with self._lock:
            self._lift()
        return {}

    def status(self, _request: Mapping[str, object]) -> Json:
        """Return ``present``, ``connected`` and ``apdus`` (answered since it was laid)."""
        presence = self._presence
        if presence is None:
            return {"present": False, "connected": False, "apdus": 0}
        return presence.status()

    def _lift(self) -> None:
        if self._presence is not None:
            self._presence.lift()


def _card_of(request: Mapping[str, object]) -> Card:
    power_up: Callable[[], Callable[[bytes], bytes]]
    if "emrtd" in request:
        profile, default = profile_of(request["emrtd"]), ATR.hex()
        power_up = lambda: Chip(profile).answer  # noqa: E731 - one power-up, one chip
    else:
        image, default = _hex(request, "image", ""), _STORAGE_ATR
        power_up = lambda: partial(answer_apdu, image)  # noqa: E731 - keeps no state
    return Card(
        power_up=power_up,
        atr=_hex(request, "atr", default),
        lift_after_apdus=_count(request, "lift_after_apdus"),
        silent_after_apdus=_count(request, "silent_after_apdus"),
        delay_ms=_count(request, "delay_ms") or 0,
    )


def _hex(request: Mapping[str, object], key: str, default: str) -> bytes:
    value = request.get(key, default)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{key} is bytes in hexadecimal")
    try:
        return bytes.fromhex(value)
    except ValueError:
        raise ValueError(f"{key} is bytes in hexadecimal") from None


def _count(request: Mapping[str, object], key: str) -> int | None:
    value = request.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or value < 0:
        raise ValueError(f"{key} is a whole number from 0")
    return value


@click.command()
@click.option("--port", type=click.IntRange(1, 65534), required=True, help="Port vpcd listens on.")
@click.option(
    "--control",
    type=click.Path(path_type=Path),
    required=True,
    help="Unix socket to make for control.",
)
def main(port: int, control: Path) -> None:
    """Run a virtual ID card for the vpcd on 127.0.0.1:PORT, until ended by a signal.

    \b
    Control, one JSON object a line:
      {"do": "lay", "image": HEX}       lay a card with this storage image, or
      {"do": "lay", "emrtd": PROFILE}   a travel document (sim.emrtd.request); options:
          "atr": HEX                    another ATR (a card of another kind)
          "lift_after_apdus": K         lifted when APDU K+1 comes
          "silent_after_apdus": K       answers no more after K APDUs, until lifted
          "delay_ms": N                 waits so long before each answer
      {"do": "lift"}                    take it away
      {"do": "status"}                  present, connected, apdus answered
    """
    hand = CardHand(port)
    handlers = {"lay": hand.lay, "lift": hand.lift, "status": hand.status}
    with ControlServer(control, handlers) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
