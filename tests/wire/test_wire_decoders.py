"""Bytes from outside are taken or raise a WireError, which tells nothing of what they hold."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from padpos.wire import (
    cbor,
    certificates,
    documents,
    draw,
    entry,
    envelope,
    feed,
    keyset,
    label_code,
    messages,
    personal,
    policy,
    receipt,
    signed,
    want,
)
from padpos.wire.errors import WireError
from padpos.wire.signed import What
from tests.wire.reading import (
    envelope_vector,
    private_key,
    public_key,
    signed_vector,
    vectors,
)
from tests.wire.vector_objects import TERMINAL, signer

Reader = Callable[[bytes], object]
SIGNED_READERS: dict[str, Reader] = {
    "entry": lambda raw: entry.verify(raw, public_key("entry")),
    "genesis": lambda raw: documents.verify_genesis(raw, public_key("policy")),
    "receipt": lambda raw: receipt.verify(raw, (public_key("receipt"),)),
    "want": lambda raw: want.verify(raw, (public_key("receipt"),)),
    "policy": lambda raw: policy.verify(raw, public_key("policy")),
    "keys": lambda raw: keyset.verify(raw, public_key("policy")),
    "draw": lambda raw: draw.open_draw_message(
        raw, TERMINAL, public_key("policy"), public_key("inbox"), private_key("inbox")
    ),
    "waybills": lambda raw: documents.verify_waybills(raw, (public_key("waybills"),)),
    "contracts": lambda raw: documents.verify_contracts(raw, public_key("policy")),
    "leavers": lambda raw: documents.verify_leavers(raw, public_key("policy")),
    "feed": lambda raw: feed.verify(raw, public_key("receipt")),
}
SIGNED = {item["name"]: signed_vector(item["name"]) for item in vectors("signed")}
ENVELOPES = {item["name"]: envelope_vector(item["name"]) for item in vectors("envelopes")}


def opener(name: str) -> Reader:
    v = ENVELOPES[name]
    binding = envelope.Binding(v["terminal"], v["purpose"], v["context"])
    key = v["recipients"][0]
    return lambda raw: envelope.open_envelope(raw, binding, public_key(key).id, private_key(key))


def cases() -> dict[str, tuple[bytes, Reader]]:
    """name → (bytes that are taken, what reads them)."""
    found: dict[str, tuple[bytes, Reader]] = {
        f"signed {name}": (item["raw"], SIGNED_READERS[item["what"]])
        for name, item in SIGNED.items()
    }
    for name, item in SIGNED.items():
        if item["what"] == "entry":
            found[f"payload {name}"] = (item["payload"], entry.read_payload)
    for name, v in ENVELOPES.items():
        found[f"outside {name}"] = (v["envelope"], envelope.parse)
    for name in ("consignment", "consignment-x25519", "carrier"):
        found[f"open {name}"] = (ENVELOPES[name]["envelope"], opener(name))
    found["sealed consignment"] = (
        ENVELOPES["consignment"]["content"],
        personal.SealedConsignment.from_padded,
    )
    found["sealed carrier"] = (ENVELOPES["carrier"]["content"], personal.SealedCarrier.from_padded)
    sent = {k: bytes.fromhex(v) for k, v in vectors("messages").items()}
    found["entry message"] = (sent["entry"], messages.EntryMessage.from_bytes)
    found["part"] = (sent["part"], messages.Part.from_bytes)
    found["status"] = (sent["status"], messages.TerminalStatus.from_bytes)
    found["offline"] = (sent["status-offline"], messages.TerminalStatus.from_bytes)
    for v in vectors("label-codes"):
        code, padded = bytes.fromhex(v["code"]), bytes.fromhex(v["padded"])
        found[f"label code {v['name']}"] = (
            code,
            lambda raw: label_code.open_code(raw, public_key("label"), private_key("label")),
        )
        found[f"label plain {v['name']}"] = (padded, label_code.LabelPlain.from_padded)
        found[f"label text {v['name']}"] = (
            v["text"].encode(),
            lambda raw: label_code.from_text(raw.decode("latin-1")),
        )
    certificate = bytes.fromhex(vectors("certificates")["entry"])
    found["certificate"] = (certificate, certificates.read_entry_certificate)
    return found


CASES = cases()
every_case = pytest.mark.parametrize("name", CASES)


@every_case
def test_each_vector_is_taken(name: str) -> None:
    data, read = CASES[name]
    read(data)


def takes_or_refuses(read: Reader, data: bytes) -> None:
    try:
        read(data)
    except WireError as refused:
        assert str(refused)


@every_case
@settings(max_examples=25, deadline=None)
@given(junk=st.binary(max_size=80))
def test_random_bytes_raise_nothing_but_a_wire_error(name: str, junk: bytes) -> None:
    takes_or_refuses(CASES[name][1], junk)


@every_case
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_spoiled_vector_raises_nothing_but_a_wire_error(name: str, data: st.DataObject) -> None:
    good, read = CASES[name]
    at = data.draw(st.integers(0, len(good)))
    gone = data.draw(st.integers(0, 4))
    new = data.draw(st.binary(max_size=4))
    takes_or_refuses(read, good[:at] + new + good[at + gone :])


def nodes(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    if isinstance(value, cbor2.CBORTag):
        found += nodes(value.value, (*path, "tagged"))
    if isinstance(value, dict | list):
        inside = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in inside:
            found += nodes(item, (*path, key))
    return found


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    if isinstance(value, cbor2.CBORTag):
        return cbor2.CBORTag(value.tag, replaced(value.value, path[1:], new))
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


ODD: list[Any] = [None, True, False, 0, -1, 2**64 - 1, b"", bytes(32), "", "x" * 900, [], [[]], {}]
ODD += [{1: []}, cbor2.CBORTag(18, []), cbor.dumps({1: []}), cbor.dumps([]), b"\x01", "2026-01-01"]


def odd_ones(encoded: bytes) -> list[bytes]:
    """The encoding with each value in it replaced by each odd one, and with keys left out."""
    value: Any = cbor.loads(encoded, 1 << 20)
    found = []
    for path in nodes(value):
        for odd in ODD:
            try:
                found.append(cbor.dumps(replaced(value, path, odd)))
            except WireError:
                continue  # too deep to be written
    return found


@pytest.mark.parametrize("name", SIGNED)
def test_an_authentic_payload_of_odd_values_raises_nothing_but_a_wire_error(name: str) -> None:
    """A signer we trust may still be wrong: its payload is read as strictly as anyone's."""
    item = SIGNED[name]
    read = SIGNED_READERS[item["what"]]
    what, key = What(item["what"]), signer(item["key"])
    for payload in odd_ones(item["payload"]):
        takes_or_refuses(read, signed.sign(what, payload, key).raw)


