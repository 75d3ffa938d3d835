"""Ready access to the vectors for the tests beside it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from padpos.wire.keys import Alg, PublicKey, SealingPrivateKey, sealing_private

VECTORS = Path(__file__).resolve().parents[1] / "vectors"


@cache
def vectors(name: str) -> Any:
    """The content of tests/vectors/{name}.json."""
    return json.loads((VECTORS / f"{name}.json").read_text("utf-8"))


def signed_vector(name: str) -> dict[str, Any]:
    """The signed object of that name, its byte strings decoded."""
    return decoded(next(item for item in vectors("signed") if item["name"] == name))


def envelope_vector(name: str) -> dict[str, Any]:
    """The Envelope of that name, its byte strings decoded."""
    return decoded(next(item for item in vectors("envelopes") if item["name"] == name))


def decoded(item: dict[str, Any]) -> dict[str, Any]:
    """The vector with its hexadecimal fields as bytes."""
    binary = {"payload", "raw", "hash", "context", "content", "envelope"}
    return {k: bytes.fromhex(v) if k in binary else v for k, v in item.items()}


def public_key(name: str) -> PublicKey:
    """The public half of the vector key of that name."""
    key = vectors("keys")[name]
    return PublicKey(Alg(key["alg"]), bytes.fromhex(key["public"]))


def private_key(name: str) -> SealingPrivateKey:
    """The private half of the vector sealing key of that name."""
    key = vectors("keys")[name]
    return sealing_private(Alg(key["alg"]), bytes.fromhex(key["secret"]))
