"""What a third party needs to verify and open everything, gathered in three folders."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from typing import Any

from padpos_services.demo.layout import Layout

PRIVATE = {
    "office.json": "authority/office/private.json",
    "opening.json": "authority/opening/private.json",
    "ingest.json": "authority/ingest/private.json",
    "safenumber.json": "safenumber/keys/private.json",
    "entry.key.pem": "counter/keys/entry.key.pem",
    "inbox.key.hex": "counter/keys/inbox.key.hex",
    "tls.key.pem": "uplink/tls.key.pem",
    "day-keys.json": "authority/office/day-keys.json",
}
PUBLIC = {
    "policy.pem": "authority/public/policy.pem",
    "receipt.pem": "authority/public/receipt.pem",
    "waybills.pem": "authority/public/waybills.pem",
}
CERTIFICATES = {
    "entry.pem": "counter/keys/entry.pem",
    "tls.pem": "uplink/tls.pem",
    "ca.pem": "authority/public/ca.pem",
    "authority.pem": "authority/ingest/tls.pem",
    "broker.pem": "authority/broker/server.pem",
}


def gather(layout: Layout) -> None:
    """Copy keys and certificates, merge the public keys' lists, and write out the receipts."""
    for folder, names in (
        ("private-keys", PRIVATE),
        ("public-keys", PUBLIC),
        ("certificates", CERTIFICATES),
    ):
        target = layout.root / folder
        target.mkdir()
        for name, source in names.items():
            shutil.copyfile(layout.root / source, target / name)
    lists = (layout.authority / "public/keys.json", layout.carrier / "public/keys.json")
    merged: list[Any] = [key for path in lists for key in json.loads(path.read_text("utf-8"))]
    (layout.root / "public-keys/keys.json").write_text(json.dumps(merged, indent=1), "utf-8")
    _receipts(layout)


def _receipts(layout: Layout) -> None:
    """Each receipt the terminal holds as a file of its own."""
    folder = layout.root / "receipts"
    folder.mkdir()
    with closing(sqlite3.connect(layout.counter / "state" / "ledger.sqlite")) as ledger:
        for number, raw in ledger.execute("SELECT number, raw FROM receipts ORDER BY number"):
            (folder / f"{number:06}.cbor").write_bytes(raw)
