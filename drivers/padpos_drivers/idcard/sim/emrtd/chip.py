"""The chip: files behind access control, spoken to in short APDUs (ISO/IEC 7816-4)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from padpos_drivers.idcard.sim.emrtd.access import BacChip, PaceChip, PaceProfile, Secrets
from padpos_drivers.idcard.sim.emrtd.session import Refused, Session

ATR: Final = bytes.fromhex("3B8880010031C173840090009E")
_APPLICATION: Final = bytes.fromhex("A0000002471001")
_CARD_ACCESS: Final = 0x011C
_OK: Final = b"\x90\x00"
_SELECT, _READ, _CHALLENGE, _AUTHENTICATE, _MANAGE, _GENERAL = 0xA4, 0xB0, 0x84, 0x82, 0x22, 0x86


@dataclass(frozen=True, slots=True, repr=False)
class Profile:
    """What a chip holds and how it opens: files by identifier; no PACE where there is none.

    ``wrong_mac_after`` spoils the MAC of every protected answer after so many good ones.
    """

    files: Mapping[int, bytes]
    known: Secrets
    bac: bool = True
    pace: PaceProfile | None = field(default_factory=PaceProfile)
    wrong_mac_after: int | None = None


class Chip:
    """One chip, powered up."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._bac = BacChip(profile.known.mrz)
        self._pace: PaceChip | None = None
        self._session: Session | None = None
        self._in_application = False
        self._selected: bytes | None = None
        self._protected_answers = 0

    def answer(self, apdu: bytes) -> bytes:
        """Return data and status word for one command."""
        if len(apdu) > 5 and apdu[0] & 0x0C == 0x0C and self._session is not None:
            return self._protected(self._session, apdu)
        if self._session is not None:  # a plain command ends the session
            self._session, self._in_application, self._selected = None, False, None
        try:
            return self._plain(apdu) + _OK
        except Refused as refusal:
            return refusal.status.to_bytes(2, "big")
        except (ValueError, IndexError, KeyError):
            return b"\x6a\x80"

    def _protected(self, session: Session, apdu: bytes) -> bytes:
        try:
            command = session.open(apdu)
        except Refused as refusal:
            self._session = None
            return refusal.status.to_bytes(2, "big")
        try:
            data, status = self._on_files(command), _OK
        except Refused as refusal:
            data, status = b"", refusal.status.to_bytes(2, "big")
        self._protected_answers += 1
        limit = self._profile.wrong_mac_after
        spoilt = limit is not None and self._protected_answers > limit
        return session.close(data, status, wrong_mac=spoilt)

    def _plain(self, apdu: bytes) -> bytes:
        ins, data = apdu[1], apdu[5 : 5 + apdu[4]] if len(apdu) > 5 else b""
        if ins == _CHALLENGE and self._in_application:
            return self._bac.challenge()
        if ins == _AUTHENTICATE and self._in_application:
            answer, self._session = self._bac.authenticate(data)
            return answer
        if ins == _MANAGE:
            self._pace = self._new_pace(data)
            return b""
        if ins == _GENERAL and self._pace is not None:
            answer, session = self._pace.step(data)
            if session is not None:
                self._session, self._pace = session, None
            return answer
        return self._on_files(apdu)

    def _new_pace(self, data: bytes) -> PaceChip:
        if self._profile.pace is None:
            raise Refused(0x6D00)
        pace = PaceChip(self._profile.pace, self._profile.known)
        pace.choose(data)
        return pace

    def _on_files(self, apdu: bytes) -> bytes:
        """Carry out SELECT or READ BINARY."""
        if apdu[0] & 0xF3 or apdu[1] not in {_SELECT, _READ}:
            raise Refused(0x6D00)
        if apdu[1] == _READ:
            return self._read(int.from_bytes(apdu[2:4], "big"), apdu[4] or 256)
        return self._select(apdu[2], apdu[5 : 5 + apdu[4]])

    def _select(self, how: int, name: bytes) -> bytes:
        self._selected = None
        if how == 4:
            self._in_application = name == _APPLICATION and self._may_enter()
            if not self._in_application:
                raise Refused(0x6A82)
        elif how == 0 and name == b"\x3f\x00":
            self._in_application = False
        elif how == 2:
            self._selected = self._file(int.from_bytes(name, "big"))
        else:
            raise Refused(0x6A86)
        return b""

    def _may_enter(self) -> bool:
        return self._profile.bac or self._session is not None

    def _file(self, identifier: int) -> bytes:
        if not self._in_application:
            if identifier == _CARD_ACCESS and self._profile.pace is not None:
                return self._profile.pace.card_access()
            raise Refused(0x6A82)
        if self._session is None:
            raise Refused(0x6982)
        if identifier not in self._profile.files:
            raise Refused(0x6A82)
        return self._profile.files[identifier]

    def _read(self, offset: int, length: int) -> bytes:
        if self._selected is None:
            raise Refused(0x6986)
        piece = self._selected[offset : offset + length]
        if offset >= 0x8000 or not piece:
            raise Refused(0x6B00)
        return piece
