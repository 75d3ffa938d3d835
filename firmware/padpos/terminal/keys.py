"""The terminal's own keys, and the one it pins: what provisioning left in the keys folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from padpos.terminal import tpm
from padpos.wire.errors import WireError
from padpos.wire.keys import (
    Alg,
    CannotSign,
    PublicKey,
    SealingPrivateKey,
    Signer,
    SoftwareSigner,
    sealing_private,
    sealing_public,
)

ENTRY_KEY = "entry.key.pem"
TPM_ENTRY_KEY = "entry.key.tpm.json"  # stands for a key in a TPM, instead of ENTRY_KEY
INBOX_KEY = "inbox.key.hex"
POLICY_KEY = "policy-key.json"
_PROBE = b"padpos: does this key sign?"  # no Sig_structure, so it can't pass for an entry


class KeysMissing(Exception):
    """The terminal was never provisioned, or not wholly; the message says which file."""


@dataclass(frozen=True, slots=True, repr=False)
class TerminalKeys:
    """It can sign and it can read its own inbox; for personal data it holds public keys only."""

    entry: Signer
    inbox: PublicKey
    inbox_private: SealingPrivateKey
    policy: PublicKey


def load(folder: Path) -> TerminalKeys:
    """All of them. Raises KeysMissing."""
    secret = _inbox_secret(folder)
    return TerminalKeys(
        load_entry_key(folder),
        sealing_public(Alg.X25519, secret),
        sealing_private(Alg.X25519, secret),
        load_policy_key(folder),
    )


def why_unable(signer: Signer) -> CannotSign | None:
    """Why the key does not sign now, or None if it does."""
    try:
        signer.sign(_PROBE)
    except CannotSign as error:
        return error
    return None


def has_entry_key(folder: Path) -> bool:
    """Whether there is an entry key of either kind."""
    return any((folder / name).exists() for name in (ENTRY_KEY, TPM_ENTRY_KEY))


def load_entry_key(folder: Path) -> Signer:
    """The key that signs entries, in a file or in a TPM. Raises KeysMissing.

    A TPM is asked when the key first signs: looking at a ledger needs the public half only.
    """
    if not (folder / TPM_ENTRY_KEY).exists():
        return _software_key(folder)
    if (folder / ENTRY_KEY).exists():
        raise KeysMissing(f"{folder}: {ENTRY_KEY} and {TPM_ENTRY_KEY}: which one is it?")
    try:
        return tpm.load(folder / TPM_ENTRY_KEY)
    except (OSError, CannotSign) as error:
        raise KeysMissing(f"{folder / TPM_ENTRY_KEY}: {error}") from error


def _software_key(folder: Path) -> SoftwareSigner:
    try:
        private = load_pem_private_key((folder / ENTRY_KEY).read_bytes(), None)
    except (OSError, ValueError) as error:
        raise KeysMissing(f"{folder / ENTRY_KEY}: missing or not a private key") from error
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise KeysMissing(f"{folder / ENTRY_KEY}: not a P-256 key")
    return SoftwareSigner(private)


def _inbox_secret(folder: Path) -> bytes:
    try:
        return bytes.fromhex((folder / INBOX_KEY).read_text("ascii"))
    except (OSError, ValueError) as error:
        raise KeysMissing(f"{folder / INBOX_KEY}: missing or not 32 bytes in hex") from error


def load_policy_key(folder: Path) -> PublicKey:
    """The authority's policy key as provisioning pins it. Raises KeysMissing."""
    return read_policy_key(folder / POLICY_KEY)


def read_policy_key(path: Path) -> PublicKey:
    """The policy key in a file of the authority's papers. Raises KeysMissing."""
    try:
        table = json.loads(path.read_text("ascii"))
        return PublicKey(Alg(table["alg"]), bytes.fromhex(table["public"]))
    except (OSError, ValueError, KeyError, TypeError, WireError) as error:
        raise KeysMissing(f"{path}: missing or no public key") from error
