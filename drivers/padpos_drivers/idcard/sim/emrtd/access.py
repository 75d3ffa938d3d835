"""The chip's side of BAC and PACE: what it knows, and the steps it is taken through."""

import hashlib
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from padpos_drivers.idcard.sim.emrtd import crypto
from padpos_drivers.idcard.sim.emrtd.der import oid, parse, tlv
from padpos_drivers.idcard.sim.emrtd.points import GROUPS, Point
from padpos_drivers.idcard.sim.emrtd.session import Refused, Session

_PACE_GM = "0.4.0.127.0.7.2.2.4.2."
_NUMBER_OF_CIPHER = {"3DES": "1", "AES-128": "2", "AES-192": "3", "AES-256": "4"}


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """What opens the chip: the MRZ information, and the card access number (empty: none)."""

    mrz: bytes
    can: bytes = b""


@dataclass(frozen=True, slots=True)
class PaceProfile:
    """The one variant of PACE the chip offers: cipher, and number of the curve."""

    cipher: str = "AES-128"
    curve: int = 13

    @property
    def oid(self) -> bytes:
        """The protocol's object identifier, as an object."""
        return oid(_PACE_GM + _NUMBER_OF_CIPHER[self.cipher])

    def card_access(self) -> bytes:
        """Return EF.CardAccess with this one offer."""
        return tlv(0x31, tlv(0x30, self.oid, tlv(2, b"\x02"), tlv(2, bytes([self.curve]))))


class BacChip:
    """Basic access control (Doc 9303-11 §4.3)."""

    def __init__(self, mrz: bytes, draw: Callable[[int], bytes] = os.urandom) -> None:
        seed = hashlib.sha1(mrz).digest()[:16]  # noqa: S324 - what the standard says
        self._keys = crypto.kdf("3DES", seed, 1), crypto.kdf("3DES", seed, 2)
        self._draw = draw
        self._challenge = b""

    def challenge(self) -> bytes:
        """Answer GET CHALLENGE."""
        self._challenge = self._draw(8)
        return self._challenge

    def authenticate(self, token: bytes) -> tuple[bytes, Session]:
        """Answer EXTERNAL AUTHENTICATE and begin the session."""
        ours, self._challenge = self._challenge, b""
        if not ours or len(token) != 40 or self._mac(token[:32]) != token[32:]:
            raise Refused(0x6300)
        plain = self._crypt(token[:32], encrypt=False)
        theirs, half = plain[:8], plain[16:]
        if plain[8:16] != ours:
            raise Refused(0x6300)
        own_half = self._draw(16)
        answer = self._crypt(ours + theirs + own_half, encrypt=True)
        secret = bytes(a ^ b for a, b in zip(half, own_half, strict=True))
        session = Session.of_secret("3DES", secret, ours[4:] + theirs[4:])
        return answer + self._mac(answer), session

    def _crypt(self, data: bytes, *, encrypt: bool) -> bytes:
        return crypto.cbc("3DES", self._keys[0], bytes(8), data, encrypt=encrypt)

    def _mac(self, data: bytes) -> bytes:
        return crypto.mac("3DES", self._keys[1], crypto.fill("3DES", data))


class PaceChip:
    """PACE with generic mapping (Doc 9303-11 §4.4), one run of it."""

    def __init__(
        self,
        profile: PaceProfile,
        known: Secrets,
        draw: Callable[[int], bytes] = os.urandom,
        scalar: Callable[[int], int] = secrets.randbelow,
    ) -> None:
        self._profile = profile
        self._known = known
        self._draw = draw
        self._scalar = scalar
        self._group = GROUPS[profile.curve]
        self._key = b""
        self._nonce = 0
        self._base: Point = None
        self._points = b"", b""
        self._session_keys = b"", b""

    def choose(self, data: bytes) -> None:
        """Answer MSE:Set AT."""
        asked = parse(data)
        reference = asked.get(0x83)
        if asked.get(0x80) != self._profile.oid[2:] or reference not in {b"\x01", b"\x02"}:
            raise Refused(0x6A80)
        if reference == b"\x02" and not self._known.can:
            raise Refused(0x6A88)
        hashed = hashlib.sha1(self._known.mrz).digest()  # noqa: S324 - what the standard says
        password = hashed if reference == b"\x01" else self._known.can
        self._key = crypto.kdf(self._profile.cipher, password, 3)

    def step(self, data: bytes) -> tuple[bytes, Session | None]:
        """Answer one GENERAL AUTHENTICATE; the last one begins the session."""
        asked = parse(parse(data)[0x7C])
        if not asked and self._key:
            return tlv(0x7C, tlv(0x80, self._encrypted_nonce())), None
        if 0x81 in asked and self._nonce:
            return tlv(0x7C, tlv(0x82, self._map(asked[0x81]))), None
        if 0x83 in asked and self._base:
            return tlv(0x7C, tlv(0x84, self._agree(asked[0x83]))), None
        if 0x85 in asked and self._points[0]:
            return tlv(0x7C, tlv(0x86, self._confirm(asked[0x85]))), self._session()
        raise Refused(0x6985)

    def _encrypted_nonce(self) -> bytes:
        nonce = self._draw(16)
        self._nonce = int.from_bytes(nonce, "big")
        cipher = self._profile.cipher
        vector = bytes(crypto.block_bytes(cipher))
        return crypto.cbc(cipher, self._key, vector, nonce, encrypt=True)

    def _map(self, theirs: bytes) -> bytes:
        group, own = self._group, self._own_scalar()
        shared = group.times(own, group.read(theirs))
        self._base = group.plus(group.times(self._nonce, group.g), shared)
        return group.write(group.times(own, group.g))

    def _agree(self, theirs: bytes) -> bytes:
        group, own = self._group, self._own_scalar()
        shared = group.write(group.times(own, group.read(theirs)))[1 : 1 + group.width]
        cipher = self._profile.cipher
        self._session_keys = crypto.kdf(cipher, shared, 1), crypto.kdf(cipher, shared, 2)
        self._points = group.write(group.times(own, self._base)), theirs
        return self._points[0]

    def _confirm(self, token: bytes) -> bytes:
        own, theirs = self._points
        if token != self._token(own):
            raise Refused(0x6300)
        return self._token(theirs)

    def _token(self, point: bytes) -> bytes:
        cipher = self._profile.cipher
        data = tlv(0x7F49, self._profile.oid, tlv(0x86, point))
        filled = crypto.fill(cipher, data) if cipher == "3DES" else data
        return crypto.mac(cipher, self._session_keys[1], filled)

    def _session(self) -> Session:
        cipher = self._profile.cipher
        return Session(cipher, *self._session_keys, bytes(crypto.block_bytes(cipher)))

    def _own_scalar(self) -> int:
        return 1 + self._scalar(self._group.n - 1)
