"""The states' root certificates (CSCA) that the operator supplied, and what they vouch for."""

from collections.abc import Iterable, Iterator

from cryptography import x509

from padpos_drivers.idcard.emrtd.certificates import authority_key, may_issue, subject_key
from padpos_drivers.idcard.emrtd.signatures import issued


class Anchors:
    """A set of CSCA certificates; only certificates that may issue others count."""

    def __init__(self, certificates: Iterable[x509.Certificate] = ()) -> None:
        self._certificates = tuple(one for one in certificates if may_issue(one))

    def __len__(self) -> int:
        return len(self._certificates)

    def __iter__(self) -> Iterator[x509.Certificate]:
        return iter(self._certificates)

    def issuer_of(self, certificate: x509.Certificate) -> x509.Certificate | None:
        """Return the CSCA whose signature a signer's certificate bears, or None.

        Names and key identifiers only choose whom to ask: states write one name in several ways.
        """
        for anchor in self._certificates:
            if _claims(certificate, anchor) and issued(certificate, anchor):
                return anchor
        return None


def _claims(certificate: x509.Certificate, anchor: x509.Certificate) -> bool:
    wanted = authority_key(certificate)
    if wanted is not None and wanted == subject_key(anchor):
        return True
    return certificate.issuer == anchor.subject
