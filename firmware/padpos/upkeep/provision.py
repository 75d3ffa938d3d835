"""Provisioning: a terminal makes its own keys and chain, and asks the authority to trust them."""

from __future__ import annotations

import contextlib
import json
import secrets
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from padpos import __version__
from padpos.ledger.ledger import Clock, Ledger
from padpos.terminal import keys as terminal_keys
from padpos.terminal import tpm
from padpos.upkeep.csr import csr
from padpos.wire import certificates, documents, ids
from padpos.wire.entry import CHAIN_SIZE
from padpos.wire.errors import WireError
from padpos.wire.facts import GenesisFacts
from padpos.wire.keys import Alg, CannotSign, Signer, SoftwareSigner, sealing_public

TLS_KEY = "tls.key.pem"
CERTIFICATES = ("entry.pem",)
UPLINK_CERTIFICATES = ("tls.pem", "ca.pem")


class ProvisioningError(Exception):
    """The terminal can't be provisioned so; the message says why."""


def request(
    terminal: str,
    keys: Path,
    uplink: Path,
    state: Path,
    clock: Clock,
    *,
    tcti: str | None = None,
    training: bool = False,
) -> bytes:
    """Make keys and the chain's first entry; the enrolment request, JSON. Nothing secret in it.

    The entry key is made in the TPM that `tcti` names, or, without one, as a file. A training
    terminal has an id that says so in each of its entries. Raises ProvisioningError or LedgerError.
    """
    try:
        ids.terminal_id(terminal)
    except WireError as error:
        raise ProvisioningError(error.what) from error
    if ids.is_training_terminal(terminal) != training:
        raise ProvisioningError(
            f"{terminal}: the id of a training terminal, and of no other, begins with"
            f" {ids.TRAINING_TERMINAL}"
        )
    if terminal_keys.has_entry_key(keys):
        raise ProvisioningError(f"{keys}: this terminal has keys already")
    tls_key, inbox_secret = ec.generate_private_key(ec.SECP256R1()), secrets.token_bytes(32)
    try:
        name, stored = _new_entry_key(tcti)  # first: a TPM that is not there leaves nothing behind
        for folder in (keys, uplink):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_secret(keys / name, stored)
        _write_secret(keys / terminal_keys.INBOX_KEY, inbox_secret.hex().encode())
        _write_secret(uplink / TLS_KEY, _pem(tls_key))
        entry_key = terminal_keys.load_entry_key(keys)
        inbox = sealing_public(Alg.X25519, inbox_secret)
        asked = {
            "terminal": terminal,
            "entry_csr": csr(entry_key, terminal),
            "tls_csr": csr(SoftwareSigner(tls_key), terminal),
            "inbox_key": inbox.raw.hex(),
            **_begun(Ledger(state, terminal, entry_key, clock), inbox.raw),
        }
    except CannotSign as error:
        raise ProvisioningError(error.what) from error
    return json.dumps(asked, indent=1).encode()


def _new_entry_key(tcti: str | None) -> tuple[str, bytes]:
    """The file's name and content. Raises CannotSign."""
    if tcti is None:
        return terminal_keys.ENTRY_KEY, _pem(ec.generate_private_key(ec.SECP256R1()))
    return terminal_keys.TPM_ENTRY_KEY, tpm.create(tcti).to_bytes()


def _begun(ledger: Ledger, inbox: bytes) -> dict[str, str]:
    with contextlib.closing(ledger):
        ledger.begin(GenesisFacts(__version__, inbox))
        message = ledger.message(0)
        assert message is not None  # `begin` wrote it
        assert len(ledger.chain) == CHAIN_SIZE
        return {"chain": ledger.chain.hex(), "genesis": message.entry.hex()}


def accept(answer: Path, keys: Path, uplink: Path) -> None:
    """Take the authority's answer: certificates, the key to pin, the genesis document.

    All of it is checked against this terminal's own keys before anything is placed.
    """
    try:
        found = {path.name: path.read_bytes() for path in answer.iterdir() if path.is_file()}
        _check(found, answer, terminal_keys.load_entry_key(keys))
        places = {name: keys / name for name in (*CERTIFICATES, terminal_keys.POLICY_KEY)}
        places |= {name: uplink / name for name in UPLINK_CERTIFICATES}
        pinned = keys / terminal_keys.POLICY_KEY
        if pinned.exists() and pinned.read_bytes() != found[terminal_keys.POLICY_KEY]:
            raise ProvisioningError(f"{pinned}: another authority is pinned already")
        for name, path in places.items():
            _place(path, found[name])
    except KeyError as error:
        raise ProvisioningError(f"{answer}: {error.args[0]} is not in it") from error
    except (OSError, ValueError, terminal_keys.KeysMissing) as error:
        raise ProvisioningError(f"the authority's answer can't be taken: {error}") from error


def _check(found: dict[str, bytes], answer: Path, entry_key: Signer) -> None:
    policy_key = terminal_keys.load_policy_key(answer)
    genesis = documents.verify_genesis(found["genesis.cbor"], policy_key)
    entry = x509.load_pem_x509_certificate(found["entry.pem"])
    tls = x509.load_pem_x509_certificate(found["tls.pem"])
    read = certificates.read_entry_certificate(entry.public_bytes(Encoding.DER))
    certificates.require_purpose(tls, certificates.CLIENT_AUTH)
    if read.key != entry_key.public:
        raise ProvisioningError(f"{answer}: the entry certificate is for another key")
    if not genesis.terminal == read.terminal == certificates.common_name(tls):
        raise ProvisioningError(f"{answer}: its papers are for different terminals")


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write_secret(path: Path, data: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(data)


def _place(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    path.chmod(0o644)
