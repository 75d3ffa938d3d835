"""Envelopes (formats §4): COSE_Encrypt with a fresh AES-256-GCM key, wrapped by HPKE (RFC 9180)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from padpos.wire import cbor, fields
from padpos.wire.errors import CannotOpen, Malformed, SealingRefused
from padpos.wire.keys import Alg, PublicKey, SealingPrivateKey

CBOR_TYPE = "application/cbor"
JPEG_TYPE = "image/jpeg"
ENVELOPE_LIMIT = 64 << 10
ATTACHMENT_LIMIT = 2 << 20
PAD_TO = 256
_ALG, _KEY_ID, _NONCE, _CONTENT_TYPE, _ENCAPSULATED, _COMMIT = 1, 4, 5, 3, -4, -65537
_AES_256_GCM = 3
_START = b"\xd8\x60\x84"  # tag 96, array of four
_KEY_SIZE, _NONCE_SIZE, _TAG_SIZE = 32, 12, 16

_SUITES = {
    Alg.XWING: Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM),
    Alg.X25519: Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM),
}
_ENCAPSULATED_SIZES = {Alg.XWING: 1120, Alg.X25519: 32}


@dataclass(frozen=True, slots=True)
class Binding:
    """What an Envelope belongs to; it opens under no other (the external_aad)."""

    terminal: str
    purpose: str
    context: bytes = b""

    def encoded(self) -> bytes:
        """CBOR ["padpos", 1, terminal, purpose, context]."""
        return cbor.dumps(["padpos", 1, self.terminal, self.purpose, self.context])


def seal(
    content: bytes, binding: Binding, recipients: Sequence[PublicKey], content_type: str = CBOR_TYPE
) -> bytes:
    """Seal `content` for each recipient. Raises SealingRefused if they can't share an Envelope."""
    suites = {key.alg for key in recipients}
    if not 1 <= len(recipients) <= 4 or len(suites) != 1 or not suites <= _SUITES.keys():
        raise SealingRefused("an Envelope takes one to four recipients, all of one suite")
    if len({key.id for key in recipients}) != len(recipients):
        raise SealingRefused("a recipient stands twice")
    content_key = secrets.token_bytes(_KEY_SIZE)
    nonce = secrets.token_bytes(_NONCE_SIZE)
    protected = cbor.dumps(
        {_ALG: _AES_256_GCM, _CONTENT_TYPE: content_type, _COMMIT: _commitment(content_key)}
    )
    enc_structure = cbor.dumps(["Encrypt", protected, binding.encoded()])
    size = len(content) + _TAG_SIZE
    head = b"".join(
        (
            _START,
            cbor.dumps(protected),
            cbor.dumps({_NONCE: nonce}),
            cbor.byte_string_head(size),
        )
    )
    wrapped = cbor.dumps([_wrap(content_key, key, enc_structure) for key in recipients])
    # Encrypted in place, and BytesIO hands its buffer over as it is: a photo is never copied.
    sealed = BytesIO()
    sealed.seek(len(head) + size + len(wrapped) - 1)
    sealed.write(b"\0")
    with sealed.getbuffer() as whole, whole[len(head) : len(head) + size] as place:
        whole[: len(head)] = head
        whole[len(head) + size :] = wrapped
        AESGCM(content_key).encrypt_into(nonce, content, enc_structure, place)
    return sealed.getvalue()


def open_envelope(
    raw: bytes,
    binding: Binding,
    key_id: bytes,
    private: SealingPrivateKey,
    limit: int = ENVELOPE_LIMIT,
) -> tuple[bytes, str]:
    """Open `raw` as the recipient `key_id`: (content, content type). Raises a WireError."""
    envelope = parse(raw, limit)
    recipient = next((r for r in envelope.recipients if r.key_id == key_id), None)
    if recipient is None:
        raise CannotOpen("no recipient of this Envelope has that key")
    enc_structure = cbor.dumps(["Encrypt", envelope.protected, binding.encoded()])
    info = _info(recipient.protected, key_id, enc_structure)
    try:
        content_key = _SUITES[recipient.alg].decrypt(
            recipient.encapsulated + recipient.wrapped, private, info
        )
    except (InvalidTag, ValueError, TypeError) as error:
        raise CannotOpen("the content key does not unwrap: other key, context or bytes") from error
    if not hmac.compare_digest(envelope.commitment, _commitment(content_key)):
        raise CannotOpen("the content key is not the one the header commits to")
    try:
        content = AESGCM(content_key).decrypt(envelope.nonce, envelope.ciphertext, enc_structure)
    except InvalidTag as error:
        raise CannotOpen("the content does not verify") from error
    return content, envelope.content_type


@dataclass(frozen=True, slots=True)
class Recipient:
    """One recipient's wrapped content key."""

    protected: bytes
    alg: Alg
    key_id: bytes
    encapsulated: bytes
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """An Envelope's parts, as anyone can read them."""

    protected: bytes
    content_type: str
    commitment: bytes
    nonce: bytes
    ciphertext: bytes
    recipients: tuple[Recipient, ...]


