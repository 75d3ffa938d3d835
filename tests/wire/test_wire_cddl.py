"""docs/formats.cddl says what the code writes: a CDDL tool agrees about every vector."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cbor2
import pycddl
import pytest

from tests.wire.reading import decoded, envelope_vector, signed_vector, vectors

CDDL = (Path(__file__).resolve().parents[2] / "docs" / "formats.cddl").read_text("utf-8")
PAYLOAD_RULES = {"entry": "entry", "keys": "key-set", "draw": "envelope"}
SEALED_RULES = {
    "consignment": "sealed-consignment",
    "consignment-x25519": "sealed-consignment",
    "carrier": "sealed-carrier",
    "day-key": "day-keys",
}
SIGNED = [item["name"] for item in vectors("signed")]
ENVELOPES = [item["name"] for item in vectors("envelopes")]


def agrees(rule: str, data: bytes) -> bool:
    schema = pycddl.Schema(f"tested-rule = {rule}\n{CDDL}")
    try:
        schema.validate_cbor(data)
    except pycddl.ValidationError:
        return False
    return True


def check_envelope(raw: bytes) -> None:
    protected, _, _, recipients = cbor2.loads(raw).value
    assert agrees("envelope", raw)
    assert agrees("envelope-header", protected)
    assert all(agrees("recipient-header", recipient[0]) for recipient in recipients)


@pytest.mark.parametrize("name", SIGNED)
def test_every_signed_object_is_the_cose_sign1_the_cddl_describes(name: str) -> None:
    item = signed_vector(name)
    protected, _, payload, _ = cbor2.loads(item["raw"]).value
    assert agrees("sign1", item["raw"])
    assert agrees("sign1-header", protected)
    assert payload == item["payload"]


@pytest.mark.parametrize("name", SIGNED)
def test_every_payload_is_the_map_the_cddl_describes(name: str) -> None:
    item = signed_vector(name)
    assert agrees(PAYLOAD_RULES.get(item["what"], item["what"]), item["payload"])


@pytest.mark.parametrize("name", ENVELOPES)
def test_every_envelope_and_what_it_seals_is_as_the_cddl_describes(name: str) -> None:
    item = envelope_vector(name)
    check_envelope(item["envelope"])
    if name in SEALED_RULES:
        assert agrees(SEALED_RULES[name], item["content"])


def test_what_travels_unsigned_is_as_the_cddl_describes() -> None:
    rules = {"entry": "entry-message", "entry-purged": "entry-message"}
    for name, encoded in vectors("messages").items():
        rule = rules.get(name, "part" if name == "part" else "status")
        assert agrees(rule, bytes.fromhex(encoded)), name


def test_label_plaintexts_are_as_the_cddl_describes() -> None:
    for item in vectors("label-codes"):
        assert agrees("label-plain", cbor2.dumps(item["plain"]))


def node_paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    if isinstance(value, dict):
        for key, item in value.items():
            found += node_paths(item, (*path, key))
    if isinstance(value, list):
        for index, item in enumerate(value):
            found += node_paths(item, (*path, index))
    return found


def with_node(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = with_node(value[path[0]], path[1:], new)
    return copy


def spoiled(value: Any) -> list[Any]:
    """`value` with each part of it in turn replaced by a float, which no format holds."""
    return [with_node(value, path, 1.5) for path in node_paths(value)]


# pycddl checks the first element of an array at most: what an array holds is checked by itself.
ELEMENTS = [
    ("entry-consignment", (8, 10), "exemption"),
    ("entry-consignment", (8, 11), "mark"),
    ("entry-consignment", (8, 19), "duration"),
    ("entry-consignment", (10,), "attachment"),
    ("receipt", (4,), "entry-item"),
    ("receipt", (5,), "attachment-item"),
    ("want", (5,), "wanted"),
    ("keys", (5,), "key"),
    ("policy", (2,), "terminal"),
    ("policy", (5,), "document-class"),
    ("policy", (6,), "requirement"),
    ("policy", (14,), "limit"),
    ("policy", (15,), "switch"),
    ("entry-consignment", (8, 22), "approval"),
    ("policy", (11,), "prohibited"),
    ("policy", (12,), "mark-text"),
    ("waybills", (3,), "waybill-range"),
    ("contracts", (3,), "contract"),
    ("feed", (4,), "feed-item"),
]


@pytest.mark.parametrize(("name", "path", "rule"), ELEMENTS)
def test_every_element_of_an_array_is_as_the_cddl_describes(
    name: str, path: tuple[int, ...], rule: str
) -> None:
    elements = cbor2.loads(signed_vector(name)["payload"])
    for key in path:
        elements = elements[key]
    assert elements
    for element in elements:
        assert agrees(rule, cbor2.dumps(element))
        assert not any(agrees(rule, cbor2.dumps(value)) for value in spoiled(element))


@pytest.mark.parametrize("name", [name for name in SIGNED if name != "draw"])
def test_the_cddl_is_no_rubber_stamp(name: str) -> None:
    """A payload with a key left out or added, or a value of another sort, is no longer valid."""
    item = signed_vector(name)
    rule = PAYLOAD_RULES.get(item["what"], item["what"])
    payload = cbor2.loads(item["payload"])
    wrong = [with_node(payload, (key,), 1.5) for key in payload]
    wrong += [{k: v for k, v in payload.items() if k != key} for key in payload]
    wrong.append({**payload, 99: None})
    if isinstance(payload.get(8), dict) and item["what"] == "entry":
        wrong += [with_node(payload, (8, key), 1.5) for key in payload[8]]
    assert not any(agrees(rule, cbor2.dumps(value)) for value in wrong)


def test_an_envelope_vector_is_kept_and_not_sealed_anew() -> None:
    used = decoded(next(item for item in vectors("signed") if item["name"] == "draw"))
    assert used["payload"] == envelope_vector("day-key")["envelope"]
