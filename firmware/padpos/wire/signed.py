"""Signed objects (formats §3): COSE_Sign1, RFC 9052 §4, in the one shape padpos uses."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from padpos.wire import cbor, fields
from padpos.wire.errors import BadSignature, Malformed, WrongKey
from padpos.wire.keys import PublicKey, Signer

_ALG, _KEY_ID = 1, 4


class What(StrEnum):
    """What a signed object is; part of what is signed, so one can't pass for another."""

    ENTRY = "entry"
    GENESIS = "genesis"
    RECEIPT = "receipt"
    POLICY = "policy"
    KEYS = "keys"
    DRAW = "draw"
    WANT = "want"
    WAYBILLS = "waybills"
    LEAVERS = "leavers"
    CONTRACTS = "contracts"
    ROUTES = "routes"
    UPDATE = "update"
    FEED = "feed"


LIMITS = {
    What.ENTRY: 64 << 10,
    What.RECEIPT: 64 << 10,
    What.FEED: 1 << 20,
    What.WANT: 4 << 10,
    What.DRAW: 4 << 10,
    What.GENESIS: 4 << 10,
}
_DOCUMENT_LIMIT = 256 << 10


def limit_of(what: What) -> int:
    """Bytes that a signed object of this sort may have."""
    return LIMITS.get(what, _DOCUMENT_LIMIT)


@dataclass(frozen=True, slots=True)
class Signed:
    """A verified signed object: its payload, its bytes, and the hash that names it."""

    payload: bytes
    raw: bytes
    hash: bytes


def sign(what: What, payload: bytes, signer: Signer) -> Signed:
    """Sign `payload`. The result's `raw` is the tagged COSE_Sign1."""
    public = signer.public
    protected = cbor.dumps({_ALG: int(public.alg), _KEY_ID: public.id})
    structure = _sig_structure(what, protected, payload)
    signature = signer.sign(structure)
    raw = cbor.dumps(cbor.Tagged(cbor.TAG_SIGN1, [protected, {}, payload, signature]))
    return Signed(payload, raw, hashlib.sha256(structure).digest())


def verify(what: What, raw: bytes, key: PublicKey) -> Signed:
    """Verify `raw` under the pinned `key`. Raises a WireError."""
    return verify_by_hint(what, raw, lambda key_id: key if key_id == key.id else None)


def verify_by_hint(what: What, raw: bytes, find: Callable[[bytes], PublicKey | None]) -> Signed:
    """Verify `raw` under the key that `find` pins for the key id it names. Raises a WireError."""
    protected, payload, signature = parts(what, raw)
    header = fields.fixed_map(cbor.loads(protected, 64), (_ALG, _KEY_ID), "protected header")
    key = find(fields.octets(header[_KEY_ID], "key id", 8))
    if key is None or header[_ALG] != int(key.alg):
        raise WrongKey(f"{what}: signed with a key that is not the pinned one")
    structure = _sig_structure(what, protected, payload)
    try:
        key.verify(signature, structure)
    except BadSignature as error:
        raise BadSignature(f"{what}: {error.what}") from error
    return Signed(payload, raw, hashlib.sha256(structure).digest())


def parts(what: What, raw: bytes) -> tuple[bytes, bytes, bytes]:
    """Protected header, payload and signature, nothing verified. Raises Malformed or TooLarge."""
    item = cbor.loads(raw, limit_of(what))
    if not isinstance(item, cbor.Tagged) or item.tag != cbor.TAG_SIGN1:
        raise Malformed(f"{what}: not a COSE_Sign1")
    protected, unprotected, payload, signature = fields.fixed_array(item.value, (4,), str(what))
    if unprotected != {}:
        raise Malformed(f"{what}: an unprotected header that is not empty")
    return (
        fields.octets(protected, "protected header"),
        fields.octets(payload, "payload"),
        fields.octets(signature, "signature", 64),
    )


def hash_of(what: What, raw: bytes) -> bytes:
    """The hash that names the object (SHA-256 of its Sig_structure), nothing verified."""
    protected, payload, _ = parts(what, raw)
    return hashlib.sha256(_sig_structure(what, protected, payload)).digest()


def _sig_structure(what: What, protected: bytes, payload: bytes) -> bytes:
    external_aad = cbor.dumps(["padpos", 1, str(what)])
    return cbor.dumps(["Signature1", protected, external_aad, payload])
