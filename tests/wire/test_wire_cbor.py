"""One encoding per value, and a reader that takes no other (formats §1, RFC 8949 §4.2.1)."""

from __future__ import annotations

import traceback
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from padpos.wire import cbor
from padpos.wire.errors import Malformed, TooLarge, WireError

LIMIT = 1 << 20
U64 = (1 << 64) - 1

MALFORMED = {
    "nothing": "",
    "indefinite byte string": "5f4101ff",
    "indefinite text": "7f6161ff",
    "indefinite array": "9f01ff",
    "indefinite map": "bf0102ff",
    "a break by itself": "ff",
    "reserved length 28": "1c",
    "reserved length 29": "5d",
    "reserved length 30": "9e",
    "0 in two bytes": "1800",
    "23 in two bytes": "1817",
    "255 in three bytes": "1900ff",
    "65,535 in five bytes": "1a0000ffff",
    "2^32-1 in nine bytes": "1b00000000ffffffff",
    "-1 in two bytes": "3800",
    "-256 in three bytes": "3900ff",
    "byte string, length in two bytes": "580101",
    "text, length in three bytes": "79000161",
    "array, length in two bytes": "980101",
    "map, length in two bytes": "b8010102",
    "tag 18 in three bytes": "d9001201",
    "half float": "f93c00",
    "single float": "fa3f800000",
    "double float": "fb3ff0000000000000",
    "half NaN": "f97e00",
    "undefined": "f7",
    "simple value 0": "e0",
    "simple value 19": "f3",
    "simple value 32": "f820",
    "simple value 255": "f8ff",
    "false in two bytes": "f814",
    "date tag 0": "c074323032362d30312d30315430303a30303a30305a",
    "epoch tag 1": "c100",
    "bignum 2^64": "c249010000000000000000",
    "bignum that is small": "c24101",
    "negative bignum": "c349010000000000000000",
    "decimal fraction": "c4820001",
    "COSE_Sign tag 98": "d86280",
    "embedded CBOR tag 24": "d8184101",
    "shared reference tag 28": "d81c80",
    "self-described tag": "d9d9f700",
    "keys sorted by RFC 7049, not 8949": "a32000186400616100",
    "length first within a type": "a2626161006162" + "00",
    "keys unsorted": "a202000100",
    "negative key before positive": "a220000000",
    "text key before integer key": "a2616100" + "0100",
    "integer key doubled": "a201000100",
    "text key doubled": "a2616100616100",
    "byte string key": "a1410100",
    "array key": "a18000",
    "boolean key": "a1f500",
    "null key": "a1f600",
    "tagged key": "a1d2" + "0000",
    "byte after the end": "0000",
    "item after the end": "a0a0",
    "text that is not UTF-8": "61ff",
    "text that is cut UTF-8": "62e5bf",
    "text with a surrogate": "63eda080",
    "text with overlong UTF-8": "62c080",
    "key that is not UTF-8": "a161ff00",
    "cut byte string": "43aabb",
    "cut array": "8201",
    "cut map": "a101",
    "cut number": "1901",
    "tag of nothing": "d2",
    "byte string announcing 2^64-1": "5bffffffffffffffff00",
    "text announcing 2^63": "7b800000000000000000",
    "array announcing 2^64-1": "9bffffffffffffffff00",
    "array announcing 2^32-1": "9affffffff00",
    "map announcing 2^64-1": "bbffffffffffffffff00",
    "map announcing 2^31": "ba80000000" + "00",
}


@pytest.mark.parametrize("encoded", MALFORMED.values(), ids=MALFORMED)
def test_what_we_could_not_have_written_is_refused(encoded: str) -> None:
    with pytest.raises(Malformed):
        cbor.loads(bytes.fromhex(encoded), LIMIT)


@pytest.mark.parametrize("encoded", MALFORMED.values(), ids=MALFORMED)
def test_it_is_refused_inside_an_array_too(encoded: str) -> None:
    with pytest.raises(Malformed):
        cbor.loads(b"\x82\x00" + bytes.fromhex(encoded), LIMIT)


