"""The service's keys: the label key that opens label codes, the carrier key that opens parts."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from padpos.wire.errors import WireError
from padpos.wire.keys import Alg, PublicKey, SealingPrivateKey, sealing_private, sealing_public
from padpos_services.safenumber.errors import HomeUnusable
from padpos_services.safenumber.home import Home
from padpos_services.shared.files import write_private

_MADE = (("label", Alg.LABEL), ("carrier", Alg.XWING))


@dataclass(frozen=True, slots=True, repr=False)
class LabelKey:
    """A label key with both halves."""

    public: PublicKey
    private: SealingPrivateKey


def found(home: Home, carrier: str) -> None:
    """Make the keys of a carrier's service. Raises HomeUnusable."""
    home.found()
    private: list[dict[str, Any]] = []
    public: list[dict[str, Any]] = []
    for use, alg in _MADE:
        secret = secrets.token_bytes(32)
        key = sealing_public(alg, secret)
        head = {"carrier": carrier, "use": use, "alg": int(alg), "key_id": key.id.hex()}
        private.append({**head, "private": secret.hex()})
        public.append({**head, "public": key.raw.hex()})
    write_private(home.private_keys, json.dumps(private, indent=1).encode())
    home.public_keys.write_text(json.dumps(public, indent=1))


def carrier_name(home: Home) -> str:
    """Whose service this is."""
    return str(_read(home.public_keys)[0]["carrier"])


def label_keys(home: Home) -> tuple[LabelKey, ...]:
    """Every label key that is not destroyed yet."""
    secrets_kept = [
        bytes.fromhex(item["private"])
        for item in _read(home.private_keys)
        if item["use"] == "label"
    ]
    return tuple(
        LabelKey(sealing_public(Alg.LABEL, secret), sealing_private(Alg.LABEL, secret))
        for secret in secrets_kept
    )


def feed_key(path: Path) -> PublicKey:
    """The authority's receipt key out of its `public/keys.json`; it signs the feed."""
    for item in _read(path):
        if item.get("use") == "receipt":
            try:
                return PublicKey(Alg(item["alg"]), bytes.fromhex(item["public"]))
            except (KeyError, ValueError, WireError) as error:
                raise HomeUnusable(f"{path}: its receipt key is unreadable") from error
    raise HomeUnusable(f"{path}: no receipt key in it")


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        listed = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise HomeUnusable(f"{path}: not a readable list of keys") from error
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise HomeUnusable(f"{path}: not a list of keys")
    return listed
