"""Enrolment: a terminal shows its keys and its genesis entry, and gets certificates for them."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from padpos.wire import entry, ids
from padpos.wire.certificates import CLIENT_AUTH, DOCUMENT_SIGNING
from padpos.wire.documents import Genesis
from padpos.wire.errors import WireError
from padpos.wire.facts import GenesisFacts
from padpos.wire.keys import signing_public
from padpos_services.authority import keyfiles, store
from padpos_services.authority.ca import TERMINAL_DAYS, Ca
from padpos_services.authority.errors import EnrolmentRefused
from padpos_services.authority.home import Home
from padpos_services.shared import database as shared_database

RESERVED = frozenset(
    {"authority", "safenumber", "safe-number", "broker", "server", "admin", "ingest", "carrier"}
)


@dataclass(frozen=True, slots=True)
class Request:
    """A checked request: everything in it fits together."""

    terminal: str
    entry_key: ec.EllipticCurvePublicKey
    tls_key: ec.EllipticCurvePublicKey
    inbox_key: bytes
    chain: bytes
    genesis: bytes
    genesis_hash: bytes


def enrol(home: Home, request_file: Path, out: Path) -> str:
    """Grant the request in the file and write the terminal's papers. Raises EnrolmentRefused."""
    request = read_request(request_file)
    if ids.is_training_terminal(request.terminal) != home.training:
        raise EnrolmentRefused(
            f"{request.terminal}: a training terminal belongs to an authority for training, and"
            " no other does"
        )
    database = store.connect(home.database)
    try:
        with shared_database.transaction(database):
            _refuse_used(database, request.terminal)
            ca = Ca(home)
            entry_paper = ca.issue(
                request.terminal, request.entry_key, DOCUMENT_SIGNING, TERMINAL_DAYS
            )
            tls_paper = ca.issue(request.terminal, request.tls_key, CLIENT_AUTH, TERMINAL_DAYS)
            _record(database, request, {"entry": entry_paper, "tls": tls_paper})
            _write_papers(home, request, entry_paper, tls_paper, out)
    finally:
        database.close()
    return request.terminal


def read_request(path: Path) -> Request:
    """Read and check a request. Raises EnrolmentRefused."""
    try:
        fields = json.loads(path.read_text())
        terminal = ids.terminal_id(fields["terminal"])
        entry_key = _key_of(fields["entry_csr"], terminal, "entry")
        tls_key = _key_of(fields["tls_csr"], terminal, "TLS")
        raw, chain, inbox = (bytes.fromhex(fields[k]) for k in ("genesis", "chain", "inbox_key"))
        genesis_hash = _check_genesis(raw, entry_key, terminal, chain, inbox)
    except (OSError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, WireError):
            raise EnrolmentRefused(f"the request does not hold together: {error.what}") from error
        raise EnrolmentRefused("not an enrolment request") from error
    if terminal in RESERVED:
        raise EnrolmentRefused(f"{terminal} is a name of the back office, not of a terminal")
    if entry_key == tls_key:
        raise EnrolmentRefused("entry key and TLS key must be two keys")
    return Request(terminal, entry_key, tls_key, inbox, chain, raw, genesis_hash)


def _key_of(pem: Any, terminal: str, use: str) -> ec.EllipticCurvePublicKey:
    request = x509.load_pem_x509_csr(str(pem).encode())
    try:
        if not request.is_signature_valid:
            raise EnrolmentRefused(f"the {use} request is not signed by its own key")
    except InvalidSignature as error:
        raise EnrolmentRefused(f"the {use} request is not signed by its own key") from error
    names = request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if [name.value for name in names] != [terminal]:
        raise EnrolmentRefused(f"the {use} request is for another name than the terminal's")
    key = request.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise EnrolmentRefused(f"the {use} request is not for a P-256 key")
    return key


def _check_genesis(
    raw: bytes, key: ec.EllipticCurvePublicKey, terminal: str, chain: bytes, inbox: bytes
) -> bytes:
    genesis, digest = entry.verify(raw, signing_public(key))
    if genesis.seq != 0 or genesis.terminal != terminal or genesis.chain != chain:
        raise EnrolmentRefused("the genesis entry is of another terminal or chain")
    if not isinstance(genesis.facts, GenesisFacts) or genesis.facts.inbox_key != inbox:
        raise EnrolmentRefused("the genesis entry names another inbox key")
    if genesis.sealed or genesis.carrier or genesis.attachments:
        raise EnrolmentRefused("the genesis entry has something beside it")
    return digest


def _refuse_used(database: sqlite3.Connection, terminal: str) -> None:
    if database.execute("SELECT 1 FROM terminal WHERE id = ?", (terminal,)).fetchone():
        raise EnrolmentRefused(f"{terminal} is enrolled already; choose another terminal id")


def _record(
    database: sqlite3.Connection, request: Request, papers: dict[str, x509.Certificate]
) -> None:
    database.execute(
        "INSERT INTO terminal(id, inbox_key, enrolled) VALUES(?, ?, ?)",
        (request.terminal, request.inbox_key, shared_database.now_ms()),
    )
    for use, paper in papers.items():
        der = paper.public_bytes(Encoding.DER)
        key_id = signing_public(paper.public_key()).id
        expires = int(paper.not_valid_after_utc.timestamp() * 1000)
        database.execute(
            "INSERT INTO certificate(sha256, terminal, use, key_id, der, not_after)"
            " VALUES(?, ?, ?, ?, ?, ?)",
            (hashlib.sha256(der).digest(), request.terminal, use, key_id, der, expires),
        )
    database.execute(
        "INSERT INTO chain(terminal, chain, genesis, state) VALUES(?, ?, ?, 'open')",
        (request.terminal, request.chain, request.genesis_hash),
    )


def _write_papers(
    home: Home, request: Request, entry_paper: x509.Certificate, tls: x509.Certificate, out: Path
) -> None:
    policy = keyfiles.load_private(home.office / "private.json", "policy")
    word = Genesis(request.terminal, request.chain, request.genesis_hash).sign(policy.signer)
    pinned = {"alg": int(policy.alg), "public": policy.public.raw.hex()}
    out.mkdir(parents=True, exist_ok=True)
    (out / "entry.pem").write_bytes(entry_paper.public_bytes(Encoding.PEM))
    (out / "tls.pem").write_bytes(tls.public_bytes(Encoding.PEM))
    (out / "ca.pem").write_bytes(home.ca.read_bytes())
    (out / "policy-key.json").write_text(json.dumps(pinned))
    (out / "genesis.cbor").write_bytes(word.raw)
