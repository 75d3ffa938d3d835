"""Public keys of signers, also those whose certificates spell their curve out.

Doc 9303-12 §7.1.1 has states write a curve's parameters in full. The library takes that for the
curves of FIPS 186 only, so those of RFC 5639 are recognised here; a curve that is none of ours is
refused, never computed on.
"""

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import ObjectIdentifier

from padpos_drivers.idcard.emrtd.cms import Malformed, decode, parts, raw
from padpos_drivers.idcard.emrtd.curves import Curve, Numbers

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey
_LEAST_RSA_BITS = 2048
_VERSION_TAG = b"\xa0"


@asn1.sequence
class _Field:
    kind: ObjectIdentifier
    prime: int


@asn1.sequence
class _Equation:
    a: bytes
    b: bytes
    seed: asn1.BitString | None


@asn1.sequence
class _Domain:
    version: int
    field: _Field
    equation: _Equation
    base: bytes
    order: int
    cofactor: int | None


@asn1.sequence
class _EcAlgorithm:
    kind: ObjectIdentifier
    domain: _Domain


@asn1.sequence
class _EcKey:
    algorithm: _EcAlgorithm
    point: asn1.BitString


def public_key(certificate: x509.Certificate) -> PublicKey:
    """Return a certificate's key. Raises :class:`Malformed` for one not to be used here."""
    key = _by_library(certificate)
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _LEAST_RSA_BITS:
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return key
    raise Malformed("public key")


def _by_library(certificate: x509.Certificate) -> object:
    try:
        return certificate.public_key()
    except UnsupportedAlgorithm:
        pass
    except ValueError:
        return None
    return _explicit(certificate)


def _explicit(certificate: x509.Certificate) -> ec.EllipticCurvePublicKey:
    """Return the key on the curve of ours that has the parameters spelt out."""
    key = decode(_EcKey, _key_info(certificate))
    domain = key.algorithm.domain
    stated = Numbers(
        p=domain.field.prime,
        a=int.from_bytes(domain.equation.a, "big"),
        b=int.from_bytes(domain.equation.b, "big"),
        n=domain.order,
    )
    for curve in Curve:
        if curve.numbers == stated and _has_base(curve, domain.base):
            return _point(curve, key.point.as_bytes())
    raise Malformed("curve")


def _has_base(curve: Curve, encoded: bytes) -> bool:
    generator = ec.derive_private_key(1, curve.value).public_key().public_numbers()
    return _point(curve, encoded).public_numbers() == generator


def _point(curve: Curve, encoded: bytes) -> ec.EllipticCurvePublicKey:
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(curve.value, encoded)
    except ValueError:
        pass
    raise Malformed("point")


def _key_info(certificate: x509.Certificate) -> bytes:
    """Return the DER of SubjectPublicKeyInfo: the seventh field, the version being optional."""
    fields = parts(certificate.tbs_certificate_bytes)
    index = 6 if fields and fields[0].tag_bytes == _VERSION_TAG else 5
    if len(fields) <= index:
        raise Malformed("certificate")
    return raw(fields[index])


_CURVES = frozenset(curve.value.name for curve in Curve)
