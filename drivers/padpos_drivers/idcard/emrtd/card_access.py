"""EF.CardAccess: which variants of PACE a chip offers (Doc 9303-11 §9.2)."""

from dataclasses import dataclass
from typing import Final

from padpos_drivers.idcard.emrtd.ciphers import Suite
from padpos_drivers.idcard.emrtd.curves import Curve
from padpos_drivers.idcard.emrtd.tlv import objects, only
from padpos_drivers.idcard.errors import CardUnreadable

_SET, _SEQUENCE, _INTEGER, _OID = 0x31, 0x30, 0x02, 0x06
_WHERE: Final = "EF.CardAccess"
# id-PACE-ECDH-GM, 0.4.0.127.0.7.2.2.4.2: elliptic curves, generic mapping.
_GENERIC_MAPPING: Final = bytes.fromhex("04007F000702020402")
_SUITES: Final = {
    1: Suite.TRIPLE_DES,
    2: Suite.AES_128,
    3: Suite.AES_192,
    4: Suite.AES_256,
}
_CURVES: Final = {  # standardized domain parameters, §9.5.1
    12: Curve.P_256,
    13: Curve.BRAINPOOL_P256,
    15: Curve.P_384,
    16: Curve.BRAINPOOL_P384,
    17: Curve.BRAINPOOL_P512,
    18: Curve.P_521,
}


@dataclass(frozen=True, slots=True)
class PaceOffer:
    """One variant of PACE: its object identifier's bytes, ciphers, and curve."""

    oid: bytes
    suite: Suite
    curve: Curve
    parameter_id: int


def offers(card_access: bytes) -> tuple[PaceOffer, ...]:
    """Return the variants that can be done here, in the chip's order.

    Raises :class:`CardUnreadable` for a file that is not a set of security infos.
    """
    infos = objects(only(card_access, _SET, _WHERE), _WHERE)
    found = (_offer(info.value) for info in infos if info.tag == _SEQUENCE)
    return tuple(offer for offer in found if offer is not None)


def _offer(info: bytes) -> PaceOffer | None:
    parts = list(objects(info, _WHERE))
    if not parts or parts[0].tag != _OID:
        raise CardUnreadable(_WHERE)
    oid = parts[0].value
    numbers = [int.from_bytes(part.value, "big") for part in parts[1:] if part.tag == _INTEGER]
    if len(numbers) != 2 or oid[:-1] != _GENERIC_MAPPING:
        return None
    suite, curve = _SUITES.get(oid[-1]), _CURVES.get(numbers[1])
    if suite is None or curve is None:
        return None
    return PaceOffer(oid, suite, curve, numbers[1])
