"""Enrolment: certificates only for a request that holds together, of one purpose each."""

from __future__ import annotations

import json
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from padpos.wire import documents
from padpos.wire.certificates import CLIENT_AUTH, read_entry_certificate, require_purpose
from padpos.wire.errors import WrongKey
from padpos.wire.facts import GenesisFacts
from padpos.wire.keys import Alg, PublicKey, signing_public

if TYPE_CHECKING:
    from tests.services.conftest import Authority, Terminal


def refusal(authority: Authority, terminal: Terminal, request: Any) -> str:
    file = terminal.folder / "request.json"
    file.write_text(json.dumps(request))
    with pytest.raises(AssertionError) as refused:
        authority.run("enrol", file, "--out", terminal.folder / "papers")
    assert not (terminal.folder / "papers").exists()
    assert "Traceback" not in str(refused.value)
    return str(refused.value)


def csr_of(name: str, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import NameOID

    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    built = x509.CertificateSigningRequestBuilder().subject_name(subject)
    return built.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def test_the_command_enrols(authority: Authority, new_terminal: Callable[..., Terminal]) -> None:
    terminal = new_terminal(connected=False)
    file = terminal.folder / "request.json"
    file.write_text(json.dumps(terminal.request()))
    said = authority.run("enrol", file, "--out", terminal.folder / "papers")
    assert terminal.name in said
    assert {path.name for path in (terminal.folder / "papers").iterdir()} == {
        "entry.pem", "tls.pem", "ca.pem", "policy-key.json", "genesis.cbor",
    }  # fmt: skip


def test_the_papers_are_what_the_terminal_needs(
    authority: Authority, new_terminal: Callable[..., Terminal]
) -> None:
    terminal = new_terminal()
    papers = {name: (terminal.folder / name).read_bytes() for name in
              ("entry.pem", "tls.pem", "ca.pem", "policy-key.json", "genesis.cbor")}  # fmt: skip
    der = ssl.PEM_cert_to_DER_cert(papers["entry.pem"].decode())
    certificate = read_entry_certificate(der)
    assert certificate.terminal == terminal.name
    assert certificate.key == signing_public(terminal.entry_key.public_key())
    require_purpose(x509.load_pem_x509_certificate(papers["tls.pem"]), CLIENT_AUTH)
    pinned = json.loads(papers["policy-key.json"])
    policy_key = PublicKey(Alg(pinned["alg"]), bytes.fromhex(pinned["public"]))
    word = documents.verify_genesis(papers["genesis.cbor"], policy_key)
    assert (word.terminal, word.chain, word.hash) == (terminal.name, terminal.chain, terminal.prev)


def test_a_certificate_for_one_use_is_refused_for_the_other(
    new_terminal: Callable[..., Terminal],
) -> None:
    terminal = new_terminal()
    der = ssl.PEM_cert_to_DER_cert((terminal.folder / "tls.pem").read_text())
    with pytest.raises(WrongKey):
        read_entry_certificate(der)


def test_the_broker_refuses_an_entry_certificate(
    authority: Authority, new_terminal: Callable[..., Terminal]
) -> None:
    terminal = new_terminal()
    done = mosquitto_sub(authority, terminal.folder, "entry", "padpos/1/down/#")
    assert done.returncode != 0


def test_a_broker_client_without_a_certificate_is_refused(authority: Authority) -> None:
    command = ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(authority.broker.port), "-V", "5",
               "--cafile", str(authority.home / "public" / "ca.pem"), "-t", "#",
               "-W", "2"]  # fmt: skip
    assert subprocess.run(command, capture_output=True, check=False).returncode not in (0, 27)


def mosquitto_sub(
    authority: Authority, folder: Path, stem: str, topic: str
) -> subprocess.CompletedProcess[bytes]:
    command = ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(authority.broker.port), "-V", "5",
               "--cafile", str(folder / "ca.pem"), "--cert", str(folder / f"{stem}.pem"),
               "--key", str(folder / f"{stem}-key.pem"), "-t", topic, "-W", "1"]  # fmt: skip
    return subprocess.run(command, capture_output=True, check=False)


