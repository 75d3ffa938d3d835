"""Signed objects: one key, one meaning, one signature (formats §§2, 3, 5)."""

from __future__ import annotations

from typing import Any

import pytest

from padpos.wire import cbor, certificates, entry, signed
from padpos.wire.errors import BadSignature, Malformed, WireError, WrongKey
from padpos.wire.keys import Alg, PublicKey
from padpos.wire.signed import What
from tests.wire.reading import public_key, signed_vector, vectors
from tests.wire.vector_objects import (
    P256_ORDER,
    TERMINAL,
    FixedSigner,
    certificate,
    p256,
    seed,
    signer,
)

ENTRIES = [i["name"] for i in vectors("signed") if i["what"] == "entry"]


def rebuilt(raw: bytes, **changed: Any) -> bytes:
    """A COSE_Sign1 with some of its four parts replaced."""
    names = ("protected", "unprotected", "payload", "signature")
    tagged = cbor.loads(raw, 1 << 20)
    assert isinstance(tagged, cbor.Tagged)
    parts = dict(zip(names, tagged.value, strict=True)) | changed
    return cbor.dumps(cbor.Tagged(18, [parts[name] for name in names]))


def test_one_bit_changed_anywhere_in_a_signed_entry_is_refused() -> None:
    raw = signed_vector("entry-consignment")["raw"]
    key = public_key("entry")
    entry.verify(raw, key)
    for position in range(len(raw)):
        for bit in range(8):
            changed = bytearray(raw)
            changed[position] ^= 1 << bit
            with pytest.raises(WireError):
                entry.verify(bytes(changed), key)


@pytest.mark.parametrize("name", ENTRIES)
def test_one_bit_of_every_byte_of_every_kind_of_entry(name: str) -> None:
    raw = signed_vector(name)["raw"]
    for position in range(len(raw)):
        changed = bytearray(raw)
        changed[position] ^= 1 << position % 8
        with pytest.raises(WireError):
            entry.verify(bytes(changed), public_key("entry"))


def test_the_higher_s_is_refused_though_it_verifies_as_ecdsa() -> None:
    raw = signed_vector("entry-clerk")["raw"]
    _, _, signature = signed.parts(What.ENTRY, raw)
    r, s = signature[:32], int.from_bytes(signature[32:])
    assert s <= P256_ORDER // 2
    with pytest.raises(BadSignature, match="higher"):
        entry.verify(rebuilt(raw, signature=r + (P256_ORDER - s).to_bytes(32)), public_key("entry"))


@pytest.mark.parametrize("signature", [bytes(64), b"\xff" * 64, b"\xff" * 32 + bytes(31) + b"\x01"])
def test_numbers_out_of_range_are_no_signature(signature: bytes) -> None:
    raw = rebuilt(signed_vector("entry-clerk")["raw"], signature=signature)
    with pytest.raises(BadSignature):
        entry.verify(raw, public_key("entry"))


@pytest.mark.parametrize("what", [what for what in What if what is not What.ENTRY])
def test_an_entry_does_not_pass_for_anything_else(what: What) -> None:
    raw = signed_vector("entry-clerk")["raw"]
    signed.verify(What.ENTRY, raw, public_key("entry"))
    with pytest.raises(BadSignature):
        signed.verify(what, raw, public_key("entry"))


def test_the_key_id_is_a_hint_and_proves_nothing() -> None:
    """Whoever writes the pinned key's id over his own signature is refused all the same."""
    pinned, other = public_key("entry"), FixedSigner(p256(seed("thief")))

    class Liar:
        public = pinned

        def sign(self, message: bytes) -> bytes:
            return other.sign(message)

    raw = signed.sign(What.ENTRY, b"\xa0", Liar()).raw
    with pytest.raises(BadSignature):
        signed.verify(What.ENTRY, raw, pinned)


def test_another_key_id_is_refused_before_anything_is_verified() -> None:
    raw = signed_vector("entry-clerk")["raw"]
    with pytest.raises(WrongKey):
        entry.verify(raw, public_key("policy"))


def test_the_algorithm_must_be_the_pinned_keys() -> None:
    raw = signed_vector("entry-clerk")["raw"]
    protected = cbor.dumps({1: -19, 4: public_key("entry").id})
    with pytest.raises(WrongKey):
        entry.verify(rebuilt(raw, protected=protected), public_key("entry"))


