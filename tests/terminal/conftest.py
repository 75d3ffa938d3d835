"""A terminal with a short ledger, and its files."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from padpos.terminal.config import TerminalConfig
from tests.ledger.shelf import begun, parcel
from tests.terminal.counters import configuration
from tests.wire.vector_objects import seed, signer


@pytest.fixture
def config(tmp_path: Path) -> TerminalConfig:
    """A terminal with a ledger of a few entries and a photo."""
    made = configuration(tmp_path)
    ledger = begun(made.state)
    for _ in range(3):
        parcel(ledger, os.urandom(3000))
    ledger.close()
    return made


@pytest.fixture
def toml(config: TerminalConfig) -> Path:
    """Its configuration as a file, and its keys."""
    config.keys.mkdir()
    private = signer("entry").private
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (config.keys / "entry.key.pem").write_bytes(pem)
    (config.keys / "inbox.key.hex").write_text(seed("inbox key").hex())
    public = signer("policy").public
    pinned = json.dumps({"alg": int(public.alg), "public": public.raw.hex()})
    (config.keys / "policy-key.json").write_text(pinned)
    path = config.state.parent / "terminal.toml"
    path.write_text(
        f'terminal = "{config.terminal}"\ncarrier = "c"\noutlet = "o"\narea = "a"\n'
        'state = "state"\nkeys = "keys"\nreader = "none"\nprinter = "127.0.0.1:9"\n'
        'camera = "camera"\nlink = "link.sock"\nlisten = ["unix:screen.sock"]\n'
        'label_prefix = "HTTPS://L.EXAMPLE.CN/"\n[clerks]\n',
        "utf-8",
    )
    return path
