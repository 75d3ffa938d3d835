"""Certificates whose every field used here was read once, so that none fails later.

The library parses a certificate's fields when they are asked for, and raises then.
"""

from collections.abc import Callable

from cryptography import x509
from cryptography.x509.oid import NameOID

from padpos_drivers.idcard.emrtd.cms import Malformed

_UNREADABLE = (
    ValueError,
    TypeError,  # a name with a string of a kind that its attribute may not have
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)


def read_der(der: bytes) -> x509.Certificate:
    """Return the certificate in DER. Raises :class:`Malformed`."""
    return _read(x509.load_der_x509_certificate, der)


def read_pem(pem: bytes) -> x509.Certificate:
    """Return the first certificate in PEM. Raises :class:`Malformed`."""
    return _read(x509.load_pem_x509_certificate, pem)


def _read(load: Callable[[bytes], x509.Certificate], data: bytes) -> x509.Certificate:
    try:
        certificate = load(data)
        _ = certificate.subject, certificate.issuer, certificate.extensions
        _ = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    except _UNREADABLE:
        pass
    else:
        return certificate
    raise Malformed("certificate")


def country(certificate: x509.Certificate) -> str:
    """Return the two letters of a certificate's subject, empty where there are none."""
    found = certificate.subject.get_attributes_for_oid(NameOID.COUNTRY_NAME)
    return str(found[0].value).upper() if len(found) == 1 else ""


def authority_key(certificate: x509.Certificate) -> bytes | None:
    """Return the key identifier of who issued a certificate, if it is stated."""
    for extension in certificate.extensions:
        if isinstance(extension.value, x509.AuthorityKeyIdentifier):
            return extension.value.key_identifier
    return None


def subject_key(certificate: x509.Certificate) -> bytes | None:
    """Return the identifier of a certificate's own key, if it is stated."""
    for extension in certificate.extensions:
        if isinstance(extension.value, x509.SubjectKeyIdentifier):
            return extension.value.digest
    return None


def may_issue(certificate: x509.Certificate) -> bool:
    """Tell whether a certificate says that its key issues others."""
    return any(
        isinstance(extension.value, x509.BasicConstraints) and extension.value.ca
        for extension in certificate.extensions
    )
