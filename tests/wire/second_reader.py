"""A second, independent reader, written from the standards: RFC 9052, RFC 9180, the X-Wing draft.

It shares no code with padpos.wire and does not use `cryptography`'s HPKE, so that what both read is
what the formats say and not what one library happens to do.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mlkem, utils, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

X25519_KEM, XWING_KEM = 0x0020, 0x647A
AES_128, AES_256 = (1, 16), (2, 32)  # HPKE AEAD id, key size


def array(*items: Any) -> bytes:
    """A CBOR array; of items without maps, the library's default is the one encoding."""
    return cbor2.dumps(list(items))


def sig_structure(raw: bytes, what: str) -> bytes:
    """RFC 9052 §4.4 of a tagged COSE_Sign1."""
    protected, _, payload, _ = cbor2.loads(raw).value
    return array("Signature1", protected, array("padpos", 1, what), payload)


def check_signature(raw: bytes, what: str, public: bytes) -> None:
    """Raises InvalidSignature."""
    protected, _, _, signature = cbor2.loads(raw).value
    message = sig_structure(raw, what)
    if cbor2.loads(protected)[1] == -19:
        ed25519.Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        return
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
    key.verify(utils.encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))


def extract(salt: bytes, ikm: bytes) -> bytes:
    """HKDF-Extract, RFC 5869."""
    return hmac.digest(salt or bytes(32), ikm, "sha256")


def expand(prk: bytes, info: bytes, size: int) -> bytes:
    """HKDF-Expand of at most 32 bytes, RFC 5869."""
    return hmac.digest(prk, info + b"\x01", "sha256")[:size]


def labeled_extract(suite: bytes, salt: bytes, label: bytes, ikm: bytes) -> bytes:
    """RFC 9180 §4."""
    return extract(salt, b"HPKE-v1" + suite + label + ikm)


def labeled_expand(suite: bytes, prk: bytes, label: bytes, info: bytes, size: int) -> bytes:
    """RFC 9180 §4."""
    return expand(prk, size.to_bytes(2) + b"HPKE-v1" + suite + label + info, size)


def dhkem_x25519(secret: bytes, enc: bytes) -> bytes:
    """Decap of RFC 9180 §4.1 for DHKEM(X25519, HKDF-SHA256)."""
    private = x25519.X25519PrivateKey.from_private_bytes(secret)
    dh = private.exchange(x25519.X25519PublicKey.from_public_bytes(enc))
    suite = b"KEM" + X25519_KEM.to_bytes(2)
    context = enc + private.public_key().public_bytes_raw()
    prk = labeled_extract(suite, b"", b"eae_prk", dh)
    return labeled_expand(suite, prk, b"shared_secret", context, 32)


def xwing_keys(seed: bytes) -> tuple[mlkem.MLKEM768PrivateKey, x25519.X25519PrivateKey]:
    """The two private keys a 32-byte seed stands for (X-Wing draft, expandDecapsulationKey)."""
    expanded = hashlib.shake_256(seed).digest(96)
    return (
        mlkem.MLKEM768PrivateKey.from_seed_bytes(expanded[:64]),
        x25519.X25519PrivateKey.from_private_bytes(expanded[64:]),
    )


def xwing(seed: bytes, enc: bytes) -> bytes:
    """Decapsulate of the X-Wing draft."""
    lattice, curve = xwing_keys(seed)
    ct_m, ct_x = enc[:1088], enc[1088:]
    ss_m = lattice.decapsulate(ct_m)
    ss_x = curve.exchange(x25519.X25519PublicKey.from_public_bytes(ct_x))
    pk_x = curve.public_key().public_bytes_raw()
    return hashlib.sha3_256(ss_m + ss_x + ct_x + pk_x + bytes.fromhex("5c2e2f2f5e5c")).digest()


@dataclass(frozen=True)
class Schedule:
    """What the key schedule of RFC 9180 §5.1 gives for the first message."""

    key: bytes
    base_nonce: bytes


def key_schedule(kem: int, aead: tuple[int, int], shared_secret: bytes, info: bytes) -> Schedule:
    """Base mode, HKDF-SHA256."""
    aead_id, key_size = aead
    suite = b"HPKE" + kem.to_bytes(2) + (1).to_bytes(2) + aead_id.to_bytes(2)
    psk_id_hash = labeled_extract(suite, b"", b"psk_id_hash", b"")
    info_hash = labeled_extract(suite, b"", b"info_hash", info)
    context = b"\x00" + psk_id_hash + info_hash
    secret = labeled_extract(suite, shared_secret, b"secret", b"")
    return Schedule(
        labeled_expand(suite, secret, b"key", context, key_size),
        labeled_expand(suite, secret, b"base_nonce", context, 12),
    )


def hpke_open(
    kem: int, aead: tuple[int, int], secret: bytes, *, enc: bytes, ciphertext: bytes, info: bytes
) -> bytes:
    """Open the first message of a base-mode context, empty aad. Raises InvalidTag."""
    shared = xwing(secret, enc) if kem == XWING_KEM else dhkem_x25519(secret, enc)
    schedule = key_schedule(kem, aead, shared, info)
    return AESGCM(schedule.key).decrypt(schedule.base_nonce, ciphertext, b"")


def open_envelope(
    raw: bytes, binding: tuple[str, str, bytes], key_id: bytes, secret: bytes
) -> bytes:
    """The content of an Envelope bound to (terminal, purpose, context), by formats §4 alone.

    Raises InvalidTag, ValueError.
    """
    protected, unprotected, ciphertext, recipients = cbor2.loads(raw).value
    aad = array("padpos", 1, *binding)
    structure = array("Encrypt", protected, aad)
    head, hints, wrapped = next(item for item in recipients if item[1][4] == key_id)
    inner = array("padpos", 1, key_id, hashlib.sha256(structure).digest())
    info = array("HPKE Recipient", 3, head, inner)
    kem = {-65701: XWING_KEM, -65702: X25519_KEM}[cbor2.loads(head)[1]]
    content_key = hpke_open(kem, AES_256, secret, enc=hints[-4], ciphertext=wrapped, info=info)
    if hmac.digest(content_key, b"padpos-commit", "sha256") != cbor2.loads(protected)[-65537]:
        raise ValueError("not the key committed to")
    return AESGCM(content_key).decrypt(unprotected[5], ciphertext, structure)


def open_label(code: bytes, secret: bytes) -> bytes:
    """The padded plaintext of a label code, by formats §10 alone. Raises InvalidTag."""
    info = b"padpos-label" + code[:5]
    return hpke_open(X25519_KEM, AES_128, secret, enc=code[5:37], ciphertext=code[37:], info=info)
