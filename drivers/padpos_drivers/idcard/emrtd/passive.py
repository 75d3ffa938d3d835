"""Passive authentication, Doc 9303-11 §5.1: are the data those that the state signed?

Data that contradict their own signature are forged, and that ends the reading. What merely cannot
be proven, for want of a certificate say, is told piece by piece.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.constant_time import bytes_eq

from padpos_drivers.idcard.emrtd.anchors import Anchors
from padpos_drivers.idcard.emrtd.certificates import country, read_der
from padpos_drivers.idcard.emrtd.cms import (
    CONTENT_TYPE,
    MESSAGE_DIGEST,
    SIGNING_TIME,
    Malformed,
    Signed,
    decode,
)
from padpos_drivers.idcard.emrtd.errors import DocumentForged
from padpos_drivers.idcard.emrtd.public_keys import public_key
from padpos_drivers.idcard.emrtd.signatures import digest_of, signer_signed
from padpos_drivers.idcard.emrtd.sod import SecurityObject, read_sod
from padpos_drivers.idcard.emrtd.states import may_vouch
from padpos_drivers.idcard.emrtd.tlv import encode
from padpos_drivers.idcard.interface import Evidence

PIECES: Final = (
    Evidence.DATA_HASHES,
    Evidence.SIGNER_SIGNATURE,
    Evidence.SIGNER_VALIDITY,
    Evidence.ISSUER_SIGNATURE,
    Evidence.ISSUING_STATE,
)


def listed(sod: bytes | None) -> frozenset[int] | None:
    """Return the numbers of the data groups that the SOD lists; None where it can't be read.

    EF.COM lists them too, but nobody signs that.
    """
    try:
        return None if sod is None else frozenset(read_sod(sod).hashes)
    except Malformed:
        return None


def authenticate(
    sod: bytes | None,
    groups: Mapping[int, bytes],
    issuer: str,
    anchors: Anchors,
    now: datetime,
) -> frozenset[Evidence]:
    """Return which of ``PIECES`` is proven of the data groups read.

    ``issuer`` is the state that DG1 names, three letters. Raises :class:`DocumentForged` for a
    group that is not the one listed, and for a list that is not what was signed.
    """
    if sod is None:
        return frozenset()
    proven: set[Evidence] = set()
    try:
        stated = read_sod(sod)
        _check_groups(stated, groups)
        proven.add(Evidence.DATA_HASHES)
        signer = signer_of(stated.signed)
        proven.add(Evidence.SIGNER_SIGNATURE)
    except Malformed:
        return frozenset(proven)
    return frozenset(proven | _chain(signer, stated.signed, issuer, anchors, now))


def _check_groups(stated: SecurityObject, groups: Mapping[int, bytes]) -> None:
    for number, content in groups.items():
        if not stated.agrees(number, content):
            raise DocumentForged(f"DG{number}")


def signer_of(signed: Signed) -> x509.Certificate:
    """Return the certificate in a signed object whose key signed it.

    Raises :class:`DocumentForged` where none did, and :class:`Malformed` where that can't be told.
    """
    signer = signed.signer
    stated = signer.values.get(MESSAGE_DIGEST, b"")
    digest = encode(0x04, digest_of(signer.digest, signed.content))
    kind = signer.values.get(CONTENT_TYPE)
    if not bytes_eq(stated, digest) or kind != asn1.encode_der(signed.kind):
        raise DocumentForged("digest in EF.SOD")
    certificates = [read_der(der) for der in signed.certificates]
    if not certificates:
        raise Malformed("certificates in EF.SOD")
    for certificate in certificates:
        if signer_signed(signer, public_key(certificate)):
            return certificate
    raise DocumentForged("signature of EF.SOD")


def _chain(
    signer: x509.Certificate, signed: Signed, issuer: str, anchors: Anchors, now: datetime
) -> set[Evidence]:
    """Return what is proven of the signer itself."""
    proven: set[Evidence] = set()
    anchor = anchors.issuer_of(signer)
    moments = [now, *_signing_time(signed)]
    if all(_valid(signer, moment) for moment in moments) and (
        anchor is None or _valid(anchor, now)
    ):
        proven.add(Evidence.SIGNER_VALIDITY)
    if anchor is not None:
        proven.add(Evidence.ISSUER_SIGNATURE)
        if country(anchor) == country(signer) and may_vouch(country(signer), issuer):
            proven.add(Evidence.ISSUING_STATE)
    return proven


def _valid(certificate: x509.Certificate, moment: datetime) -> bool:
    return certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc


@asn1.sequence
class _Moment:
    time: asn1.UTCTime | asn1.GeneralizedTime


def _signing_time(signed: Signed) -> list[datetime]:
    """Return when it was signed, if that is stated and can be read."""
    stated = signed.signer.values.get(SIGNING_TIME)
    if stated is None:
        return []
    try:
        moment = decode(_Moment, encode(0x30, stated)).time.as_datetime()
    except Malformed:
        return []
    return [moment if moment.tzinfo else moment.replace(tzinfo=UTC)]
