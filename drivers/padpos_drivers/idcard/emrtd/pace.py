"""PACE with generic mapping over elliptic curves, Doc 9303-11 §4.4.

A password of little strength, proven without showing it: the chip's nonce, encrypted under the
password, maps the curve's generator, and keys are agreed on the mapped one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha1
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.constant_time import bytes_eq

from padpos_drivers.idcard.emrtd.apdu import Channel, Command, PlainChannel, Transmit
from padpos_drivers.idcard.emrtd.card_access import PaceOffer
from padpos_drivers.idcard.emrtd.ciphers import (
    KEY_PASSWORD,
    SessionCipher,
    decrypt_nonce,
    derive,
    session_cipher,
)
from padpos_drivers.idcard.emrtd.curves import Curve, add, affine, encoded, multiply
from padpos_drivers.idcard.emrtd.errors import AccessWrong
from padpos_drivers.idcard.emrtd.messaging import SecureChannel
from padpos_drivers.idcard.emrtd.tlv import by_tag, encode, only
from padpos_drivers.idcard.errors import CardUnreadable

_DYNAMIC, _PUBLIC_KEY = 0x7C, 0x7F49
_OID, _POINT = 0x06, 0x86
_NONCE_LENGTH: Final = 16
_REFUSED: Final = frozenset({0x6300, 0x6982, *range(0x63C0, 0x63D0)})

Draw = Callable[[Curve], ec.EllipticCurvePrivateKey]


class Kind(IntEnum):
    """What the password is: its reference in MSE:Set AT."""

    MRZ = 1
    CAN = 2


@dataclass(frozen=True, slots=True, repr=False)
class Password:
    """What opens the chip: the MRZ information, or the card access number."""

    kind: Kind
    text: bytes

    @property
    def secret(self) -> bytes:
        """What the key is derived from (§9.7.3)."""
        return sha1(self.text).digest() if self.kind is Kind.MRZ else self.text  # noqa: S324


def open_channel(
    transmit: Transmit,
    offer: PaceOffer,
    password: Password,
    *,
    name_parameters: bool = False,
    draw: Draw = Curve.draw,
) -> Channel:
    """Agree on session keys and return the protected channel.

    ``name_parameters`` tells the chip which curve is meant, where it offers several. Raises
    :class:`AccessWrong` when the chip's password is another.
    """
    plain = PlainChannel(transmit)
    _choose(plain, offer, password.kind, name_parameters)
    nonce = _nonce(plain, offer, password)
    generator = _mapped(plain, offer.curve, nonce, draw)
    cipher = _agreed(plain, offer, generator, draw)
    return SecureChannel(transmit, cipher, bytes(cipher.block))


def _choose(plain: Channel, offer: PaceOffer, kind: Kind, name_parameters: bool) -> None:
    data = encode(0x80, offer.oid) + encode(0x83, bytes((kind,)))
    if name_parameters:
        data += encode(0x84, bytes((offer.parameter_id,)))
    plain.send(Command(0x00, 0x22, 0xC1, 0xA4, data)).expect("PACE choice", *_REFUSED)


def _nonce(plain: Channel, offer: PaceOffer, password: Password) -> int:
    data = _step(plain, b"", 0x80)
    if len(data) != _NONCE_LENGTH:
        raise CardUnreadable("length of the PACE nonce")
    key = derive(offer.suite, password.secret, KEY_PASSWORD)
    nonce = int.from_bytes(decrypt_nonce(offer.suite, key, data), "big")
    if nonce == 0:
        raise CardUnreadable("PACE nonce")
    return nonce


def _mapped(plain: Channel, curve: Curve, nonce: int, draw: Draw) -> tuple[int, int]:
    """Return the mapped generator: nonce · G + H, H being what a first agreement gives."""
    ours = draw(curve)
    theirs = _exchange(plain, curve, 0x81, _point(ours.public_key()))
    shared = multiply(curve, ours.private_numbers().private_value, theirs)
    return add(curve, affine(ec.derive_private_key(nonce, curve.value).public_key()), shared)


def _agreed(
    plain: Channel, offer: PaceOffer, generator: tuple[int, int], draw: Draw
) -> SessionCipher:
    """Agree on the mapped generator, exchange tokens, and return the session's cipher."""
    curve, ours = offer.curve, draw(offer.curve)
    base = curve.point(encoded(curve, generator), "mapping")
    scalar = ours.private_numbers().private_value
    own_point = encoded(curve, multiply(curve, scalar, base))
    theirs = _exchange(plain, curve, 0x83, own_point)
    cipher = session_cipher(offer.suite, ours.exchange(ec.ECDH(), theirs))
    token = _token(cipher, offer, _point(theirs))
    answer = _step(plain, encode(0x85, token), 0x86, last=True)
    if not bytes_eq(answer, _token(cipher, offer, own_point)):
        raise AccessWrong("PACE token")
    return cipher


def _exchange(
    plain: Channel, curve: Curve, tag: int, own_point: bytes
) -> ec.EllipticCurvePublicKey:
    """Send a point of ours and return the chip's, which must not be the same."""
    theirs = _step(plain, encode(tag, own_point), tag + 1)
    if theirs == own_point:
        raise CardUnreadable("point of PACE sent back")
    return curve.point(theirs, "PACE")


def _step(plain: Channel, data: bytes, wanted: int, *, last: bool = False) -> bytes:
    """Send one GENERAL AUTHENTICATE and return the object asked for."""
    cla = 0x00 if last else 0x10
    response = plain.send(Command(cla, 0x86, 0, 0, encode(_DYNAMIC, data), le=256))
    if response.status in _REFUSED:
        raise AccessWrong("PACE")
    found = by_tag(only(response.expect("PACE"), _DYNAMIC, "PACE"), "PACE")
    if wanted not in found:
        raise CardUnreadable("answer of PACE")
    return found[wanted]


def _token(cipher: SessionCipher, offer: PaceOffer, point: bytes) -> bytes:
    return cipher.token(encode(_PUBLIC_KEY, encode(_OID, offer.oid) + encode(_POINT, point)))


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    numbers = key.public_numbers()
    width = (key.curve.key_size + 7) // 8
    return b"\x04" + numbers.x.to_bytes(width, "big") + numbers.y.to_bytes(width, "big")
