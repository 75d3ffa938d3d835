"""Promise: the programs in docs/integrator.md run, verify, and accept no forgery."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import cbor2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.repo.tree import ROOT

VECTORS = ROOT / "tests" / "vectors"


def vector(name: str) -> Any:
    """A file of vectors."""
    return json.loads((VECTORS / f"{name}.json").read_text("utf-8"))


def programs() -> list[str]:
    """The Python blocks of the page."""
    text = (ROOT / "docs" / "integrator.md").read_text("utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def run(program: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a block as a file of its own would run."""
    return subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, text=True, check=False
    )


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder like the demo's OUT, made of vectors: one entry, one receipt, the keys."""
    keys, signed = vector("keys"), {item["name"]: item for item in vector("signed")}
    for folder in ("uploaded", "receipts", "certificates", "public-keys", "private-keys"):
        (tmp_path / folder).mkdir()
    entry = cbor2.loads(bytes.fromhex(signed["entry-genesis"]["raw"]))
    (tmp_path / "uploaded/000001-cn-bj-0042-entry.cbor").write_bytes(
        cbor2.dumps([entry, None, None])
    )
    (tmp_path / "receipts/000001.cbor").write_bytes(bytes.fromhex(signed["receipt"]["raw"]))
    certificate = x509.load_der_x509_certificate(bytes.fromhex(vector("certificates")["entry"]))
    (tmp_path / "certificates/entry.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    public = ed25519.Ed25519PublicKey.from_public_bytes(bytes.fromhex(keys["receipt"]["public"]))
    (tmp_path / "public-keys/receipt.pem").write_bytes(
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    label = {"use": "label", "private": keys["label"]["secret"]}
    (tmp_path / "private-keys/safenumber.json").write_text(json.dumps([label]))
    return tmp_path


def test_the_page_verifies_entries_and_receipts(out: Path) -> None:
    done = run(programs()[0], str(out))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1 entries")


def test_the_page_refuses_an_entry_with_one_bit_changed(out: Path) -> None:
    [path] = (out / "uploaded").iterdir()
    data = bytearray(path.read_bytes())
    data[-10] ^= 1  # in the signature
    path.write_bytes(data)
    assert run(programs()[0], str(out)).returncode != 0


def test_the_page_opens_a_label(out: Path) -> None:
    code = vector("label-codes")[0]
    done = run(programs()[1], str(out), code["text"])
    assert done.returncode == 0, done.stderr
    assert code["plain"][0] in done.stdout