def parse(raw: bytes, limit: int = ENVELOPE_LIMIT) -> Envelope:
    """The outside of an Envelope, checked for form. Raises Malformed or TooLarge."""
    item = cbor.loads(raw, limit)
    if not isinstance(item, cbor.Tagged) or item.tag != cbor.TAG_ENCRYPT:
        raise Malformed("Envelope: not a COSE_Encrypt")
    protected, unprotected, ciphertext, recipients = fields.fixed_array(
        item.value, (4,), "Envelope"
    )
    protected = fields.octets(protected, "Envelope header")
    header = fields.fixed_map(
        cbor.loads(protected, 512), (_ALG, _CONTENT_TYPE, _COMMIT), "Envelope header"
    )
    if header[_ALG] != _AES_256_GCM:
        raise Malformed("Envelope header: not AES-256-GCM")
    nonce = fields.fixed_map(unprotected, (_NONCE,), "Envelope unprotected header")[_NONCE]
    read = fields.array_of(recipients, _read_recipient, "recipients", most=4)
    if not read or len({recipient.alg for recipient in read}) != 1:
        raise Malformed("recipients: none, or of more than one suite")
    if len({recipient.key_id for recipient in read}) != len(read):
        raise Malformed("recipients: one stands twice")
    return Envelope(
        protected,
        fields.text(header[_CONTENT_TYPE], "content type", 100),
        fields.octets(header[_COMMIT], "commitment", 32),
        fields.octets(nonce, "nonce", _NONCE_SIZE),
        fields.octets(ciphertext, "ciphertext"),
        tuple(read),
    )


def pad(mapping: dict[int | str, cbor.Cbor]) -> bytes:
    """Encode a sealed map with key 0 padding it to the least multiple of 256 bytes it can reach."""
    size = len(cbor.dumps({**mapping, 0: b""}))
    target = -(-size // PAD_TO) * PAD_TO
    while True:
        for header in (0, 1, 2, 4):  # bytes by which the padding's own length field may grow
            padding = target - size - header
            if padding < 0:
                continue
            encoded = cbor.dumps({**mapping, 0: bytes(padding)})
            if len(encoded) == target:
                return encoded
        target += PAD_TO


def unpad(content: bytes) -> dict[int | str, cbor.Cbor]:
    """The sealed map without its padding, which must be the one `pad` makes. Raises Malformed."""
    mapping = cbor.loads(content, ATTACHMENT_LIMIT)
    if not isinstance(mapping, dict) or 0 not in mapping:
        raise Malformed("sealed map: no padding")
    bare = {key: value for key, value in mapping.items() if key != 0}
    if pad(bare) != content:
        raise Malformed("sealed map: padded otherwise than the format says")
    return bare


def _wrap(content_key: bytes, key: PublicKey, enc_structure: bytes) -> cbor.Cbor:
    protected = cbor.dumps({_ALG: int(key.alg)})
    info = _info(protected, key.id, enc_structure)
    try:
        sealed = _SUITES[key.alg].encrypt(content_key, key.sealing(), info)
    except ValueError as error:  # a point of small order; also what sealing() refuses
        raise SealingRefused("a recipient's key that is no key of its algorithm") from error
    size = _ENCAPSULATED_SIZES[key.alg]
    return [protected, {_KEY_ID: key.id, _ENCAPSULATED: sealed[:size]}, sealed[size:]]


def _read_recipient(value: cbor.Cbor, where: str) -> Recipient:
    protected, unprotected, wrapped = fields.fixed_array(value, (3,), where)
    protected = fields.octets(protected, f"{where} header")
    number = fields.fixed_map(cbor.loads(protected, 32), (_ALG,), f"{where} header")[_ALG]
    if number not in [int(alg) for alg in _SUITES]:  # a list: what stands there may not hash
        raise Malformed(f"{where}: a suite the formats do not know for Envelopes")
    alg = Alg(fields.integer(number, where))
    hints = fields.fixed_map(unprotected, (_KEY_ID, _ENCAPSULATED), f"{where} unprotected header")
    return Recipient(
        protected,
        alg,
        fields.octets(hints[_KEY_ID], f"{where} key id", 8),
        fields.octets(hints[_ENCAPSULATED], f"{where} encapsulated key", _ENCAPSULATED_SIZES[alg]),
        fields.octets(wrapped, f"{where} content key", _KEY_SIZE + _TAG_SIZE),
    )


def _info(protected: bytes, key_id: bytes, enc_structure: bytes) -> bytes:
    digest = hashlib.sha256(enc_structure).digest()
    inner = cbor.dumps(["padpos", 1, key_id, digest])
    return cbor.dumps(["HPKE Recipient", _AES_256_GCM, protected, inner])


def _commitment(content_key: bytes) -> bytes:
    return hmac.digest(content_key, b"padpos-commit", "sha256")
