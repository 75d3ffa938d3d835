"""Clerks sign in with a PIN; only its scrypt hash (RFC 7914) is kept."""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

_COST, _BLOCK, _LANES, _SIZE = 1 << 14, 8, 1, 32


def hash_pin(pin: str) -> str:
    """salt:digest in hex, for the configuration."""
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}:{_kdf(salt).derive(pin.encode()).hex()}"


def pin_fits(pin: str, stored: str) -> bool:
    """Whether a PIN is the one whose hash is stored."""
    salt, _, digest = stored.partition(":")
    try:
        _kdf(bytes.fromhex(salt)).verify(pin.encode(), bytes.fromhex(digest))
    except (InvalidKey, ValueError):
        return False
    return True


def _kdf(salt: bytes) -> Scrypt:
    return Scrypt(salt=salt, length=_SIZE, n=_COST, r=_BLOCK, p=_LANES)