GOOD = {
    "17": 23,
    "1818": 24,
    "1bffffffffffffffff": U64,
    "3bffffffffffffffff": -1 - U64,
    "a0": {},
    "a3" + "186400" + "2000" + "616100": {100: 0, -1: 0, "a": 0},  # RFC 8949 §4.2.1's own order
    "a2616200" + "62616100": {"b": 0, "aa": 0},
    "83f4f5f6": [False, True, None],
}


@pytest.mark.parametrize(("encoded", "value"), GOOD.items())
def test_what_we_write_is_read(encoded: str, value: Any) -> None:
    assert cbor.loads(bytes.fromhex(encoded), LIMIT) == value
    assert cbor.dumps(value).hex() == encoded


def test_the_keys_are_sorted_by_rfc_8949_where_the_library_sorts_by_7049() -> None:
    value: Any = {100: 0, -1: 0, "a": 0}
    assert cbor.dumps(value) != cbor2.dumps(value, canonical=True)


def test_an_empty_byte_string_for_zero_is_not_a_short_form_of_it() -> None:
    assert cbor.dumps(0) != cbor.dumps(b"")


def nested(levels: int, kind: str, inside: bytes) -> bytes:
    head = {"array": b"\x81", "map": b"\xa1\x01", "tag": b"\xd2"}[kind]
    return head * levels + inside


@pytest.mark.parametrize("kind", ["array", "map", "tag"])
def test_eight_levels_are_read_and_nine_refused(kind: str) -> None:
    assert cbor.loads(nested(8, kind, b"\x00"), LIMIT) is not None
    with pytest.raises(Malformed, match="8 levels"):
        cbor.loads(nested(9, kind, b"\x00"), LIMIT)


@pytest.mark.parametrize("innermost", [b"\x80", b"\xa0", b"\xd2\x00"])
def test_an_empty_container_counts_a_level(innermost: bytes) -> None:
    assert cbor.loads(nested(7, "array", innermost), LIMIT) is not None
    with pytest.raises(Malformed, match="8 levels"):
        cbor.loads(nested(8, "array", innermost), LIMIT)


def test_mixed_levels_count_alike() -> None:
    mixed = b"\xd2\x81\xa1\x01\xd8\x60"  # tag, array, map, tag
    assert cbor.loads(mixed * 2 + b"\x00", LIMIT) is not None
    with pytest.raises(Malformed, match="8 levels"):
        cbor.loads(mixed * 2 + b"\x81\x00", LIMIT)


def test_a_byte_string_that_holds_cbor_starts_anew() -> None:
    inner = nested(8, "array", b"\x00")
    assert cbor.loads(nested(8, "array", cbor.dumps(inner)), LIMIT) is not None


def test_the_writer_keeps_to_eight_levels_too() -> None:
    value: Any = 0
    for _ in range(8):
        value = [value]
    cbor.dumps(value)
    with pytest.raises(Malformed):
        cbor.dumps([value])


def test_thousands_of_levels_are_refused_without_a_crash() -> None:
    with pytest.raises(Malformed):
        cbor.loads(b"\x81" * 100_000, LIMIT)


def test_the_size_limit_is_exact() -> None:
    data = cbor.dumps(bytes(1000))
    assert cbor.loads(data, len(data)) == bytes(1000)
    with pytest.raises(TooLarge):
        cbor.loads(data, len(data) - 1)


@pytest.mark.parametrize(
    "value",
    [1.5, {1.5: 0}, {b"k": 0}, {None: 0}, {True: 0}, U64 + 1, -2 - U64, object(), {1, 2},
     cbor2.CBORTag(2, b"\x01"), "\ud800", {"\ud800": 0}, cbor2.undefined],
)  # fmt: skip
def test_the_writer_refuses_values_the_formats_do_not_know(value: Any) -> None:
    with pytest.raises(Malformed):
        cbor.dumps(value)


def test_long_text_survives_wherever_its_characters_are_split() -> None:
    for ahead in range(3):
        value = "a" * ahead + "快" * 50_000
        assert cbor.loads(cbor.dumps(value), LIMIT) == value


numbers = st.integers(-1 - U64, U64)
keys = st.one_of(numbers, st.text(max_size=5))
scalars = st.one_of(numbers, st.binary(max_size=40), st.text(max_size=20), st.booleans(), st.none())
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(keys, inner, max_size=4),
        st.builds(cbor2.CBORTag, st.sampled_from([18, 96]), inner),
    ),
    max_leaves=8,
)


