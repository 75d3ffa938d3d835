"""The small CA: a root of its own, and certificates of one purpose each (RFC 5280, formats §2)."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from padpos_services.authority.errors import HomeUnusable
from padpos_services.authority.home import Home
from padpos_services.shared.files import write_private

ROOT_YEARS = 20
SERVICE_DAYS = 3 * 365
TERMINAL_DAYS = 2 * 365
_CLOCK_SKEW = timedelta(hours=1)


def found_root(home: Home) -> None:
    """Make the CA's key and its self-signed certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("padpos authority root")
    certificate = (
        _builder(name, name, key.public_key(), ROOT_YEARS * 365)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    write_private(home.office / "ca-key.pem", _pem(key))
    home.ca.write_bytes(certificate.public_bytes(Encoding.PEM))


class Ca:
    """The CA with its key in hand."""

    def __init__(self, home: Home) -> None:
        key = load_pem_private_key((home.office / "ca-key.pem").read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise HomeUnusable("the CA's key is not an elliptic-curve key")
        self._key = key
        self._root = x509.load_pem_x509_certificate(home.ca.read_bytes())

    def issue(
        self,
        common_name: str,
        key: ec.EllipticCurvePublicKey,
        purpose: ObjectIdentifier,
        days: int,
        host: str | None = None,
    ) -> x509.Certificate:
        """A certificate for this one purpose; `host` is the address a server answers at."""
        builder = (
            _builder(_name(common_name), self._root.subject, key, days)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
        )
        if host is not None:
            alternative = x509.SubjectAlternativeName([_general_name(host)])
            builder = builder.add_extension(alternative, critical=False)
        return builder.sign(self._key, hashes.SHA256())

    def issue_server(self, folder: Path, host: str) -> None:
        """The broker's certificate and key, as `server.pem` and `server-key.pem`."""
        self._issue_own(folder, "server", "padpos broker", ExtendedKeyUsageOID.SERVER_AUTH, host)

    def issue_client(self, folder: Path, identity: str) -> None:
        """A back-office client's certificate and key, as `tls.pem` and `tls-key.pem`."""
        self._issue_own(folder, "tls", identity, ExtendedKeyUsageOID.CLIENT_AUTH, None)

    def _issue_own(
        self, folder: Path, stem: str, name: str, purpose: ObjectIdentifier, host: str | None
    ) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self.issue(name, key.public_key(), purpose, SERVICE_DAYS, host)
        write_private(folder / f"{stem}-key.pem", _pem(key))
        (folder / f"{stem}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + timedelta(days=days))
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
