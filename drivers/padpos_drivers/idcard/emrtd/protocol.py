"""Reading a travel document, as one protocol on the thread that owns the reader."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from padpos_drivers.idcard.emrtd import bac, files, pace, typed
from padpos_drivers.idcard.emrtd.anchors import Anchors
from padpos_drivers.idcard.emrtd.apdu import Channel, PlainChannel
from padpos_drivers.idcard.emrtd.card_access import offers
from padpos_drivers.idcard.emrtd.ciphers import Suite
from padpos_drivers.idcard.emrtd.decode import to_document
from padpos_drivers.idcard.emrtd.errors import AccessNeeded, MrzInvalid
from padpos_drivers.idcard.emrtd.files import File
from padpos_drivers.idcard.emrtd.groups import Holder, has_dg11, read_dg1, read_dg11
from padpos_drivers.idcard.emrtd.pace import Kind, Password
from padpos_drivers.idcard.emrtd.passive import PIECES, authenticate, listed
from padpos_drivers.idcard.errors import CardUnknown, CardUnreadable
from padpos_drivers.idcard.interface import Access, Evidence
from padpos_drivers.idcard.protocol import Finding, Transmit

# A second-generation ID card on a reader without a security module: nothing can be read there.
_BARE_ID_CARD: Final = bytes.fromhex("3B888001D103860500808000")


@dataclass(frozen=True, slots=True, repr=False)
class _Keys:
    """What may open the chip: the MRZ information, the card access number, or both."""

    mrz: bytes | None
    can: bytes

    @property
    def password(self) -> Password:
        """What to give for PACE; the lines name the document, so they go first."""
        if self.mrz is not None:
            return Password(Kind.MRZ, self.mrz)
        return Password(Kind.CAN, self.can)


def _keys(access: Access | None) -> _Keys | None:
    """Return what was given, or None for nothing. Raises :class:`MrzInvalid`."""
    lines, can = (access.mrz.strip(), access.can.strip()) if access is not None else ("", "")
    if can and not re.fullmatch(r"[0-9]{6}", can):
        raise MrzInvalid("card access number")
    if not lines and not can:
        return None
    return _Keys(typed.key_of(lines) if lines else None, can.encode("ascii"))


class EmrtdProtocol:
    """Passports and permits: PACE where the chip offers it, else BAC; DG1, DG11, and the SOD.

    ``anchors`` are the operator's CSCA certificates; ``clock`` tells the time, in UTC.
    """

    def __init__(self, anchors: Anchors, clock: Callable[[], datetime]) -> None:
        self._anchors = anchors
        self._clock = clock

    def matches(self, atr: bytes) -> bool:
        """Take any card with an ATR of ISO 7816 but the ID card: chips have no ATR in common."""
        return atr[:1] in {b"\x3b", b"\x3f"} and not atr.startswith(_BARE_ID_CARD)

    def read(self, transmit: Transmit, access: Access | None) -> Finding:
        """Open the chip, read it, and say what was proven."""
        channel, how = _open(transmit, _keys(access))
        sod = files.read(channel, File.SOD)
        groups = {1: _required(channel, File.DG1)}
        if _has_dg11(channel, sod):
            groups[11] = _required(channel, File.DG11)
        return self._judge(groups, sod, how)

    def _judge(self, groups: dict[int, bytes], sod: bytes | None, how: Evidence) -> Finding:
        zone = read_dg1(groups[1])
        holder = read_dg11(groups[11]) if 11 in groups else Holder()
        now = self._clock()
        held = authenticate(sod, groups, zone.issuer, self._anchors, now)
        signed: Literal["chip", "chip-signed"]
        signed = "chip-signed" if held == set(PIECES) else "chip"
        return Finding(
            document=to_document(zone, holder, now.date()),
            proof=signed,
            proven=(how, *(piece for piece in PIECES if piece in held)),
            unproven=tuple(piece for piece in PIECES if piece not in held),
        )


def _has_dg11(channel: Channel, sod: bytes | None) -> bool:
    """Tell whether there is DG11: by the SOD, or by EF.COM where the SOD says nothing."""
    groups = listed(sod)
    if groups is not None:
        return 11 in groups
    com = files.read(channel, File.COM)
    return com is not None and has_dg11(com)


def _required(channel: Channel, file: File) -> bytes:
    content = files.read(channel, file)
    if content is None:
        raise CardUnreadable(f"no EF.{file.name}")
    return content


def _open(transmit: Transmit, keys: _Keys | None) -> tuple[Channel, Evidence]:
    """Return a protected channel with the application selected, and how it was opened."""
    plain = PlainChannel(transmit)
    card_access = files.card_access(plain)
    if card_access is None and not files.has_application(plain):
        raise CardUnknown("no travel document")
    if keys is None:
        raise AccessNeeded
    channel = _by_pace(transmit, card_access, keys)
    if channel is not None:
        files.select_application(channel)
        return channel, Evidence.PACE
    if keys.mrz is None:
        raise AccessNeeded("lines")
    if card_access is not None:
        files.select_application(plain)
    return bac.open_channel(transmit, keys.mrz), Evidence.BASIC_ACCESS


def _by_pace(transmit: Transmit, card_access: bytes | None, keys: _Keys) -> Channel | None:
    """Open by PACE; None where it is not offered, or fails while there is BAC still to try."""
    found = offers(card_access) if card_access is not None else ()
    if not found:
        return None
    best = next((offer for offer in found if offer.suite is not Suite.TRIPLE_DES), found[0])
    several = sum(offer.oid == best.oid for offer in found) > 1
    try:
        return pace.open_channel(transmit, best, keys.password, name_parameters=several)
    except CardUnreadable:
        if keys.mrz is None:
            raise
    return None