def levels(value: Any) -> int:
    if isinstance(value, cbor2.CBORTag):
        return 1 + levels(value.value)
    if isinstance(value, list):
        return 1 + max(map(levels, value), default=0)
    if isinstance(value, dict):
        return 1 + max(map(levels, value.values()), default=0)
    return 0


@given(values.filter(lambda value: levels(value) <= 8))
def test_reading_what_was_written_gives_the_value_back(value: Any) -> None:
    assert cbor.loads(cbor.dumps(value), LIMIT) == value


def check_one_encoding(data: bytes) -> None:
    """Refused with a WireError, or the only encoding of its value."""
    try:
        value = cbor.loads(data, LIMIT)
    except WireError:
        return
    assert cbor.dumps(value) == data


@given(st.binary(max_size=60))
def test_any_bytes_that_are_read_are_the_only_encoding_of_their_value(data: bytes) -> None:
    check_one_encoding(data)


@given(st.lists(values.filter(lambda value: levels(value) <= 7), max_size=4))
def test_the_elements_of_an_array_come_as_they_are_encoded(items: list[Any]) -> None:
    elements = cbor.elements(cbor.dumps(items), LIMIT)
    assert [cbor.loads(element, LIMIT) for element in elements] == items
    assert b"".join(elements) == cbor.dumps(items)[-sum(map(len, elements)) or 1 :]


@pytest.mark.parametrize("encoded", MALFORMED.values(), ids=MALFORMED)
def test_elements_are_read_as_strictly(encoded: str) -> None:
    with pytest.raises(Malformed):
        cbor.elements(b"\x82\x00" + bytes.fromhex(encoded), LIMIT)


@pytest.mark.parametrize("encoded", ["00", "a0", "40", "d280", "81", "8100" + "00", ""])
def test_what_is_no_array_has_no_elements(encoded: str) -> None:
    with pytest.raises(Malformed):
        cbor.elements(bytes.fromhex(encoded), LIMIT)


heads = st.builds(
    lambda major, low: bytes([major << 5 | low]), st.integers(0, 7), st.integers(0, 27)
)


@given(st.lists(st.one_of(heads, st.binary(min_size=1, max_size=3)), max_size=12).map(b"".join))
def test_bytes_that_look_like_cbor_are_no_exception(data: bytes) -> None:
    check_one_encoding(data)


@given(values.filter(lambda value: levels(value) <= 8), st.data())
def test_a_changed_byte_never_gives_a_second_encoding(value: Any, data: st.DataObject) -> None:
    encoded = bytearray(cbor.dumps(value))
    encoded[data.draw(st.integers(0, len(encoded) - 1))] = data.draw(st.integers(0, 255))
    check_one_encoding(bytes(encoded))


@given(values.filter(lambda value: levels(value) <= 8))
def test_the_library_in_its_default_reads_the_same(value: Any) -> None:
    """A second reader, without our scanner, understands what we write."""
    assert cbor2.loads(cbor.dumps(value)) == value


SECRET = "沈砚秋SECRETVALUE"


@pytest.mark.parametrize(
    "encoded",
    [
        b"\x82" + cbor2.dumps(SECRET) + b"\x61\xff",
        cbor2.dumps(SECRET) + b"\x00",
        b"\xa2" + 2 * (cbor2.dumps(SECRET) + b"\x00"),
        b"\x78\x40" + SECRET.encode(),
        b"\x78\x1e" + SECRET.encode()[:29] + b"\xff",
    ],
)
def test_a_refusal_never_repeats_what_it_refused(encoded: bytes) -> None:
    with pytest.raises(WireError) as refused:
        cbor.loads(encoded, LIMIT)
    told = "".join(traceback.format_exception(refused.value)) + repr(refused.value)
    assert "SECRET" not in told
    assert "沈" not in told
    assert encoded.hex() not in told


@pytest.mark.parametrize("size", [0, 1, 23, 24, 255, 256, 65_535, 65_536, 300_016])
def test_the_head_of_a_byte_string_is_the_one_the_encoder_writes(size: int) -> None:
    assert cbor.dumps(bytes(size)) == cbor.byte_string_head(size) + bytes(size)
