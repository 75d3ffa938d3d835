"""The label code (formats §10): how to reach the recipient, sealed to the carrier, in a QR code."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from padpos.wire import cbor, fields, ids
from padpos.wire.errors import CannotOpen, Malformed, SealingRefused, TooLarge, WrongKey
from padpos.wire.keys import Alg, PublicKey, SealingPrivateKey

VERSION = 1
HINT_SIZE = 4
PLAIN_SIZES = (208, 256)
GENERATIONS = (1, 2, 3)
MOST_PREFIX = 24
_OVERHEAD = 1 + HINT_SIZE + 32 + 16
CODE_SIZES = tuple(size + _OVERHEAD for size in PLAIN_SIZES)
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM)
_PREFIX = re.compile(r"HTTPS://[0-9A-Z.:-]+/")  # of the QR code's alphanumeric mode
_BASE32 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")


@dataclass(frozen=True, slots=True, repr=False)
class LabelPlain:
    """What a courier needs at the door."""

    waybill: str
    generation: int
    name: str
    phone: str
    address: str
    relay: str | None = None

    def padded(self) -> bytes:
        """208 or 256 bytes. Raises TooLarge where the texts need more."""
        encoded = cbor.dumps(
            [self.waybill, self.generation, self.name, self.phone, self.address, self.relay]
        )
        for size in PLAIN_SIZES:
            if len(encoded) <= size:
                return encoded.ljust(size, b"\0")
        raise TooLarge(
            f"recipient: {len(encoded)} bytes where a label code holds {PLAIN_SIZES[-1]}"
        )

    @classmethod
    def from_padded(cls, content: bytes) -> LabelPlain:
        """Raises Malformed on anything `padded` would not have made."""
        encoded = content[: cbor.item_length(content)]
        waybill, generation, *texts, relay = fields.fixed_array(
            cbor.loads(encoded, PLAIN_SIZES[-1]), (6,), "label code"
        )
        name, phone, address = (fields.text(item, "label code") for item in texts)
        plain = cls(
            ids.waybill(waybill),
            fields.counted(generation, "generation", max(GENERATIONS)),
            name,
            phone,
            address,
            fields.optional(relay, fields.text, "relay hint"),
        )
        if plain.padded() != content:
            raise Malformed("label code: padded otherwise than the format says")
        return plain


def seal(plain: LabelPlain, key: PublicKey) -> bytes:
    """The code's bytes. Raises SealingRefused on a key that is no label key, TooLarge."""
    if key.alg is not Alg.LABEL:
        raise SealingRefused("not a label key")
    header = bytes([VERSION]) + key.id[:HINT_SIZE]
    content, info = plain.padded(), b"padpos-label" + header
    try:
        return header + _SUITE.encrypt(content, key.sealing(), info)
    except ValueError as error:  # a point of small order; also what sealing() refuses
        raise SealingRefused("a label key that is no key of its algorithm") from error


def open_code(code: bytes, key: PublicKey, private: SealingPrivateKey) -> LabelPlain:
    """Open a code with the label key's private half. Raises a WireError."""
    header = code[: 1 + HINT_SIZE]
    if len(code) not in CODE_SIZES or code[0] != VERSION:
        raise Malformed("label code: of no known version or size")
    if header[1:] != key.id[:HINT_SIZE]:
        raise WrongKey("label code: sealed to another key")
    try:
        content = _SUITE.decrypt(code[1 + HINT_SIZE :], private, b"padpos-label" + header)
    except (InvalidTag, ValueError) as error:
        raise CannotOpen("label code: does not open") from error
    return LabelPlain.from_padded(content)


def code_hash(code: bytes) -> bytes:
    """SHA-256 of the code's bytes, as the label entry carries it."""
    return hashlib.sha256(code).digest()


def to_text(code: bytes, prefix: str) -> str:
    """The QR's text: prefix, then base32 without padding. Raises SealingRefused on a bad prefix."""
    if len(prefix) > MOST_PREFIX or not _PREFIX.fullmatch(prefix):
        raise SealingRefused(
            "label prefix: HTTPS://, a host in upper case, /: at most 24 characters"
        )
    return prefix + base64.b32encode(code).decode().rstrip("=")


def from_text(text: str) -> bytes:
    """The code's bytes out of a scanned text. Raises Malformed."""
    prefix, slash, encoded = text.rpartition("/")
    if not _PREFIX.fullmatch(prefix + slash):
        raise Malformed("label code: not the text of a label code")
    if not _BASE32.issuperset(encoded) or len(text) - len(encoded) > MOST_PREFIX:
        raise Malformed("label code: characters that base32 does not have")
    try:
        code = base64.b32decode(encoded + "=" * (-len(encoded) % 8))
    except ValueError as error:
        raise Malformed("label code: not base32") from error
    if base64.b32encode(code).decode().rstrip("=") != encoded or len(code) not in CODE_SIZES:
        raise Malformed("label code: trailing bits or a size that no code has")
    return code
