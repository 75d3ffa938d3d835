"""A state that issues documents: its root (CSCA), its signers, the SOD and a master list.

Keys and certificates are made anew at each start; nothing they sign is worth anything elsewhere.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from padpos_drivers.idcard.sim.emrtd.der import (
    integer,
    octets,
    oid,
    sequence,
    set_of,
    tlv,
    utc_time,
)

_SHA256: Final = sequence(oid("2.16.840.1.101.3.4.2.1"))
_ECDSA: Final = sequence(oid("1.2.840.10045.4.3.2"))
_PSS_OID: Final = "1.2.840.113549.1.1.10"
_LDS: Final = "2.23.136.1.1.1"
_MASTER_LIST: Final = "2.23.136.1.1.2"
_YEAR: Final = timedelta(days=365)

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True, repr=False)
class Signer:
    """A document signer: its key and the certificate the state gave it."""

    key: Key
    certificate: x509.Certificate


class State:
    """A state with its root; ``now`` is when it begins."""

    def __init__(
        self,
        country: str = "UT",
        *,
        curve: ec.EllipticCurve | None = None,
        now: datetime | None = None,
    ) -> None:
        self._country = country
        self._curve = curve or ec.BrainpoolP256R1()
        self._now = now or datetime.now(UTC)
        self._key = ec.generate_private_key(self._curve)
        self.root = self._root()

    @property
    def pem(self) -> bytes:
        """The root certificate as text, for an operator to keep."""
        return self.root.public_bytes(Encoding.PEM)

    def signer(
        self, *, start: datetime | None = None, end: datetime | None = None, is_rsa: bool = False
    ) -> Signer:
        """Appoint a signer, by default valid from a day ago for ten years."""
        key: Key = (
            rsa.generate_private_key(65537, 2048)
            if is_rsa
            else ec.generate_private_key(self._curve)
        )
        begin = start or self._now - timedelta(days=1)
        builder = (
            self._builder("Signer", begin, end or begin + 10 * _YEAR)
            .public_key(key.public_key())
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
        )
        return Signer(key, builder.sign(self._key, SHA256()))

    def master_list(self, others: "tuple[State, ...]" = ()) -> bytes:
        """Return a master list of this state's root and those of others, signed."""
        roots = [state.root.public_bytes(Encoding.DER) for state in (self, *others)]
        content = sequence(integer(0), set_of(roots))
        return signed_data(_MASTER_LIST, content, self.signer(), self._now)

    def _root(self) -> x509.Certificate:
        builder = (
            self._builder("CSCA", self._now - 2 * _YEAR, self._now + 13 * _YEAR)
            .public_key(self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False
            )
        )
        return builder.sign(self._key, SHA256())

    def _builder(self, role: str, start: datetime, end: datetime) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(_name(self._country, role))
            .issuer_name(_name(self._country, "CSCA"))
            .serial_number(x509.random_serial_number())
            .not_valid_before(start)
            .not_valid_after(end)
        )


def security_object(
    files: Mapping[int, bytes], signer: Signer, signed: datetime | None = None
) -> bytes:
    """Return EF.SOD over the data groups among files (identifiers 0101 to 0110)."""
    groups = {name - 0x100: content for name, content in files.items() if 0x101 <= name <= 0x110}
    hashes = [
        sequence(integer(group), octets(hashlib.sha256(content).digest()))
        for group, content in sorted(groups.items())
    ]
    content = sequence(integer(0), _SHA256, sequence(*hashes))
    return tlv(0x77, signed_data(_LDS, content, signer, signed or datetime.now(UTC)))


def signed_data(kind: str, content: bytes, signer: Signer, moment: datetime) -> bytes:
    """Return a SignedData around content, by one signer whose certificate is in it."""
    certificate = signer.certificate
    attributes = set_of(
        (
            sequence(oid("1.2.840.113549.1.9.3"), set_of([oid(kind)])),
            sequence(
                oid("1.2.840.113549.1.9.4"), set_of([octets(hashlib.sha256(content).digest())])
            ),
            sequence(oid("1.2.840.113549.1.9.5"), set_of([utc_time(moment)])),
        )
    )
    who = sequence(certificate.issuer.public_bytes(), integer(certificate.serial_number))
    algorithm, signature = _sign(signer.key, attributes)
    info = sequence(
        integer(1), who, _SHA256, b"\xa0" + attributes[1:], algorithm, octets(signature)
    )
    inside = sequence(
        integer(3),
        set_of([_SHA256]),
        sequence(oid(kind), tlv(0xA0, octets(content))),
        tlv(0xA0, certificate.public_bytes(Encoding.DER)),
        set_of([info]),
    )
    return sequence(oid("1.2.840.113549.1.7.2"), tlv(0xA0, inside))


def _sign(key: Key, data: bytes) -> tuple[bytes, bytes]:
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return _ECDSA, key.sign(data, ec.ECDSA(SHA256()))
    mask = sequence(oid("1.2.840.113549.1.1.8"), _SHA256)
    parameters = sequence(tlv(0xA0, _SHA256), tlv(0xA1, mask), tlv(0xA2, integer(32)))
    signature = key.sign(data, padding.PSS(padding.MGF1(SHA256()), 32), SHA256())
    return sequence(oid(_PSS_OID), parameters), signature


def _name(country: str, role: str) -> x509.Name:
    return x509.Name(
        (
            x509.NameAttribute(NameOID.COUNTRY_NAME, country),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Specimen {role}"),
        )
    )
