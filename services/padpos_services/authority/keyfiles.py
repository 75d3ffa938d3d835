"""Keys in files: JSON lists anyone can load, and PEM where the world has one.

Public: {"use", "alg", "key_id", "public"}; private: {"use", "alg", "key_id", "private"}, the
latter the 32 secret bytes (P-256 scalar, Ed25519 or X-Wing seed, X25519 scalar), all in hex.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from padpos.wire.keys import (
    Alg,
    PublicKey,
    SigningPrivateKey,
    SoftwareSigner,
    sealing_public,
    signing_public,
)
from padpos_services.authority.errors import HomeUnusable
from padpos_services.shared.files import write_private

PEM_ALGS = (Alg.ESP256, Alg.ED25519)


@dataclass(frozen=True, slots=True, repr=False)
class NamedKey:
    """A private key and what it is for."""

    use: str
    alg: Alg
    secret: bytes

    @property
    def public(self) -> PublicKey:
        """The public half."""
        if self.alg in PEM_ALGS:
            return signing_public(_signing(self.alg, self.secret).public_key())
        return sealing_public(self.alg, self.secret)

    @property
    def signer(self) -> SoftwareSigner:
        """The key as a signer."""
        return SoftwareSigner(_signing(self.alg, self.secret))


def generate(use: str, alg: Alg) -> NamedKey:
    """A fresh key."""
    if alg is Alg.ESP256:
        scalar = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
        return NamedKey(use, alg, scalar.to_bytes(32))
    return NamedKey(use, alg, secrets.token_bytes(32))


def save_private(path: Path, keys: Sequence[NamedKey]) -> None:
    """Write private halves, readable by their owner only."""
    listed = [
        {
            "use": key.use,
            "alg": int(key.alg),
            "key_id": key.public.id.hex(),
            "private": key.secret.hex(),
        }
        for key in keys
    ]
    write_private(path, json.dumps(listed, indent=1).encode())


def load_private(path: Path, use: str) -> NamedKey:
    """The private key for `use`. Raises HomeUnusable."""
    for item in _read(path):
        if item.get("use") == use:
            return NamedKey(use, Alg(item["alg"]), bytes.fromhex(item["private"]))
    raise HomeUnusable(f"{path.name} holds no {use} key")


def save_public(folder: Path, keys: Sequence[NamedKey]) -> None:
    """Write `keys.json`, and a PEM file for each key that has such a form."""
    listed = [public_record(key.use, key.public) for key in keys]
    (folder / "keys.json").write_text(json.dumps(listed, indent=1))
    for key in keys:
        if key.alg in PEM_ALGS:
            public = _signing(key.alg, key.secret).public_key()
            pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            (folder / f"{key.use}.pem").write_bytes(pem)


def public_record(use: str, key: PublicKey) -> dict[str, str | int]:
    """A public key as the JSON lists carry it."""
    return {"use": use, "alg": int(key.alg), "key_id": key.id.hex(), "public": key.raw.hex()}


def load_public(path: Path) -> list[tuple[str, PublicKey]]:
    """All public keys of a list, in order. Raises HomeUnusable."""
    found: list[tuple[str, PublicKey]] = []
    for item in _read(path):
        key = PublicKey(Alg(item["alg"]), bytes.fromhex(item["public"]))
        if key.id.hex() != item["key_id"]:
            raise HomeUnusable(f"{path.name}: a key id that is not its key's")
        found.append((str(item["use"]), key))
    return found


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        listed = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise HomeUnusable(f"{path}: not a readable list of keys") from error
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise HomeUnusable(f"{path}: not a list of keys")
    return listed


def _signing(alg: Alg, secret: bytes) -> SigningPrivateKey:
    if alg is Alg.ESP256:
        return ec.derive_private_key(int.from_bytes(secret), ec.SECP256R1())
    return ed25519.Ed25519PrivateKey.from_private_bytes(secret)
