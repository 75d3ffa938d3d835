"""The elliptic curves that travel documents use, and what mapping a generator needs of them.

Scalar multiplications are the library's, which give the x of a product only; the y is found by a
second product. Only the addition of two points is done here.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from padpos_drivers.idcard.errors import CardUnreadable


@dataclass(frozen=True, slots=True)
class Numbers:
    """A curve y² = x³ + ax + b over the field of p elements, and the order n of its group."""

    p: int
    a: int
    b: int
    n: int


class Curve(Enum):
    """Curves by the names of FIPS 186 and RFC 5639."""

    P_256 = ec.SECP256R1()
    P_384 = ec.SECP384R1()
    P_521 = ec.SECP521R1()
    BRAINPOOL_P256 = ec.BrainpoolP256R1()
    BRAINPOOL_P384 = ec.BrainpoolP384R1()
    BRAINPOOL_P512 = ec.BrainpoolP512R1()

    @property
    def numbers(self) -> Numbers:
        """The curve's parameters."""
        return _NUMBERS[self]

    @property
    def point_length(self) -> int:
        """Bytes of an uncompressed point."""
        return 1 + 2 * ((int(self.value.key_size) + 7) // 8)

    def draw(self) -> ec.EllipticCurvePrivateKey:
        """Draw a private key."""
        return ec.generate_private_key(self.value)

    def point(self, encoded: bytes, where: str) -> ec.EllipticCurvePublicKey:
        """Return the point that an uncompressed encoding names; it must lie on the curve."""
        if len(encoded) != self.point_length or encoded[0] != 0x04:
            raise CardUnreadable(f"point of {where}")
        try:
            return ec.EllipticCurvePublicKey.from_encoded_point(self.value, encoded)
        except ValueError:
            pass
        raise CardUnreadable(f"point of {where}")


def multiply(curve: Curve, scalar: int, point: ec.EllipticCurvePublicKey) -> tuple[int, int]:
    """Return the affine coordinates of scalar · point; 1 < scalar < n - 1.

    Of the two points with the product's x, it is the one that, with one more ``point`` added,
    has the x of (scalar + 1) · point.
    """
    base = affine(point)
    x, following = _product_x(curve, scalar, point), _product_x(curve, scalar + 1, point)
    prefix = b"\x02" + x.to_bytes(curve.point_length // 2, "big")
    even = affine(ec.EllipticCurvePublicKey.from_encoded_point(curve.value, prefix))
    odd = (even[0], curve.numbers.p - even[1])
    return even if add(curve, even, base)[0] == following else odd


def add(curve: Curve, one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    """Return the sum of two points that are not each other's opposite.

    Raises :class:`CardUnreadable` for opposites, whose sum has no coordinates.
    """
    p, a = curve.numbers.p, curve.numbers.a
    (x1, y1), (x2, y2) = one, other
    if x1 == x2 and (y1 + y2) % p == 0:
        raise CardUnreadable("sum of points")
    if x1 == x2:
        slope = (3 * x1 * x1 + a) * pow(2 * y1, -1, p) % p
    else:
        slope = (y2 - y1) * pow(x2 - x1, -1, p) % p
    x3 = (slope * slope - x1 - x2) % p
    return x3, (slope * (x1 - x3) - y1) % p


def affine(point: ec.EllipticCurvePublicKey) -> tuple[int, int]:
    """Return a point's coordinates."""
    numbers = point.public_numbers()
    return numbers.x, numbers.y


def encoded(curve: Curve, point: tuple[int, int]) -> bytes:
    """Return the uncompressed encoding of a point."""
    width = curve.point_length // 2
    return b"\x04" + b"".join(value.to_bytes(width, "big") for value in point)


def _product_x(curve: Curve, scalar: int, point: ec.EllipticCurvePublicKey) -> int:
    key = ec.derive_private_key(scalar, curve.value)
    return int.from_bytes(key.exchange(ec.ECDH(), point), "big")


def _numbers(p: str, a: str, b: str, n: str) -> Numbers:
    return Numbers(*(int(value.replace(" ", ""), 16) for value in (p, a, b, n)))


_NUMBERS: Final = {
    Curve.P_256: _numbers(
        "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF",
        "FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFC",
        "5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B",
        "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551",
    ),
    Curve.P_384: _numbers(
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFE"
        "FFFFFFFF0000000000000000FFFFFFFF",
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFE"
        "FFFFFFFF0000000000000000FFFFFFFC",
        "B3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875A"
        "C656398D8A2ED19D2A85C8EDD3EC2AEF",
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF"
        "581A0DB248B0A77AECEC196ACCC52973",
    ),
    Curve.P_521: _numbers(
        "1FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
        "FFF",
        "1FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
        "FFC",
        "51953EB9618E1C9A1F929A21A0B68540EEA2DA725B99B315F3B8B489918EF109"
        "E156193951EC7E937B1652C0BD3BB1BF073573DF883D2C34F1EF451FD46B503F"
        "00",
        "1FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
        "FFA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386"
        "409",
    ),
    Curve.BRAINPOOL_P256: _numbers(
        "A9FB57DBA1EEA9BC3E660A909D838D726E3BF623D52620282013481D1F6E5377",
        "7D5A0975FC2C3057EEF67530417AFFE7FB8055C126DC5C6CE94A4B44F330B5D9",
        "26DC5C6CE94A4B44F330B5D9BBD77CBF958416295CF7E1CE6BCCDC18FF8C07B6",
        "A9FB57DBA1EEA9BC3E660A909D838D718C397AA3B561A6F7901E0E82974856A7",
    ),
    Curve.BRAINPOOL_P384: _numbers(
        "8CB91E82A3386D280F5D6F7E50E641DF152F7109ED5456B412B1DA197FB71123"
        "ACD3A729901D1A71874700133107EC53",
        "7BC382C63D8C150C3C72080ACE05AFA0C2BEA28E4FB22787139165EFBA91F90F"
        "8AA5814A503AD4EB04A8C7DD22CE2826",
        "4A8C7DD22CE28268B39B55416F0447C2FB77DE107DCD2A62E880EA53EEB62D57"
        "CB4390295DBC9943AB78696FA504C11",
        "8CB91E82A3386D280F5D6F7E50E641DF152F7109ED5456B31F166E6CAC0425A7"
        "CF3AB6AF6B7FC3103B883202E9046565",
    ),
    Curve.BRAINPOOL_P512: _numbers(
        "AADD9DB8DBE9C48B3FD4E6AE33C9FC07CB308DB3B3C9D20ED6639CCA70330871"
        "7D4D9B009BC66842AECDA12AE6A380E62881FF2F2D82C68528AA6056583A48F3",
        "7830A3318B603B89E2327145AC234CC594CBDD8D3DF91610A83441CAEA9863BC"
        "2DED5D5AA8253AA10A2EF1C98B9AC8B57F1117A72BF2C7B9E7C1AC4D77FC94CA",
        "3DF91610A83441CAEA9863BC2DED5D5AA8253AA10A2EF1C98B9AC8B57F1117A7"
        "2BF2C7B9E7C1AC4D77FC94CADC083E67984050B75EBAE5DD2809BD638016F723",
        "AADD9DB8DBE9C48B3FD4E6AE33C9FC07CB308DB3B3C9D20ED6639CCA70330870"
        "553E5C414CA92619418661197FAC10471DB1D381085DDADDB58796829CA90069",
    ),
}