def test_a_terminal_id_is_granted_once(
    authority: Authority, new_terminal: Callable[..., Terminal]
) -> None:
    terminal = new_terminal()
    assert "enrolled already" in refusal(authority, terminal, terminal.request())


def test_a_reserved_name_is_refused(
    authority: Authority, new_terminal: Callable[..., Terminal]
) -> None:
    terminal = new_terminal(connected=False)
    terminal.name = "authority"
    terminal.seq, terminal.prev = 0, bytes(32)
    terminal.genesis, _ = terminal.make(GenesisFacts("test", terminal.inbox.raw))
    assert "back office" in refusal(authority, terminal, terminal.request())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"terminal": "Has Spaces"}, "hold together"),
        ({"inbox_key": "00" * 32}, "inbox key"),
        ({"chain": "00" * 16}, "another terminal or chain"),
        ({"genesis": "00"}, "hold together"),
        ({"entry_csr": "nothing"}, "not an enrolment request"),
    ],
)
def test_a_request_that_does_not_hold_together_is_refused(
    authority: Authority, new_terminal: Callable[..., Terminal], change: Any, said: Any
) -> None:
    terminal = new_terminal(connected=False)
    assert said in refusal(authority, terminal, {**terminal.request(), **change})


def test_requests_for_other_names_keys_and_curves_are_refused(
    authority: Authority, new_terminal: Callable[..., Terminal]
) -> None:
    terminal, other = new_terminal(connected=False), new_terminal(connected=False)
    request = terminal.request()
    cases = {
        "another name": {"tls_csr": other.request()["tls_csr"]},
        "two keys": {"tls_csr": request["entry_csr"]},
        "not for a P-256 key": {
            "tls_csr": csr_of(terminal.name, ec.generate_private_key(ec.SECP384R1()))
        },
        "hold together": {"entry_csr": request["tls_csr"], "tls_csr": request["entry_csr"]},
    }
    for said, change in cases.items():
        assert said in refusal(authority, terminal, {**request, **change})


def test_a_request_not_signed_by_its_own_key_is_refused(
    authority: Authority, new_terminal: Callable[..., Terminal]
) -> None:
    terminal = new_terminal(connected=False)
    request = terminal.request()
    der = bytearray(ssl.PEM_cert_to_DER_cert(as_certificate(request["tls_csr"])))
    der[-1] ^= 1
    broken = ssl.DER_cert_to_PEM_cert(bytes(der)).replace("CERTIFICATE", "CERTIFICATE REQUEST")
    assert "its own key" in refusal(authority, terminal, {**request, "tls_csr": broken})


def as_certificate(pem: str) -> str:
    return pem.replace("CERTIFICATE REQUEST", "CERTIFICATE")


def test_private_keys_lie_apart_and_only_their_owner_reads_them(authority: Authority) -> None:
    uses = {}
    for folder in ("office", "opening", "ingest"):
        file = authority.home / folder / "private.json"
        assert file.stat().st_mode & 0o077 == 0
        for item in json.loads(file.read_text()):
            uses[item["use"]] = folder
            assert len(bytes.fromhex(item["private"])) == 32
    assert uses == {"policy": "office", "waybills": "office", "upload": "opening",
                    "receipt": "ingest"}  # fmt: skip


def test_a_second_init_overwrites_nothing(authority: Authority) -> None:
    before = (authority.home / "public" / "keys.json").read_bytes()
    with pytest.raises(AssertionError, match="already holds"):
        authority.run("init")
    assert (authority.home / "public" / "keys.json").read_bytes() == before


def test_ingest_works_without_office_and_opening(authority: Authority, terminal: Terminal) -> None:
    """The ingest never needs, so it never holds, the keys that open or sign policy."""
    from padpos.wire.facts import ClerkFacts

    hidden = [(authority.home / name, authority.home / f"{name}-away")
              for name in ("office", "opening")]  # fmt: skip
    authority.stop()
    for folder, away in hidden:
        folder.rename(away)
    try:
        authority.start()
        assert terminal.send(ClerkFacts("c-1", True))[0] in (0, 1)
    finally:
        for folder, away in hidden:
            away.rename(folder)
    assert any((authority.home / "office").iterdir())
