"""Elliptic curves by the schoolbook: points are pairs of integers, None the neutral one.

Slow and of uneven time, which a simulated chip may be.
"""

from dataclasses import dataclass
from typing import Final

Point = tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Group:
    """A curve y² = x³ + ax + b over p with a generator of order n."""

    p: int
    a: int
    g: tuple[int, int]
    n: int

    @property
    def width(self) -> int:
        """Bytes of a coordinate."""
        return (self.p.bit_length() + 7) // 8

    def plus(self, one: Point, two: Point) -> Point:
        """Return a sum."""
        if one is None or two is None:
            return one or two
        if one[0] == two[0]:
            if (one[1] + two[1]) % self.p == 0:
                return None
            slope = (3 * one[0] ** 2 + self.a) * pow(2 * one[1], -1, self.p)
        else:
            slope = (two[1] - one[1]) * pow(two[0] - one[0], -1, self.p)
        x = (slope**2 - one[0] - two[0]) % self.p
        return x, (slope * (one[0] - x) - one[1]) % self.p

    def times(self, scalar: int, point: Point) -> Point:
        """Return a multiple, bit by bit."""
        product: Point = None
        for bit in f"{scalar:b}":
            product = self.plus(product, product)
            if bit == "1":
                product = self.plus(product, point)
        return product

    def write(self, point: Point) -> bytes:
        """Return the uncompressed encoding."""
        if point is None:
            raise ValueError("the neutral point")
        return b"\x04" + b"".join(value.to_bytes(self.width, "big") for value in point)

    def read(self, encoded: bytes) -> tuple[int, int]:
        """Return the point of an uncompressed encoding."""
        if len(encoded) != 1 + 2 * self.width or encoded[0] != 4:
            raise ValueError("not a point")
        middle = 1 + self.width
        return int.from_bytes(encoded[1:middle], "big"), int.from_bytes(encoded[middle:], "big")


def _group(p: str, a: str, x: str, y: str, n: str) -> Group:
    return Group(int(p, 16), int(a, 16), (int(x, 16), int(y, 16)), int(n, 16))


# By the numbers of Doc 9303-11 §9.5.1.
GROUPS: Final = {
    12: _group(
        "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
        "ffffffff00000001000000000000000000000000fffffffffffffffffffffffc",
        "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
    ),
    13: _group(
        "a9fb57dba1eea9bc3e660a909d838d726e3bf623d52620282013481d1f6e5377",
        "7d5a0975fc2c3057eef67530417affe7fb8055c126dc5c6ce94a4b44f330b5d9",
        "8bd2aeb9cb7e57cb2c4b482ffc81b7afb9de27e1e3bd23c23a4453bd9ace3262",
        "547ef835c3dac4fd97f8461a14611dc9c27745132ded8e545c1d54c72f046997",
        "a9fb57dba1eea9bc3e660a909d838d718c397aa3b561a6f7901e0e82974856a7",
    ),
}
