"""The draw (formats §9): nobody at the counter can foresee it, anyone can re-compute it."""

from __future__ import annotations

import hashlib
import hmac

from padpos.wire import cbor, envelope, fields, ids, signed
from padpos.wire.errors import Malformed
from padpos.wire.keys import PublicKey, SealingPrivateKey, Signer
from padpos.wire.policy import PPM
from padpos.wire.signed import What

PURPOSE = "day-key"
KEY_SIZE = 32


def commitment(day_key: bytes) -> bytes:
    """What the policy says of a day's key beforehand."""
    return hashlib.sha256(day_key).digest()


def is_drawn(
    *,
    day_key: bytes,
    terminal: str,
    day: str,
    contract: str,
    n: int,
    policy_entry: bytes,
    rate: int,
) -> bool:
    """Whether the contract's n-th parcel of the day is checked; rate in parts per million.

    `policy_entry` is H: the hash of the chain's first policy entry whose policy commits to the day.
    """
    message = cbor.dumps(["padpos-draw", 1, terminal, day, contract, n, policy_entry])
    u = hmac.digest(day_key, message, "sha256")
    return int.from_bytes(u[:8]) * PPM < rate << 64


def draw_message(
    day_keys: dict[str, bytes], terminal: str, inbox: PublicKey, policy_signer: Signer
) -> bytes:
    """Seal several days' keys to a terminal's inbox key and sign the Envelope."""
    content = envelope.pad({1: {str(day): key for day, key in day_keys.items()}})
    sealed = envelope.seal(content, envelope.Binding(terminal, PURPOSE), [inbox])
    return signed.sign(What.DRAW, sealed, policy_signer).raw


def open_draw_message(
    raw: bytes,
    terminal: str,
    policy_key: PublicKey,
    inbox: PublicKey,
    inbox_private: SealingPrivateKey,
) -> dict[str, bytes]:
    """The days' keys of an authentic draw message. Raises a WireError."""
    sealed = signed.verify(What.DRAW, raw, policy_key).payload
    binding = envelope.Binding(terminal, PURPOSE)
    content, _ = envelope.open_envelope(sealed, binding, inbox.id, inbox_private)
    days = fields.fixed_map(envelope.unpad(content), (1,), "draw message")[1]
    if not isinstance(days, dict):
        raise Malformed("draw message: no map of days")
    return {
        ids.day(day, "draw message"): fields.octets(key, "draw message", KEY_SIZE)
        for day, key in days.items()
    }
