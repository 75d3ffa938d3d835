"""Whoever has the keys and plain CBOR, COSE and HPKE reads everything: nothing is ours alone."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import cbor2
import pytest
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cwt import COSE, COSEKey

from padpos.wire import draw, envelope, label_code
from padpos.wire.keys import Alg, PublicKey, sealing_private
from tests.wire import second_reader as second
from tests.wire.make_vectors import rebuild
from tests.wire.reading import (
    VECTORS,
    envelope_vector,
    private_key,
    public_key,
    signed_vector,
    vectors,
)

SIGNED = [item["name"] for item in vectors("signed")]
ENVELOPES = [item["name"] for item in vectors("envelopes")]


def outside(name: str) -> dict[str, bytes]:
    found = vectors("from-outside")[name]
    return {k: bytes.fromhex(v) for k, v in found.items() if k != "source"}


def key_bytes(name: str, half: str) -> bytes:
    return bytes.fromhex(vectors("keys")[name][half])


def cose_key(name: str) -> Any:
    """The vector key as `cwt` takes it."""
    public, key_id = key_bytes(name, "public"), key_bytes(name, "id")
    if vectors("keys")[name]["alg"] == -9:
        return COSEKey.new({1: 2, -1: 1, -2: public[1:33], -3: public[33:], 3: -9, 2: key_id})
    return COSEKey.new({1: 1, -1: 6, -2: public, 3: -19, 2: key_id})


# --- the second reader itself, on vectors from outside


def test_the_second_reader_holds_rfc_9180_a_1() -> None:
    v = outside("hpke")
    shared = second.dhkem_x25519(v["skRm"], v["enc"])
    assert shared == v["shared_secret"]
    schedule = second.key_schedule(second.X25519_KEM, second.AES_128, shared, v["info"])
    assert (schedule.key, schedule.base_nonce) == (v["key"], v["base_nonce"])
    assert AESGCM(schedule.key).decrypt(schedule.base_nonce, v["ct"], v["aad"]) == v["pt"]


def test_the_second_reader_holds_the_x_wing_drafts_vector() -> None:
    v = outside("xwing")
    assert second.xwing(v["sk"], v["ct"]) == v["ss"]


def test_our_x_wing_public_key_is_the_drafts() -> None:
    from padpos.wire.keys import sealing_public

    v = outside("xwing")
    raw = sealing_public(Alg.XWING, v["sk"]).raw
    assert len(raw) == 1216
    assert raw.startswith(v["pk_starts"])
    assert raw.endswith(v["pk_ends"])


# --- signed objects


@pytest.mark.parametrize("name", SIGNED)
def test_cwt_verifies_every_signed_object(name: str) -> None:
    item = signed_vector(name)
    aad = cbor2.dumps(["padpos", 1, item["what"]])
    read = COSE.new().decode(item["raw"], cose_key(item["key"]), external_aad=aad)
    assert read == item["payload"]


@pytest.mark.parametrize("name", SIGNED)
def test_cwt_refuses_it_as_anything_else(name: str) -> None:
    item = signed_vector(name)
    aad = cbor2.dumps(["padpos", 1, "update"])
    with pytest.raises(Exception, match="verify"):
        COSE.new().decode(item["raw"], cose_key(item["key"]), external_aad=aad)


@pytest.mark.parametrize("name", SIGNED)
def test_a_hand_written_sig_structure_verifies_and_names_the_object(name: str) -> None:
    item = signed_vector(name)
    second.check_signature(item["raw"], item["what"], key_bytes(item["key"], "public"))
    structure = second.sig_structure(item["raw"], item["what"])
    assert hashlib.sha256(structure).digest() == item["hash"]
    with pytest.raises(InvalidSignature):
        second.check_signature(item["raw"], "update", key_bytes(item["key"], "public"))


@pytest.mark.parametrize("name", vectors("keys"))
def test_a_key_id_is_the_head_of_a_hash_of_algorithm_and_key(name: str) -> None:
    key = vectors("keys")[name]
    given = second.array(key["alg"], bytes.fromhex(key["public"]))
    assert hashlib.sha256(given).digest()[:8].hex() == key["id"]
    assert PublicKey(Alg(key["alg"]), bytes.fromhex(key["public"])).id.hex() == key["id"]


def test_the_entries_chain_by_the_hash_of_their_sig_structure() -> None:
    entries = [signed_vector(name) for name in SIGNED if name.startswith("entry-")]
    previous = bytes(32)
    for seq, item in enumerate(entries):
        payload = cbor2.loads(item["payload"])
        assert (payload[3], payload[4]) == (seq, previous)
        previous = hashlib.sha256(second.sig_structure(item["raw"], "entry")).digest()


# --- Envelopes


@pytest.mark.parametrize("name", ENVELOPES)
def test_every_recipient_opens_the_envelope_by_hand(name: str) -> None:
    v = envelope_vector(name)
    for recipient in v["recipients"]:
        found = second.open_envelope(
            v["envelope"],
            (v["terminal"], v["purpose"], v["context"]),
            key_bytes(recipient, "id"),
            key_bytes(recipient, "secret"),
        )
        assert found == v["content"]


@pytest.mark.parametrize("name", ENVELOPES)
def test_our_reader_opens_what_is_kept_the_same(name: str) -> None:
    v = envelope_vector(name)
    binding = envelope.Binding(v["terminal"], v["purpose"], v["context"])
    for recipient in v["recipients"]:
        found = envelope.open_envelope(
            v["envelope"], binding, public_key(recipient).id, private_key(recipient)
        )
        assert found == (v["content"], v["content_type"])


@pytest.mark.parametrize("recipients", [["upload", "escrow"], ["upload-x25519"]])
def test_what_is_sealed_today_opens_by_hand_too(recipients: list[str]) -> None:
    binding = envelope.Binding("t-1", "photo", bytes(16))
    raw = envelope.seal(b"today", binding, [public_key(name) for name in recipients])
    for name in recipients:
        key_id, secret = key_bytes(name, "id"), key_bytes(name, "secret")
        assert second.open_envelope(raw, ("t-1", "photo", bytes(16)), key_id, secret) == b"today"
        with pytest.raises(InvalidTag):
            second.open_envelope(raw, ("t-2", "photo", bytes(16)), key_id, secret)


def test_an_entry_names_the_envelopes_beside_it_by_hash_and_size() -> None:
    payload = cbor2.loads(signed_vector("entry-consignment")["payload"])
    named = [payload[9], payload[10][0][:2], payload[12]]
    beside = [envelope_vector(name)["envelope"] for name in ("consignment", "photo", "carrier")]
    assert named == [[hashlib.sha256(raw).digest(), len(raw)] for raw in beside]


# --- label codes


@pytest.mark.parametrize("index", [0, 1])
def test_a_label_code_opens_by_hand(index: int) -> None:
    v = vectors("label-codes")[index]
    code = bytes.fromhex(v["code"])
    plain = second.open_label(code, key_bytes("label", "secret"))
    assert plain.hex() == v["padded"]
    assert plain.rstrip(b"\0") == second.array(*v["plain"]).rstrip(b"\0")
    assert hashlib.sha256(code).hexdigest() == v["sha256"]
    read = label_code.open_code(
        code, public_key("label"), sealing_private(Alg.LABEL, key_bytes("label", "secret"))
    )
    assert [read.waybill, read.generation, read.name, read.phone, read.address, read.relay] == v[
        "plain"
    ]


# --- the draw


def second_u(v: dict[str, Any]) -> bytes:
    names = (v["terminal"], v["day"], v["contract"], v["n"], bytes.fromhex(v["policy_entry"]))
    message = second.array("padpos-draw", 1, *names)
    return hmac.digest(bytes.fromhex(v["day_key"]), message, "sha256")


@pytest.mark.parametrize("v", vectors("draw"), ids=lambda v: f"n={v['n']}")
def test_anyone_with_the_days_key_recomputes_the_draw(v: dict[str, Any]) -> None:
    u = second_u(v)
    assert u.hex() == v["u"]
    x = int.from_bytes(u[:8], "big")
    for rate in (v["least_rate"] - 1, v["least_rate"]):
        expected = x * 1_000_000 < rate * 2**64
        assert expected == (rate == v["least_rate"])
        assert expected == draw.is_drawn(
            day_key=bytes.fromhex(v["day_key"]),
            terminal=v["terminal"],
            day=v["day"],
            contract=v["contract"],
            n=v["n"],
            policy_entry=bytes.fromhex(v["policy_entry"]),
            rate=rate,
        )


# --- the vectors


def test_everything_but_the_sealed_bytes_is_made_again_to_the_byte() -> None:
    for name, text in rebuild().items():
        assert (VECTORS / name).read_text("utf-8") == text, name