UNSIGNED = ["outside photo", "open consignment-x25519", "sealed consignment", "sealed carrier",
            "entry message", "part", "status", "offline", "signed entry-clerk"]  # fmt: skip


@pytest.mark.parametrize("name", UNSIGNED)
def test_odd_values_raise_nothing_but_a_wire_error(name: str) -> None:
    data, read = CASES[name]
    for spoiled in odd_ones(data):
        takes_or_refuses(read, spoiled)


@pytest.mark.parametrize(
    ("reader", "limit"),
    [(SIGNED_READERS["entry"], 65_536), (SIGNED_READERS["receipt"], 65_536),
     (SIGNED_READERS["feed"], 1 << 20), (SIGNED_READERS["draw"], 4096),
     (SIGNED_READERS["want"], 4096),
     (SIGNED_READERS["policy"], 262_144), (SIGNED_READERS["keys"], 262_144),
     (SIGNED_READERS["waybills"], 262_144), (SIGNED_READERS["contracts"], 262_144),
     (envelope.parse, 65_536), (messages.Part.from_bytes, 135_168),
     (messages.TerminalStatus.from_bytes, 4096)],
)  # fmt: skip
def test_sizes_are_limited_exactly(reader: Reader, limit: int) -> None:
    for size, code in ((limit, "malformed"), (limit + 1, "too-large")):
        head = b"\x5a" + (size - 5).to_bytes(4)
        data = head + bytes(size - 5)  # one byte string, well formed
        with pytest.raises(WireError) as refused:
            reader(data)
        assert refused.value.code == code


SECRET = "SECRETVALUE"


@pytest.mark.parametrize("name", SIGNED)
def test_a_refusal_tells_nothing_of_what_it_read(name: str) -> None:
    item = SIGNED[name]
    read = SIGNED_READERS[item["what"]]
    value: Any = cbor.loads(item["payload"], 1 << 20)
    told = ""
    for path in nodes(value):
        for secret in (SECRET, SECRET * 100, SECRET.encode()):
            try:
                payload = cbor.dumps(replaced(value, path, secret))
                read(signed.sign(What(item["what"]), payload, signer(item["key"])).raw)
            except WireError as refused:
                told += "".join(traceback.format_exception(refused)) + repr(refused)
    assert told
    assert SECRET not in told
    assert SECRET.encode().hex() not in told
