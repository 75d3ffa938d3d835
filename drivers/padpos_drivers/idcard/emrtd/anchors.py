"""The states' root certificates (CSCA) that the operator supplied, and what they vouch for."""

from collections.abc import Iterable

from cryptography import x509
from cryptography.x509.oid import NameOID

from padpos_drivers.idcard.emrtd.signatures import issued


class Anchors:
    """A set of CSCA certificates; only certificates that may issue others count."""

    def __init__(self, certificates: Iterable[x509.Certificate] = ()) -> None:
        self._certificates = tuple(one for one in certificates if _may_issue(one))

    def __len__(self) -> int:
        return len(self._certificates)

    def issuer_of(self, certificate: x509.Certificate) -> x509.Certificate | None:
        """Return the CSCA whose signature a signer's certificate bears, or None.

        Names and key identifiers only choose whom to ask: states write one name in several ways.
        """
        for anchor in self._certificates:
            if _claims(certificate, anchor) and issued(certificate, anchor):
                return anchor
        return None


def country(certificate: x509.Certificate) -> str:
    """Return the two letters of a certificate's subject, empty where there are none."""
    found = certificate.subject.get_attributes_for_oid(NameOID.COUNTRY_NAME)
    return str(found[0].value).upper() if len(found) == 1 else ""


def _claims(certificate: x509.Certificate, anchor: x509.Certificate) -> bool:
    wanted, offered = _authority_key(certificate), _subject_key(anchor)
    if wanted is not None and offered is not None and wanted == offered:
        return True
    return certificate.issuer == anchor.subject


def _authority_key(certificate: x509.Certificate) -> bytes | None:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return None
    return extension.value.key_identifier


def _subject_key(certificate: x509.Certificate) -> bytes | None:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return None
    return extension.value.digest


def _may_issue(certificate: x509.Certificate) -> bool:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False
    return extension.value.ca
