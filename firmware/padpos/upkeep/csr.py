"""A certificate request signed by a Signer, wherever its key is (RFC 2986)."""

from __future__ import annotations

from typing import NoReturn

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from padpos.wire.keys import Signer


def csr(signer: Signer, terminal: str) -> str:
    """A request, PEM, for a certificate whose CN is the terminal id. Raises CannotSign."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, terminal)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    made = builder.sign(_SignersKey(signer), hashes.SHA256())
    return made.public_bytes(Encoding.PEM).decode("ascii")


class _SignersKey(ec.EllipticCurvePrivateKey):
    """A P-256 Signer where `cryptography` wants a private key: it can sign, and nothing else."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    @property
    def curve(self) -> ec.EllipticCurve:
        return ec.SECP256R1()

    @property
    def key_size(self) -> int:
        return self.curve.key_size

    def public_key(self) -> ec.EllipticCurvePublicKey:
        return ec.EllipticCurvePublicKey.from_encoded_point(self.curve, self._signer.public.raw)

    def sign(
        self,
        data: bytes | bytearray | memoryview,
        signature_algorithm: ec.EllipticCurveSignatureAlgorithm,
    ) -> bytes:
        if not isinstance(signature_algorithm.algorithm, hashes.SHA256):
            raise UnsupportedAlgorithm("a Signer hashes with SHA-256")
        raw = self._signer.sign(bytes(data))
        return utils.encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))

    def exchange(self, *_: object) -> NoReturn:
        raise _can_only_sign()

    def private_numbers(self) -> NoReturn:
        raise _can_only_sign()

    def private_bytes(self, *_: object) -> NoReturn:
        raise _can_only_sign()

    def __copy__(self) -> _SignersKey:
        return self

    def __deepcopy__(self, _: object) -> _SignersKey:
        return self


def _can_only_sign() -> UnsupportedAlgorithm:
    return UnsupportedAlgorithm("this key can only sign")
