"""The ASN.1 of signed objects (RFC 5652), and of what travel documents sign with it.

Parsed by the library's strict DER reader. A SET OF is read as a SEQUENCE OF where signers are
known not to sort it; nothing depends on its order.
"""

from dataclasses import dataclass
from typing import Annotated, Final, TypeVar

from cryptography.hazmat import asn1
from cryptography.x509 import ObjectIdentifier

from padpos_drivers.idcard.emrtd.tlv import encode

T = TypeVar("T")
_SEQUENCE: Final = b"\x30"
_SEQUENCE_TAG: Final = 0x30
_SET_TAG: Final = 0x31
_SIGNED_ATTRIBUTES: Final = b"\xa0"
_MOST_CERTIFICATES: Final = 16
SIGNED_DATA: Final = ObjectIdentifier("1.2.840.113549.1.7.2")
CONTENT_TYPE: Final = ObjectIdentifier("1.2.840.113549.1.9.3")
MESSAGE_DIGEST: Final = ObjectIdentifier("1.2.840.113549.1.9.4")
SIGNING_TIME: Final = ObjectIdentifier("1.2.840.113549.1.9.5")


class Malformed(Exception):
    """Bytes that are not what they should be; holds nothing of them."""


@asn1.sequence
class Encapsulated:
    """EncapsulatedContentInfo, its content present."""

    kind: ObjectIdentifier
    content: Annotated[bytes, asn1.Explicit(0)]


@asn1.sequence
class SignedData:
    """SignedData; certificates and signers as they are."""

    version: int
    digest_algorithms: asn1.TLV
    encapsulated: Encapsulated
    certificates: Annotated[list[asn1.TLV] | None, asn1.Implicit(0)]
    crls: Annotated[list[asn1.TLV] | None, asn1.Implicit(1)]
    signers: asn1.SetOf[list[asn1.TLV]]


@asn1.sequence
class ContentInfo:
    """ContentInfo around SignedData."""

    kind: ObjectIdentifier
    content: Annotated[SignedData, asn1.Explicit(0)]


@asn1.sequence
class Attribute:
    """A signed attribute with its values."""

    kind: ObjectIdentifier
    values: asn1.SetOf[asn1.TLV]


@asn1.sequence
class _Attributes:
    found: list[Attribute]


@asn1.sequence
class _Oid:
    value: ObjectIdentifier


@asn1.sequence
class _Parts:
    found: list[asn1.TLV]


@dataclass(frozen=True, slots=True, repr=False)
class Algorithm:
    """An AlgorithmIdentifier: parameters are DER, or None where they are absent."""

    kind: ObjectIdentifier
    parameters: bytes | None


@dataclass(frozen=True, slots=True, repr=False)
class Signer:
    """One SignerInfo; ``attributes`` is the DER of the SET that was signed."""

    digest: Algorithm
    signature: Algorithm
    value: bytes
    attributes: bytes
    values: dict[ObjectIdentifier, bytes]


@dataclass(frozen=True, slots=True, repr=False)
class Signed:
    """What a signed object carries: content, certificates in DER, and its one signer."""

    kind: ObjectIdentifier
    content: bytes
    certificates: tuple[bytes, ...]
    signer: Signer


def decode(kind: type[T], der: bytes) -> T:
    """Decode DER as a declared type. Raises :class:`Malformed`."""
    try:
        return asn1.decode_der(kind, der)
    except ValueError:
        pass
    raise Malformed(kind.__name__)


def parts(der: bytes) -> list[asn1.TLV]:
    """Return the elements of a SEQUENCE OF, or of a SET OF in any order."""
    inner = _SEQUENCE + der[1:]
    return decode(_Parts, encode(_SEQUENCE_TAG, inner)).found


def raw(element: asn1.TLV) -> bytes:
    """Return an element's whole DER. Raises :class:`Malformed` for a tag of three bytes."""
    if len(element.tag_bytes) > 2:
        raise Malformed("tag")
    return encode(int.from_bytes(element.tag_bytes, "big"), bytes(element.data))


def read_algorithm(der: bytes) -> Algorithm:
    """Take an AlgorithmIdentifier apart. Raises :class:`Malformed`."""
    return of_parts(parts(der))


def of_parts(found: list[asn1.TLV]) -> Algorithm:
    """Return the AlgorithmIdentifier with these elements. Raises :class:`Malformed`."""
    if not 1 <= len(found) <= 2:
        raise Malformed("algorithm")
    return Algorithm(_oid(found[0]), raw(found[1]) if len(found) == 2 else None)


def read_signed(der: bytes) -> Signed:
    """Take apart a SignedData with one signer. Raises :class:`Malformed`."""
    info = decode(ContentInfo, der)
    signers = info.content.signers.as_list()
    if info.kind != SIGNED_DATA or len(signers) != 1:
        raise Malformed("signed data")
    certificates = info.content.certificates or []
    if len(certificates) > _MOST_CERTIFICATES:
        raise Malformed("certificates")
    inner = info.content.encapsulated
    return Signed(
        inner.kind, inner.content, tuple(raw(one) for one in certificates), _signer(signers[0])
    )


def _signer(found: list[asn1.TLV]) -> Signer:
    """Take a SignerInfo apart; without signed attributes it says nothing of the content's type."""
    if not 6 <= len(found) <= 7 or found[3].tag_bytes != _SIGNED_ATTRIBUTES:
        raise Malformed("signer")
    attributes = encode(_SET_TAG, bytes(found[3].data))
    as_sequence = encode(_SEQUENCE_TAG, bytes(found[3].data))
    values: dict[ObjectIdentifier, bytes] = {}
    for attribute in decode(_Attributes, encode(_SEQUENCE_TAG, as_sequence)).found:
        alternatives = attribute.values.as_list()
        if attribute.kind in values or len(alternatives) != 1:
            raise Malformed("signed attributes")
        values[attribute.kind] = raw(alternatives[0])
    return Signer(
        digest=read_algorithm(raw(found[2])),
        signature=read_algorithm(raw(found[4])),
        value=bytes(found[5].data),
        attributes=attributes,
        values=values,
    )


def _oid(element: asn1.TLV) -> ObjectIdentifier:
    wrapped = encode(_SEQUENCE_TAG, raw(element))
    return decode(_Oid, wrapped).value
