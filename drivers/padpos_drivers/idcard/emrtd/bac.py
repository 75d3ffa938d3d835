"""Basic access control, Doc 9303-11 §4.3: the printed lines give the keys."""

import secrets
from hashlib import sha1
from typing import Final

from cryptography.hazmat.primitives.constant_time import bytes_eq

from padpos_drivers.idcard.emrtd.apdu import Channel, Command, PlainChannel, Transmit
from padpos_drivers.idcard.emrtd.ciphers import (
    MAC_LENGTH,
    SessionCipher,
    Suite,
    pad,
    session_cipher,
)
from padpos_drivers.idcard.emrtd.errors import AccessWrong
from padpos_drivers.idcard.emrtd.messaging import SecureChannel
from padpos_drivers.idcard.errors import CardUnreadable

_NONCE, _KEY = 8, 16
_NO_VECTOR: Final = bytes(8)
_ANSWER_LENGTH: Final = 40
# What chips answer to wrong keys: refused, not satisfied, counters, and security not satisfied.
_REFUSED: Final = frozenset({0x6300, 0x6982, 0x6985, 0x6988, 0x6A80, *range(0x63C0, 0x63D0)})


def open_channel(
    transmit: Transmit, mrz_key: bytes, nonce: bytes = b"", key: bytes = b""
) -> Channel:
    """Authenticate both sides and return the protected channel.

    ``mrz_key`` is the MRZ information; ``nonce`` (8 bytes) and ``key`` (16) are drawn unless
    given. Raises :class:`AccessWrong` when the chip refuses or knows other keys.
    """
    cipher = session_cipher(Suite.TRIPLE_DES, key_seed(mrz_key))
    ours, half = nonce or secrets.token_bytes(_NONCE), key or secrets.token_bytes(_KEY)
    plain = PlainChannel(transmit)
    theirs = plain.send(Command(0x00, 0x84, 0, 0, le=_NONCE)).expect("challenge")
    if len(theirs) != _NONCE:
        raise CardUnreadable("length of the challenge")
    token = _sealed(cipher, ours + theirs + half)
    response = plain.send(Command(0x00, 0x82, 0, 0, token, le=_ANSWER_LENGTH))
    if response.status in _REFUSED:
        raise AccessWrong("BAC")
    answer = _unsealed(cipher, response.expect("mutual authentication"))
    if not bytes_eq(answer[:16], theirs + ours):
        raise AccessWrong("BAC nonces")
    secret = bytes(a ^ b for a, b in zip(half, answer[16:], strict=True))
    return SecureChannel(transmit, session_cipher(Suite.TRIPLE_DES, secret), theirs[4:] + ours[4:])


def key_seed(mrz_key: bytes) -> bytes:
    """Return Kseed: the first 16 bytes of a SHA-1 (§9.7.2)."""
    return sha1(mrz_key).digest()[:16]  # noqa: S324 - what the standard says


def _sealed(cipher: SessionCipher, data: bytes) -> bytes:
    encrypted = cipher.encrypt(_NO_VECTOR, data)
    return encrypted + cipher.mac(pad(encrypted, cipher.block))


def _unsealed(cipher: SessionCipher, data: bytes) -> bytes:
    if len(data) != _ANSWER_LENGTH:
        raise CardUnreadable("length of mutual authentication")
    encrypted, mac = data[:-MAC_LENGTH], data[-MAC_LENGTH:]
    if not bytes_eq(cipher.mac(pad(encrypted, cipher.block)), mac):
        raise AccessWrong("BAC MAC")
    return cipher.decrypt(_NO_VECTOR, encrypted)
