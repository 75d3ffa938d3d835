"""The chip's ciphers and key derivation (Doc 9303-11 §9.7, §9.8)."""

import hashlib
from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

KEY_BYTES: Final = {"3DES": 16, "AES-128": 16, "AES-192": 24, "AES-256": 32}


def kdf(cipher: str, secret: bytes, counter: int) -> bytes:
    """Return the key of a counter: 1 to encrypt, 2 to authenticate, 3 from a password."""
    message = secret + counter.to_bytes(4, "big")
    name = "sha1" if KEY_BYTES[cipher] == 16 else "sha256"
    return hashlib.new(name, message).digest()[: KEY_BYTES[cipher]]


def block_bytes(cipher: str) -> int:
    """Return the length of a block."""
    return 8 if cipher == "3DES" else 16


def fill(cipher: str, data: bytes) -> bytes:
    """Pad with 80 00 … to whole blocks."""
    data += b"\x80"
    while len(data) % block_bytes(cipher):
        data += b"\0"
    return data


def cut(data: bytes) -> bytes:
    """Take such padding away."""
    end = len(data) - 1
    while data[end] == 0:
        end -= 1
    if data[end] != 0x80:
        raise ValueError("no padding")
    return data[:end]


def cbc(cipher: str, key: bytes, vector: bytes, data: bytes, *, encrypt: bool) -> bytes:
    """Encrypt or decrypt whole blocks."""
    algorithm = TripleDES(key + key[:8]) if cipher == "3DES" else algorithms.AES(key)
    whole = Cipher(algorithm, modes.CBC(vector))
    context = whole.encryptor() if encrypt else whole.decryptor()
    return context.update(data) + context.finalize()


def vector(cipher: str, key: bytes, counter: bytes) -> bytes:
    """Return the initial vector under a send sequence counter."""
    if cipher == "3DES":
        return bytes(8)
    return cbc(cipher, key, bytes(16), counter, encrypt=True)


def mac(cipher: str, key: bytes, data: bytes) -> bytes:
    """Return the 8-byte MAC over whole blocks; for AES over anything."""
    if cipher != "3DES":
        cmac = CMAC(algorithms.AES(key))
        cmac.update(data)
        return cmac.finalize()[:8]
    state = bytes(8)
    for start in range(0, len(data), 8):
        block = data[start : start + 8]
        state = _des(key[:8], bytes(a ^ b for a, b in zip(state, block, strict=True)))
    return _des(key[:8], _des(key[8:], state, encrypt=False))


def _des(key: bytes, block: bytes, *, encrypt: bool = True) -> bytes:
    return cbc("3DES", key + key, bytes(8), block, encrypt=encrypt)
