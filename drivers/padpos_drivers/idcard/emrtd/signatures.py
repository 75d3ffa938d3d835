"""Checking one signature, of the kinds that states use (Doc 9303-12 §7.1.1, RFC 5652).

RSA with PKCS #1 v1.5 or PSS, and ECDSA, over SHA-2. SHA-1 proves nothing any more.
"""

from typing import Annotated, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding

from padpos_drivers.idcard.emrtd.cms import (
    Algorithm,
    Malformed,
    Signer,
    decode,
    of_parts,
    read_algorithm,
)
from padpos_drivers.idcard.emrtd.public_keys import PublicKey, public_key

_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "2.16.840.1.101.3.4.2.4": hashes.SHA224(),
    "2.16.840.1.101.3.4.2.1": hashes.SHA256(),
    "2.16.840.1.101.3.4.2.2": hashes.SHA384(),
    "2.16.840.1.101.3.4.2.3": hashes.SHA512(),
}
_RSA: Final = "1.2.840.113549.1.1.1"  # the hash then is the signer's digest algorithm
_PSS: Final = "1.2.840.113549.1.1.10"
_MGF1: Final = "1.2.840.113549.1.1.8"
_ECDSA: Final[dict[str, hashes.HashAlgorithm]] = {
    "1.2.840.10045.4.3.1": hashes.SHA224(),
    "1.2.840.10045.4.3.2": hashes.SHA256(),
    "1.2.840.10045.4.3.3": hashes.SHA384(),
    "1.2.840.10045.4.3.4": hashes.SHA512(),
}
_WITH_HASH: Final[dict[str, hashes.HashAlgorithm]] = _ECDSA | {
    "1.2.840.113549.1.1.14": hashes.SHA224(),
    "1.2.840.113549.1.1.11": hashes.SHA256(),
    "1.2.840.113549.1.1.12": hashes.SHA384(),
    "1.2.840.113549.1.1.13": hashes.SHA512(),
}
_NAMES: Final = frozenset(digest.name for digest in _HASHES.values())
_DEFAULT_SALT: Final = 20
_MOST_SALT: Final = 256


@asn1.sequence
class _Pss:
    hash: Annotated[list[asn1.TLV] | None, asn1.Explicit(0)]
    mask: Annotated[list[asn1.TLV] | None, asn1.Explicit(1)]
    salt: Annotated[int | None, asn1.Explicit(2)]
    trailer: Annotated[int | None, asn1.Explicit(3)]


def digest_of(algorithm: Algorithm, data: bytes) -> bytes:
    """Return the digest of data. Raises :class:`Malformed` for an algorithm not accepted."""
    digest = hashes.Hash(hash_of(algorithm))
    digest.update(data)
    return digest.finalize()


def hash_of(algorithm: Algorithm) -> hashes.HashAlgorithm:
    """Return the hash an identifier names. Raises :class:`Malformed` for one not accepted."""
    found = _HASHES.get(algorithm.kind.dotted_string)
    if found is None:
        raise Malformed("hash algorithm")
    return found


def signer_signed(signer: Signer, key: PublicKey) -> bool:
    """Tell whether a key made a signer's signature over its signed attributes.

    Raises :class:`Malformed` for an algorithm that is not accepted here.
    """
    name = signer.signature.kind.dotted_string
    scheme: padding.AsymmetricPadding
    if name == _PSS:
        scheme, digest = _pss(signer.signature)
    else:
        scheme = padding.PKCS1v15()
        digest = hash_of(signer.digest) if name == _RSA else _with_hash(name)
    if isinstance(key, ec.EllipticCurvePublicKey) != (name in _ECDSA):
        raise Malformed("signature algorithm")
    return _verifies(key, signer.value, signer.attributes, scheme, digest)


def issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Tell whether an issuer's key made a certificate's signature; False where it can't be said."""
    try:
        key = public_key(issuer)
        scheme, digest = (
            certificate.signature_algorithm_parameters,
            certificate.signature_hash_algorithm,
        )
    except (Malformed, UnsupportedAlgorithm, ValueError):
        return False
    if digest is None or digest.name not in _NAMES:
        return False
    return _verifies(key, certificate.signature, certificate.tbs_certificate_bytes, scheme, digest)


def _verifies(
    key: PublicKey, signature: bytes, data: bytes, scheme: object, digest: hashes.HashAlgorithm
) -> bool:
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, data, ec.ECDSA(digest))
        elif isinstance(scheme, padding.PSS | padding.PKCS1v15):
            key.verify(signature, data, scheme, digest)
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def _with_hash(name: str) -> hashes.HashAlgorithm:
    if name not in _WITH_HASH:
        raise Malformed("signature algorithm")
    return _WITH_HASH[name]


def _pss(algorithm: Algorithm) -> tuple[padding.PSS, hashes.HashAlgorithm]:
    """Return the scheme; left-out parameters mean SHA-1, which is not accepted (RFC 4055)."""
    stated = decode(_Pss, algorithm.parameters or b"")
    if stated.hash is None or stated.mask is None or stated.trailer not in {None, 1}:
        raise Malformed("PSS parameters")
    mask = of_parts(stated.mask)
    if mask.kind.dotted_string != _MGF1 or mask.parameters is None:
        raise Malformed("PSS parameters")
    salt = _DEFAULT_SALT if stated.salt is None else stated.salt
    if not 0 <= salt <= _MOST_SALT:
        raise Malformed("PSS parameters")
    generator = padding.MGF1(hash_of(read_algorithm(mask.parameters)))
    return padding.PSS(generator, salt), hash_of(of_parts(stated.hash))
