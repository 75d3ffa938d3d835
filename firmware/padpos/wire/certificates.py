"""Terminal certificates (formats §2): one purpose each, the same CN."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from padpos.wire.errors import Malformed, WrongKey
from padpos.wire.keys import PublicKey, signing_public

DOCUMENT_SIGNING = ObjectIdentifier("1.3.6.1.5.5.7.3.36")  # RFC 9336
CLIENT_AUTH = ExtendedKeyUsageOID.CLIENT_AUTH


@dataclass(frozen=True, slots=True)
class EntryCertificate:
    """The certificate that binds an entry key to a terminal id."""

    terminal: str
    key: PublicKey
    sha256: bytes


def read_entry_certificate(der: bytes) -> EntryCertificate:
    """Read a DER certificate that may sign entries. Raises Malformed or WrongKey."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        key = signing_public(certificate.public_key())
    except WrongKey:  # a ValueError too
        raise
    except UnsupportedAlgorithm as error:
        raise WrongKey("a certificate for a key of an unknown algorithm") from error
    except (ValueError, x509.InvalidVersion) as error:
        raise Malformed("not an X.509 certificate") from error
    require_purpose(certificate, DOCUMENT_SIGNING)
    digest = hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()
    return EntryCertificate(common_name(certificate), key, digest)


def require_purpose(certificate: x509.Certificate, purpose: ObjectIdentifier) -> None:
    """Refuse a certificate whose extended key usage is not `purpose` alone. Raises WrongKey."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError) as error:
        raise WrongKey("a certificate without one extended key usage") from error
    if list(usage) != [purpose]:
        raise WrongKey("a certificate made for another use")


def common_name(certificate: x509.Certificate) -> str:
    """The one CN of the subject: the terminal id. Raises Malformed."""
    try:  # the subject is parsed only now
        names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    except ValueError as error:
        raise Malformed("a certificate with a subject that does not parse") from error
    if len(names) != 1 or not isinstance(names[0].value, str):
        raise Malformed("a certificate without exactly one common name")
    return names[0].value
