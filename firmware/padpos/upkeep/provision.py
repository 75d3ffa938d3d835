"""Provisioning: a terminal makes its own keys and chain, and asks the authority to trust them."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from padpos import __version__
from padpos.ledger.ledger import Clock, Ledger
from padpos.terminal import keys as terminal_keys
from padpos.wire import certificates, documents, ids
from padpos.wire.entry import CHAIN_SIZE
from padpos.wire.errors import WireError
from padpos.wire.facts import GenesisFacts
from padpos.wire.keys import Alg, SoftwareSigner, sealing_public

TLS_KEY = "tls.key.pem"
CERTIFICATES = ("entry.pem",)
UPLINK_CERTIFICATES = ("tls.pem", "ca.pem")


class ProvisioningError(Exception):
    """The terminal can't be provisioned so; the message says why."""


def request(terminal: str, keys: Path, uplink: Path, state: Path, clock: Clock) -> bytes:
    """Make keys and the chain's first entry; the enrolment request, JSON. Nothing secret in it."""
    try:
        ids.terminal_id(terminal)
    except WireError as error:
        raise ProvisioningError(error.what) from error
    if (keys / terminal_keys.ENTRY_KEY).exists():
        raise ProvisioningError(f"{keys}: this terminal has keys already")
    entry_key, tls_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    inbox_secret = secrets.token_bytes(32)
    for folder in (keys, uplink):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write_secret(keys / terminal_keys.ENTRY_KEY, _pem(entry_key))
    _write_secret(keys / terminal_keys.INBOX_KEY, inbox_secret.hex().encode())
    _write_secret(uplink / TLS_KEY, _pem(tls_key))
    inbox = sealing_public(Alg.X25519, inbox_secret)
    ledger = Ledger(state, terminal, SoftwareSigner(entry_key), clock)
    ledger.begin(GenesisFacts(__version__, inbox.raw))
    message = ledger.message(0)
    assert message is not None  # `begin` wrote it
    asked = {
        "terminal": terminal,
        "entry_csr": _csr(entry_key, terminal),
        "tls_csr": _csr(tls_key, terminal),
        "inbox_key": inbox.raw.hex(),
        "chain": ledger.chain.hex(),
        "genesis": message.entry.hex(),
    }
    assert len(ledger.chain) == CHAIN_SIZE
    ledger.close()
    return json.dumps(asked, indent=1).encode()


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


def _check(found: dict[str, bytes], answer: Path, entry_key: SoftwareSigner) -> None:
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


def _csr(key: ec.EllipticCurvePrivateKey, terminal: str) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, terminal)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write_secret(path: Path, data: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(data)


def _place(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    path.chmod(0o644)