@pytest.mark.parametrize(
    "changed",
    [{"unprotected": {1: -9}}, {"protected": cbor.dumps({1: -9})}, {"payload": None},
     {"protected": cbor.dumps({1: -9, 4: bytes(8), 5: 0})}, {"signature": bytes(63)}],
)  # fmt: skip
def test_any_other_shape_is_refused(changed: Any) -> None:
    with pytest.raises(Malformed):
        entry.verify(rebuilt(signed_vector("entry-clerk")["raw"], **changed), public_key("entry"))


def test_a_compressed_point_is_no_public_key_here() -> None:
    full = public_key("entry")
    compressed = PublicKey(Alg.ESP256, bytes([2 + full.raw[64] % 2]) + full.raw[1:33])
    with pytest.raises(Malformed):
        compressed.verify(bytes(64), b"")


@pytest.mark.parametrize("name", ENTRIES)
def test_the_hash_does_not_depend_on_the_signature(name: str) -> None:
    item = signed_vector(name)
    altered = rebuilt(item["raw"], signature=bytes(64))
    assert signed.hash_of(What.ENTRY, altered) == item["hash"]


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [("entry-genesis", 3, 1), ("entry-clerk", 3, 0), ("entry-genesis", 4, b"\1" * 32),
     ("entry-clerk", 1, 2), ("entry-clerk", 6, 2), ("entry-clerk", 6, True),
     ("entry-clerk", 2, "ab"), ("entry-clerk", 2, "A-terminal"), ("entry-clerk", 2, "a" * 33),
     ("entry-clerk", 7, "override"), ("entry-clerk", 7, "label"), ("entry-clerk", 11, bytes(15))],
)  # fmt: skip
def test_an_entry_that_breaks_a_rule_is_refused(name: str, key: int, value: Any) -> None:
    payload: Any = cbor.loads(signed_vector(name)["payload"], 1 << 16)
    entry.read_payload(cbor.dumps(payload))
    with pytest.raises(Malformed):
        entry.read_payload(cbor.dumps({**payload, key: value}))


@pytest.mark.parametrize(("name", "key"), [("entry-label", 3), ("entry-draw", 4)])
def test_generations_and_parcels_are_counted_from_one(name: str, key: int) -> None:
    payload: Any = cbor.loads(signed_vector(name)["payload"], 1 << 16)
    payload[8][key] = 0
    with pytest.raises(Malformed):
        entry.read_payload(cbor.dumps(payload))


# --- certificates


def test_an_entry_certificate_names_terminal_and_key() -> None:
    der = bytes.fromhex(vectors("certificates")["entry"])
    read = certificates.read_entry_certificate(der)
    assert (read.terminal, read.key) == (TERMINAL, public_key("entry"))


@pytest.mark.parametrize("name", ["tls", "both", "none"])
def test_a_certificate_for_another_use_signs_no_entries(name: str) -> None:
    with pytest.raises(WrongKey):
        certificates.read_entry_certificate(bytes.fromhex(vectors("certificates")[name]))


@pytest.mark.parametrize("names", [(), ("one", "two")])
def test_a_certificate_has_one_common_name(names: tuple[str, ...]) -> None:
    with pytest.raises(Malformed):
        certificates.read_entry_certificate(certificate([certificates.DOCUMENT_SIGNING], names))


def test_a_certificate_with_one_bit_changed_is_read_or_refused_and_nothing_else() -> None:
    """Its parts are parsed late, each when first asked for; none may fail as anything else."""
    der = bytes.fromhex(vectors("certificates")["entry"])
    outcomes = set()
    for position in range(len(der)):
        for bit in range(8):
            changed = bytearray(der)
            changed[position] ^= 1 << bit
            try:
                certificates.read_entry_certificate(bytes(changed))
                outcomes.add("read")
            except WireError as refused:
                outcomes.add(refused.code)
    assert outcomes == {"read", "malformed", "wrong-key"}


def test_the_signers_vectors_are_those_of_rfc_6979() -> None:
    assert signer("entry").sign(b"again") == signer("entry").sign(b"again")
