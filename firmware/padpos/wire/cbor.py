"""Deterministic CBOR (RFC 8949 §4.2.1): one encoding per value, and a reader that takes no other.

cbor2 encodes and decodes; `_Scanner` first checks the bytes, so that the library sees only what
we could have written ourselves (its own canonical mode sorts keys by RFC 7049, and its
semantic tags build arbitrary objects).
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from typing import TypeAlias

import cbor2

from padpos.wire.errors import Malformed, TooLarge

Cbor: TypeAlias = "int | bytes | str | bool | list[Cbor] | dict[int | str, Cbor] | Tagged | None"

MAX_DEPTH = 8
TAG_SIGN1 = 18
TAG_ENCRYPT = 96
_TAGS = frozenset({TAG_SIGN1, TAG_ENCRYPT})
_UINT, _NINT, _BYTES, _TEXT, _ARRAY, _MAP, _TAG, _SIMPLE = range(8)
_SIMPLES = frozenset({0xF4, 0xF5, 0xF6})  # false, true, null
# By its first byte: the size of an item that a look at this byte settles, else 0. Most are such.
_SHORT = bytes(
    1 if first in _SIMPLES or (first & 0x1F < 24 and first >> 5 in (_UINT, _NINT))
    else 1 + (first & 0x1F) if first & 0x1F < 24 and first >> 5 in (_BYTES, _TEXT)
    else 0
    for first in range(256)
)  # fmt: skip

Tagged = cbor2.CBORTag


def dumps(value: Cbor) -> bytes:
    """Encode deterministically. Raises Malformed on a value the formats do not know."""
    try:
        encoded = cbor2.dumps(_ordered(value))
    except (cbor2.CBOREncodeError, UnicodeEncodeError) as error:
        raise Malformed("a text with a lone surrogate, or a key of no known type") from error
    _Scanner(encoded).whole()
    return encoded


def loads(data: bytes, limit: int) -> Cbor:
    """Decode `data` strictly; at most `limit` bytes. Raises Malformed or TooLarge."""
    _require_size(data, limit)
    _Scanner(data).whole()
    return _decoded(data)


def elements(data: bytes, limit: int) -> list[bytes]:
    """The encoding of each element of the array that `data` is, as strictly read as by `loads`."""
    _require_size(data, limit)
    ends = _Scanner(data).elements()
    _decoded(data)  # or a text that is not UTF-8 would pass
    return [data[start:end] for start, end in pairwise(ends)]


def _require_size(data: bytes, limit: int) -> None:
    if len(data) > limit:
        raise TooLarge(f"{len(data)} bytes where at most {limit} are allowed")


def _decoded(data: bytes) -> Cbor:
    try:
        decoded: Cbor = cbor2.loads(data)
    except (cbor2.CBORDecodeError, UnicodeDecodeError, ValueError) as error:
        raise Malformed("CBOR with text that is not UTF-8") from error
    return decoded


def byte_string_head(size: int) -> bytes:
    """The head of a byte string of `size` bytes, in its shortest form."""
    if size < 24:
        return bytes([_BYTES << 5 | size])
    width = next(width for width in range(4) if size < 1 << (8 << width))
    return bytes([_BYTES << 5 | 24 + width]) + size.to_bytes(1 << width)


def item_length(data: bytes) -> int:
    """Bytes that the first item of `data` takes; what follows it is not looked at."""
    return _Scanner(data).item(0, 0)


def _ordered(value: Cbor) -> Cbor:
    if isinstance(value, dict):
        pairs = sorted(value.items(), key=lambda pair: _encoded_key(pair[0]))
        return {key: _ordered(item) for key, item in pairs}
    if isinstance(value, list | tuple):
        return [_ordered(item) for item in value]
    if isinstance(value, Tagged):
        return Tagged(value.tag, _ordered(value.value))
    if value is None or isinstance(value, bool | int | bytes | bytearray | str):
        return value
    raise Malformed(f"a value of type {type(value).__name__} has no encoding here")


@lru_cache(maxsize=256, typed=True)
def _encoded_key(key: int | str) -> bytes:
    return cbor2.dumps(key)


class _Scanner:
    """Walks encoded bytes and refuses every encoding but the deterministic one."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def whole(self) -> None:
        self._require_end(self.item(0, 0))

    def elements(self) -> list[int]:
        """Offsets at which the elements of an array begin, and its end. Raises Malformed."""
        major, argument, at = self._head(0)
        if major != _ARRAY or argument > len(self._data):
            raise Malformed("not an array, or one that ends in mid-item")
        ends = [at]
        for _ in range(argument):
            ends.append(self.item(ends[-1], 1))
        self._require_end(ends[-1])
        return ends

    def item(self, at: int, depth: int) -> int:
        """Offset behind the item at `at`, which lies within `depth` others."""
        if at < len(self._data):
            end = at + _SHORT[self._data[at]]
            if at < end <= len(self._data):
                return end
        major, argument, at = self._head(at)
        if major in (_UINT, _NINT, _SIMPLE):
            return at
        if major in (_BYTES, _TEXT):
            return self._skip(at, argument)
        if depth >= MAX_DEPTH:
            raise Malformed(f"nested deeper than {MAX_DEPTH} levels, at offset {at}")
        if major == _TAG:
            if argument not in _TAGS:
                raise Malformed(f"a tag the formats do not know, at offset {at}")
            return self.item(at, depth + 1)
        if argument > len(self._data) - at:  # each element takes a byte at least
            raise Malformed(f"fewer elements than announced, at offset {at}")
        if major == _ARRAY:
            for _ in range(argument):
                at = self.item(at, depth + 1)
            return at
        return self._map(at, argument, depth)

    def _require_end(self, end: int) -> None:
        if end != len(self._data):
            raise Malformed(f"bytes after the end of the CBOR item, at offset {end}")

    def _map(self, at: int, pairs: int, depth: int) -> int:
        previous = b""
        for _ in range(pairs):
            start = at
            if at < len(self._data) and self._data[at] >> 5 not in (_UINT, _NINT, _TEXT):
                raise Malformed(f"a map key that is neither integer nor text, at offset {at}")
            at = self.item(at, depth + 1)
            key = self._data[start:at]
            if key <= previous:
                raise Malformed(f"map keys unsorted or doubled, at offset {start}")
            previous = key
            at = self.item(at, depth + 1)
        return at

    def _head(self, at: int) -> tuple[int, int, int]:
        if at >= len(self._data):
            raise Malformed(f"ends in mid-item, at offset {at}")
        initial = self._data[at]
        major, low = initial >> 5, initial & 0x1F
        if major == _SIMPLE:
            if initial not in _SIMPLES:
                raise Malformed(f"a float or simple value the formats do not know, at offset {at}")
            return major, low, at + 1
        if low < 24:
            return major, low, at + 1
        if low > 27:
            raise Malformed(f"an indefinite or reserved length, at offset {at}")
        size = 1 << (low - 24)
        end = self._skip(at + 1, size)
        argument = int.from_bytes(self._data[at + 1 : end])
        least = 24 if size == 1 else 1 << (4 * size)
        if argument < least:
            raise Malformed(f"a length or number not in its shortest form, at offset {at}")
        return major, argument, end

    def _skip(self, at: int, size: int) -> int:
        if size > len(self._data) - at:
            raise Malformed(f"ends in mid-item, at offset {at}")
        return at + size
