"""EF.SOD: the hashes of the data groups, signed (Doc 9303-10 §4.6.2)."""

from dataclasses import dataclass
from typing import Annotated, Final

from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.constant_time import bytes_eq
from cryptography.x509 import ObjectIdentifier

from padpos_drivers.idcard.emrtd.cms import (
    Algorithm,
    Malformed,
    Signed,
    decode,
    of_parts,
    read_signed,
)
from padpos_drivers.idcard.emrtd.signatures import digest_of
from padpos_drivers.idcard.emrtd.tlv import only
from padpos_drivers.idcard.errors import CardUnreadable

_SOD: Final = 0x77
_LDS_SECURITY_OBJECT: Final = ObjectIdentifier("2.23.136.1.1.1")
_GROUPS: Final = range(1, 17)


@asn1.sequence
class _GroupHash:
    number: int
    value: bytes


@asn1.sequence
class _SecurityObject:
    version: int
    algorithm: list[asn1.TLV]
    hashes: Annotated[list[_GroupHash], asn1.Size(min=1, max=16)]
    lds: list[asn1.TLV] | None


@dataclass(frozen=True, slots=True, repr=False)
class SecurityObject:
    """What the SOD states: the hash of each data group by number, and who signed that."""

    algorithm: Algorithm
    hashes: dict[int, bytes]
    signed: Signed

    def agrees(self, group: int, content: bytes) -> bool:
        """Tell whether a data group is the one listed. Raises :class:`Malformed`."""
        digest = digest_of(self.algorithm, content)
        return bytes_eq(digest, self.hashes.get(group, b""))


def read_sod(content: bytes) -> SecurityObject:
    """Take EF.SOD apart; nothing is verified. Raises :class:`Malformed`."""
    try:
        signed = read_signed(only(content, _SOD, "EF.SOD"))
    except CardUnreadable:
        signed = None
    if signed is None or signed.kind != _LDS_SECURITY_OBJECT:
        raise Malformed("EF.SOD")
    stated = decode(_SecurityObject, signed.content)
    hashes = {one.number: one.value for one in stated.hashes}
    if len(hashes) != len(stated.hashes) or not set(hashes) <= set(_GROUPS):
        raise Malformed("data groups in EF.SOD")
    return SecurityObject(of_parts(stated.algorithm), hashes, signed)
