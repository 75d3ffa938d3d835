"""The key set (formats §2): whom a terminal seals to and whose receipts it believes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from padpos.wire import cbor, fields, ids, signed
from padpos.wire.cbor import Cbor
from padpos.wire.errors import Malformed, SealingRefused
from padpos.wire.keys import PUBLIC_SIZES, Alg, PublicKey, Signer

LABEL_SPAN_MS = 7 * 24 * 3600 * 1000


class Use(StrEnum):
    """What a key of the set is for."""

    UPLOAD = "upload"
    ESCROW = "escrow"
    CARRIER = "carrier"
    LABEL = "label"
    RECEIPT = "receipt"
    WAYBILLS = "waybills"


_ALGS = {
    Use.UPLOAD: {Alg.XWING, Alg.X25519},
    Use.ESCROW: {Alg.XWING, Alg.X25519},
    Use.CARRIER: {Alg.XWING, Alg.X25519},
    Use.LABEL: {Alg.LABEL},
    Use.RECEIPT: {Alg.ESP256, Alg.ED25519},
    Use.WAYBILLS: {Alg.ESP256, Alg.ED25519},
}


@dataclass(frozen=True, slots=True)
class KeySet:
    """A version of the keys one terminal works with, and the time it is good for (ms)."""

    version: int
    terminal: str
    not_before: int
    not_after: int
    keys: tuple[tuple[Use, PublicKey], ...]

    def of(self, use: Use) -> tuple[PublicKey, ...]:
        """All keys for this use."""
        return tuple(key for its_use, key in self.keys if its_use is use)

    def to_seal(self, use: Use, now: int, least: Alg) -> tuple[PublicKey, ...]:
        """The keys to seal to at `now` (ms). Raises SealingRefused outside the set's time,
        without such a key, or below the suite pinned at provisioning."""
        if not self.not_before <= now < self.not_after:
            raise SealingRefused("the key set is not valid at this time")
        found = self.of(use)
        if not found:
            raise SealingRefused(f"the key set has no {use} key")
        if least is Alg.XWING and any(key.alg is Alg.X25519 for key in found):
            raise SealingRefused("a key of a suite below the one pinned at provisioning")
        return found

    def sign(self, signer: Signer) -> signed.Signed:
        """Sign with the policy key."""
        payload = cbor.dumps(
            {
                1: self.version,
                2: self.terminal,
                3: self.not_before,
                4: self.not_after,
                5: [[str(use), int(key.alg), key.id, key.raw] for use, key in self.keys],
            }
        )
        return signed.sign(signed.What.KEYS, payload, signer)


def verify(raw: bytes, policy_key: PublicKey) -> KeySet:
    """Verify a key set under the pinned policy key. Raises a WireError."""
    verified = signed.verify(signed.What.KEYS, raw, policy_key)
    limit = signed.limit_of(signed.What.KEYS)
    m = fields.fixed_map(cbor.loads(verified.payload, limit), range(1, 6), "key set")
    key_set = KeySet(
        version=fields.uint(m[1], "version"),
        terminal=ids.terminal_id(m[2]),
        not_before=fields.uint(m[3], "not before"),
        not_after=fields.uint(m[4], "not after"),
        keys=tuple(fields.array_of(m[5], _read_key, "keys", 64)),
    )
    _check(key_set)
    return key_set


def _read_key(value: Cbor, where: str) -> tuple[Use, PublicKey]:
    use_text, number, key_id, raw = fields.fixed_array(value, (4,), where)
    use = Use(fields.one_of(use_text, set(Use), where))
    if number not in [int(alg) for alg in _ALGS[use]]:  # a list: what stands there may not hash
        raise Malformed(f"{where}: an algorithm that is not for {use}")
    key = PublicKey(Alg(fields.integer(number, where)), fields.octets(raw, where))
    if len(key.raw) != PUBLIC_SIZES[key.alg]:
        raise Malformed(f"{where}: a public key of another size than its algorithm's")
    if key.id != key_id:
        raise Malformed(f"{where}: a key id that is not its key's")
    return use, key


def _check(key_set: KeySet) -> None:
    key_ids = [key.id for _, key in key_set.keys]
    if len(set(key_ids)) != len(key_ids):
        raise Malformed("key set: two keys share an id, or a key stands twice")
    if key_set.not_before >= key_set.not_after:
        raise Malformed("key set: ends before it begins")
    if key_set.of(Use.LABEL) and key_set.not_after - key_set.not_before > LABEL_SPAN_MS:
        raise Malformed("key set: with a label key, and longer than 7 days")
