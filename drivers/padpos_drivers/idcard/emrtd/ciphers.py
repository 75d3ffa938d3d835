"""Keys and the two families of ciphers of Doc 9303-11 §9.7 and §9.8: two-key 3DES, and AES."""

from enum import Enum
from typing import Final, Protocol

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, Hash

KEY_ENCRYPTION: Final = 1
KEY_MAC: Final = 2
KEY_PASSWORD: Final = 3
MAC_LENGTH: Final = 8


class Suite(Enum):
    """The ciphers a session may run on; the value is the length of a key in bytes, and a name."""

    TRIPLE_DES = (16, "3DES")
    AES_128 = (16, "AES-128")
    AES_192 = (24, "AES-192")
    AES_256 = (32, "AES-256")


class SessionCipher(Protocol):
    """What secure messaging needs of a cipher; the keys stay inside."""

    block: int

    def encrypt(self, counter: bytes, padded: bytes) -> bytes:
        """Encrypt whole blocks; the initial vector follows from the send sequence counter."""

    def decrypt(self, counter: bytes, data: bytes) -> bytes:
        """Decrypt whole blocks."""

    def mac(self, data: bytes) -> bytes:
        """Return the 8-byte MAC over data that is a whole number of blocks."""

    def token(self, data: bytes) -> bytes:
        """Return the 8-byte authentication token of PACE over data of any length."""


def derive(suite: Suite, secret: bytes, purpose: int) -> bytes:
    """Return a key by the derivation function of §9.7.1; SHA-1 up to 128 bits, else SHA-256."""
    length = suite.value[0]
    digest = Hash(SHA1() if length == 16 else SHA256())  # noqa: S303 - what the standard says
    digest.update(secret + purpose.to_bytes(4, "big"))
    key = digest.finalize()[:length]
    return _odd_parity(key) if suite is Suite.TRIPLE_DES else key


def session_cipher(suite: Suite, secret: bytes) -> SessionCipher:
    """Return the cipher whose two keys follow from a shared secret."""
    keys = derive(suite, secret, KEY_ENCRYPTION), derive(suite, secret, KEY_MAC)
    return with_keys(suite, *keys)


def with_keys(suite: Suite, encryption: bytes, mac: bytes) -> SessionCipher:
    """Return the cipher with these keys."""
    return (
        TripleDesCipher(encryption, mac)
        if suite is Suite.TRIPLE_DES
        else AesCipher(encryption, mac)
    )


def decrypt_nonce(suite: Suite, key: bytes, data: bytes) -> bytes:
    """Decrypt the nonce of PACE: CBC with a zero vector (§4.4.3.3)."""
    if suite is Suite.TRIPLE_DES:
        return TripleDesCipher(key, key).decrypt(b"", data)
    return _whole(Cipher(algorithms.AES(key), modes.CBC(bytes(16))).decryptor(), data)


def pad(data: bytes, block: int) -> bytes:
    """Append 80 and zeros up to a whole number of blocks (ISO/IEC 9797-1 method 2)."""
    return data + b"\x80" + bytes(-(len(data) + 1) % block)


def unpad(data: bytes) -> bytes | None:
    """Remove such padding; None if there is none."""
    stripped = data.rstrip(b"\0")
    return stripped[:-1] if stripped.endswith(b"\x80") else None


class TripleDesCipher:
    """3DES in CBC with a zero vector; retail MAC (ISO/IEC 9797-1 algorithm 3)."""

    block = 8

    def __init__(self, encryption: bytes, mac: bytes) -> None:
        self._key = encryption
        self._mac_first, self._mac_second = mac[:8], mac[8:]

    def encrypt(self, counter: bytes, padded: bytes) -> bytes:  # noqa: ARG002 - no vector here
        """Encrypt whole blocks."""
        return _whole(self._cbc().encryptor(), padded)

    def decrypt(self, counter: bytes, data: bytes) -> bytes:  # noqa: ARG002 - no vector here
        """Decrypt whole blocks."""
        return _whole(self._cbc().decryptor(), data)

    def mac(self, data: bytes) -> bytes:
        """Return the MAC: single DES along the data, the other key only at its end."""
        chain = Cipher(_single(self._mac_first), modes.CBC(bytes(8))).encryptor()
        last = _whole(chain, data)[-8:]
        inner = _whole(Cipher(_single(self._mac_second), modes.ECB()).decryptor(), last)  # noqa: S305
        return _whole(Cipher(_single(self._mac_first), modes.ECB()).encryptor(), inner)  # noqa: S305

    def token(self, data: bytes) -> bytes:
        """Return the token: the MAC over padded data."""
        return self.mac(pad(data, self.block))

    def _cbc(self) -> "Cipher[modes.CBC]":
        return Cipher(TripleDES(self._key + self._key[:8]), modes.CBC(bytes(8)))


class AesCipher:
    """AES in CBC, the vector being the encrypted counter; CMAC cut to 8 bytes."""

    block = 16

    def __init__(self, encryption: bytes, mac: bytes) -> None:
        self._key = encryption
        self._mac_key = mac

    def encrypt(self, counter: bytes, padded: bytes) -> bytes:
        """Encrypt whole blocks."""
        return _whole(self._cbc(counter).encryptor(), padded)

    def decrypt(self, counter: bytes, data: bytes) -> bytes:
        """Decrypt whole blocks."""
        return _whole(self._cbc(counter).decryptor(), data)

    def mac(self, data: bytes) -> bytes:
        """Return the MAC."""
        cmac = CMAC(algorithms.AES(self._mac_key))
        cmac.update(data)
        return cmac.finalize()[:MAC_LENGTH]

    def token(self, data: bytes) -> bytes:
        """Return the token: CMAC pads by itself."""
        return self.mac(data)

    def _cbc(self, counter: bytes) -> "Cipher[modes.CBC]":
        key = algorithms.AES(self._key)
        vector = _whole(Cipher(key, modes.ECB()).encryptor(), counter)  # noqa: S305
        return Cipher(key, modes.CBC(vector))


def _single(key: bytes) -> TripleDES:
    """Single DES, as three times the same key."""
    return TripleDES(key * 3)


def _whole(context: CipherContext, data: bytes) -> bytes:
    return context.update(data) + context.finalize()


def _odd_parity(key: bytes) -> bytes:
    return bytes(byte & 0xFE | (byte >> 1).bit_count() % 2 ^ 1 for byte in key)
