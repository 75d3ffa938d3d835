"""Typed access to decoded CBOR: each refuses what its place does not allow, and names the place."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TypeVar

from padpos.wire.cbor import Cbor
from padpos.wire.errors import Malformed

T = TypeVar("T")
U64 = (1 << 64) - 1


def fixed_map(value: Cbor, keys: Iterable[int], where: str) -> dict[int | str, Cbor]:
    """A map with exactly these integer keys."""
    if not isinstance(value, dict):
        raise Malformed(f"{where}: not a map")
    wanted = set(keys)
    if missing := wanted - value.keys():
        raise Malformed(f"{where}: key {min(missing)} is missing")
    if value.keys() - wanted:
        raise Malformed(f"{where}: a key the format does not know")
    return value


def fixed_array(value: Cbor, sizes: Collection[int], where: str) -> list[Cbor]:
    """An array whose length is one of `sizes`."""
    if not isinstance(value, list) or len(value) not in sizes:
        raise Malformed(f"{where}: not an array of {' or '.join(map(str, sizes))} elements")
    return value


def array_of(value: Cbor, read: Callable[[Cbor, str], T], where: str, most: int) -> list[T]:
    """An array of at most `most` elements, each read by `read`."""
    if not isinstance(value, list):
        raise Malformed(f"{where}: not an array")
    if len(value) > most:
        raise Malformed(f"{where}: more than {most} elements")
    return [read(item, f"{where}[{index}]") for index, item in enumerate(value)]


def uint(value: Cbor, where: str, most: int = U64) -> int:
    """An unsigned integer up to `most`."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise Malformed(f"{where}: not an unsigned integer up to {most}")
    return value


def counted(value: Cbor, where: str, most: int = U64) -> int:
    """An integer from 1 up to `most`."""
    if uint(value, where, most) == 0:
        raise Malformed(f"{where}: counted from 1")
    return uint(value, where, most)


def integer(value: Cbor, where: str) -> int:
    """Any 64-bit integer, CBOR major types 0 and 1."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise Malformed(f"{where}: not an integer")
    return value


def boolean(value: Cbor, where: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise Malformed(f"{where}: not true or false")
    return value


def octets(value: Cbor, where: str, size: int | None = None) -> bytes:
    """A byte string, of exactly `size` bytes where given."""
    if not isinstance(value, bytes) or (size is not None and len(value) != size):
        raise Malformed(f"{where}: not {'a byte string' if size is None else f'{size} bytes'}")
    return value


def text(value: Cbor, where: str, most: int = 256) -> str:
    """A text of at most `most` characters."""
    if not isinstance(value, str) or len(value) > most:
        raise Malformed(f"{where}: not a text of at most {most} characters")
    return value


def one_of(value: Cbor, choices: Collection[str], where: str) -> str:
    """A text out of a closed set."""
    if not isinstance(value, str) or value not in choices:
        raise Malformed(f"{where}: not one of {', '.join(sorted(choices))}")
    return value


def optional(value: Cbor, read: Callable[[Cbor, str], T], where: str) -> T | None:
    """Null, or what `read` reads."""
    return None if value is None else read(value, where)
