"""Keys and their ids (formats §2): P-256, Ed25519, X25519, and the hybrid X-Wing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Protocol, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mlkem, utils, x25519
from cryptography.hazmat.primitives.hpke import (
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from padpos.wire import cbor
from padpos.wire.errors import BadSignature, Malformed, WrongKey

KEY_ID_SIZE = 8
_MLKEM_PUBLIC_SIZE = 1184
_XWING_PUBLIC_SIZE = 1216
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class Alg(IntEnum):
    """COSE algorithm numbers in use (formats §§3, 4)."""

    ESP256 = -9
    ED25519 = -19
    XWING = -65701
    X25519 = -65702
    LABEL = -65703


PUBLIC_SIZES = {
    Alg.ESP256: 65,  # the uncompressed point
    Alg.ED25519: 32,
    Alg.XWING: _XWING_PUBLIC_SIZE,
    Alg.X25519: 32,
    Alg.LABEL: 32,
}

SealingPublicKey: TypeAlias = "x25519.X25519PublicKey | MLKEM768X25519PublicKey"
SealingPrivateKey: TypeAlias = "x25519.X25519PrivateKey | MLKEM768X25519PrivateKey"
SigningPrivateKey: TypeAlias = "ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey"


@lru_cache(maxsize=256)
def key_id(alg: Alg, public: bytes) -> bytes:
    """First 8 bytes of SHA-256(CBOR [alg, public key bytes])."""
    return hashlib.sha256(cbor.dumps([int(alg), public])).digest()[:KEY_ID_SIZE]


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key as the formats carry it."""

    alg: Alg
    raw: bytes

    @property
    def id(self) -> bytes:
        """The 8-byte key id: a hint, never a proof."""
        return key_id(self.alg, self.raw)

    def sealing(self) -> SealingPublicKey:
        """The key as `cryptography` takes it for HPKE. Raises Malformed or WrongKey."""
        return _sealing(self.alg, self.raw)

    def verify(self, signature: bytes, message: bytes) -> None:
        """Check a raw 64-byte signature. Raises BadSignature, Malformed or WrongKey."""
        try:
            if self.alg is Alg.ESP256 and len(self.raw) == PUBLIC_SIZES[Alg.ESP256]:
                _point(self.raw).verify(_der_of(signature), message, ec.ECDSA(hashes.SHA256()))
                return
            if self.alg is Alg.ED25519:
                ed25519.Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
                return
        except InvalidSignature as error:
            raise BadSignature("the signature does not verify") from error
        except BadSignature:  # a ValueError too
            raise
        except ValueError as error:
            raise Malformed("a public key that is no key of its algorithm") from error
        if self.alg is Alg.ESP256:
            raise Malformed("a public key that is not an uncompressed point")
        raise WrongKey("this key does not sign")


class CannotSign(Exception):
    """The signing key can't be used now; `code` is stable, `what` says what to do about it."""

    def __init__(self, code: str, what: str) -> None:
        super().__init__(what)
        self.code = code
        self.what = what


@lru_cache(maxsize=256)  # a key is read once, not for each of the thousands of objects it signs
def _point(raw: bytes) -> ec.EllipticCurvePublicKey:
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)


@lru_cache(maxsize=16)
def _sealing(alg: Alg, raw: bytes) -> SealingPublicKey:
    try:
        if alg is Alg.XWING and len(raw) == _XWING_PUBLIC_SIZE:
            head, tail = raw[:_MLKEM_PUBLIC_SIZE], raw[_MLKEM_PUBLIC_SIZE:]
            return MLKEM768X25519PublicKey(
                mlkem.MLKEM768PublicKey.from_public_bytes(head),
                x25519.X25519PublicKey.from_public_bytes(tail),
            )
        if alg in (Alg.X25519, Alg.LABEL):
            return x25519.X25519PublicKey.from_public_bytes(raw)
    except ValueError as error:
        raise Malformed("a public key that is no key of its algorithm") from error
    raise WrongKey("this key does not seal")


class Signer(Protocol):
    """Whatever holds a signing key: memory, a TPM, or later a PKCS#11 token or secure element.

    The key need not be readable, nor its holder be there all the time: `public` is known without
    asking it. Where the algorithm hashes first, the holder may be given the hash. One thread at a
    time calls it, not always the same.
    """

    @property
    def public(self) -> PublicKey:
        """The public half."""

    def sign(self, message: bytes) -> bytes:
        """Sign `message`: 64 bytes, r ‖ s with s ≤ n/2 for P-256. Raises CannotSign.

        After CannotSign nothing was signed, and the same call may be made again.
        """


@dataclass(frozen=True, slots=True, repr=False)
class SoftwareSigner:
    """A signing key in memory."""

    private: SigningPrivateKey

    @property
    def public(self) -> PublicKey:
        """The public half."""
        return signing_public(self.private.public_key())

    def sign(self, message: bytes) -> bytes:
        """Sign `message`: 64 bytes, r ‖ s with s ≤ n/2 for P-256."""
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            return self.private.sign(message)
        der = self.private.sign(message, ec.ECDSA(hashes.SHA256()))
        return raw_of_der(der)


def raw_of_der(der: bytes) -> bytes:
    """An ECDSA signature in DER as r ‖ s with the lower of the two possible s (RFC 9864)."""
    r, s = utils.decode_dss_signature(der)
    return r.to_bytes(32) + min(s, _P256_ORDER - s).to_bytes(32)


def signing_public(key: object) -> PublicKey:
    """The formats' form of a P-256 or Ed25519 public key. Raises WrongKey on any other."""
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        raw = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return PublicKey(Alg.ESP256, raw)
    if isinstance(key, ed25519.Ed25519PublicKey):
        return PublicKey(Alg.ED25519, key.public_bytes_raw())
    raise WrongKey("neither a P-256 nor an Ed25519 key")


def sealing_private(alg: Alg, secret: bytes) -> SealingPrivateKey:
    """A private key from its 32 bytes: for X-Wing the seed, else the X25519 scalar."""
    if len(secret) != 32:
        raise Malformed("a private key that is not 32 bytes")
    if alg is Alg.XWING:
        expanded = hashlib.shake_256(secret).digest(96)  # draft-connolly-cfrg-xwing-kem §5.2
        return MLKEM768X25519PrivateKey(
            mlkem.MLKEM768PrivateKey.from_seed_bytes(expanded[:64]),
            x25519.X25519PrivateKey.from_private_bytes(expanded[64:]),
        )
    if alg in (Alg.X25519, Alg.LABEL):
        return x25519.X25519PrivateKey.from_private_bytes(secret)
    raise WrongKey("this algorithm does not seal")


def sealing_public(alg: Alg, secret: bytes) -> PublicKey:
    """The public half of the sealing key whose 32 secret bytes are given."""
    if alg is Alg.XWING:
        expanded = hashlib.shake_256(secret).digest(96)
        kem = mlkem.MLKEM768PrivateKey.from_seed_bytes(expanded[:64]).public_key()
        curve = x25519.X25519PrivateKey.from_private_bytes(expanded[64:]).public_key()
        return PublicKey(alg, kem.public_bytes_raw() + curve.public_bytes_raw())
    curve = x25519.X25519PrivateKey.from_private_bytes(secret).public_key()
    return PublicKey(alg, curve.public_bytes_raw())


def _der_of(signature: bytes) -> bytes:
    if len(signature) != 64:
        raise BadSignature("a signature that is not 64 bytes")
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    if s > _P256_ORDER // 2:
        raise BadSignature("a signature with the higher of the two possible s")
    return utils.encode_dss_signature(r, s)
