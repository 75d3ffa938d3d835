"""The authority's database: SQLite, write-ahead log, every commit on stable storage."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from padpos_services.authority.errors import HomeUnusable
from padpos_services.shared import database

SCHEMA = """
CREATE TABLE terminal(
  id TEXT PRIMARY KEY, inbox_key BLOB NOT NULL, enrolled INTEGER NOT NULL,
  receipt_number INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE certificate(
  sha256 BLOB PRIMARY KEY, terminal TEXT NOT NULL REFERENCES terminal, use TEXT NOT NULL,
  key_id BLOB NOT NULL, der BLOB NOT NULL, not_after INTEGER NOT NULL) STRICT;
CREATE INDEX certificate_of ON certificate(terminal, use);
CREATE TABLE chain(
  terminal TEXT NOT NULL REFERENCES terminal, chain BLOB NOT NULL, genesis BLOB NOT NULL,
  state TEXT NOT NULL, next_seq INTEGER NOT NULL DEFAULT 0, highest INTEGER NOT NULL DEFAULT -1,
  PRIMARY KEY(terminal, chain)) STRICT;
CREATE INDEX chain_gap ON chain(terminal, chain) WHERE next_seq <= highest AND state = 'open';
CREATE TABLE entry(
  id INTEGER PRIMARY KEY, terminal TEXT NOT NULL, chain BLOB NOT NULL, seq INTEGER NOT NULL,
  hash BLOB NOT NULL, prev BLOB NOT NULL, kind TEXT NOT NULL, time INTEGER NOT NULL,
  received INTEGER NOT NULL, consignment BLOB, sealed BLOB, carrier BLOB, raw BLOB NOT NULL,
  UNIQUE(terminal, chain, seq)) STRICT;
CREATE INDEX entry_hash ON entry(hash);
CREATE INDEX entry_kind ON entry(terminal, kind);
CREATE TABLE envelope(sha256 BLOB PRIMARY KEY, body BLOB NOT NULL) STRICT;
CREATE TABLE attachment(
  terminal TEXT NOT NULL, sha256 BLOB NOT NULL, chain BLOB NOT NULL, seq INTEGER NOT NULL,
  size INTEGER NOT NULL, media_type TEXT NOT NULL, stored INTEGER NOT NULL,
  lost INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(terminal, sha256, chain, seq)) STRICT;
CREATE INDEX attachment_missing ON attachment(terminal, chain) WHERE stored = 0 AND lost = 0;
CREATE TABLE upload(
  terminal TEXT NOT NULL, sha256 BLOB NOT NULL, size INTEGER NOT NULL, begun INTEGER NOT NULL,
  named INTEGER NOT NULL, complete INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY(terminal, sha256)) STRICT;
CREATE TABLE piece(
  terminal TEXT NOT NULL, sha256 BLOB NOT NULL, offset INTEGER NOT NULL,
  PRIMARY KEY(terminal, sha256, offset)) STRICT;
CREATE TABLE receipt(
  terminal TEXT NOT NULL, number INTEGER NOT NULL, chain BLOB NOT NULL, time INTEGER NOT NULL,
  entries INTEGER NOT NULL, attachments INTEGER NOT NULL, items BLOB NOT NULL,
  issued INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(terminal, number)) STRICT;
CREATE INDEX receipt_due ON receipt(issued) WHERE issued = 0;
CREATE TABLE unsettled(
  terminal TEXT NOT NULL, chain BLOB NOT NULL, seq INTEGER NOT NULL, state TEXT NOT NULL,
  since INTEGER NOT NULL, PRIMARY KEY(terminal, chain, seq)) STRICT;
CREATE INDEX unsettled_called ON unsettled(terminal, chain) WHERE state IN ('asked', 'unsealed');
CREATE TABLE want(
  terminal TEXT PRIMARY KEY, time INTEGER NOT NULL, due INTEGER NOT NULL, wait INTEGER NOT NULL)
  STRICT;
CREATE TABLE alarm(
  id INTEGER PRIMARY KEY, terminal TEXT NOT NULL, chain BLOB, seq INTEGER, kind TEXT NOT NULL,
  detail TEXT NOT NULL, opened INTEGER NOT NULL, closed INTEGER) STRICT;
CREATE INDEX alarm_open ON alarm(terminal, kind) WHERE closed IS NULL;
CREATE TABLE counter(
  name TEXT NOT NULL, terminal TEXT NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY(name, terminal)) STRICT;
CREATE TABLE document(
  id INTEGER PRIMARY KEY, terminal TEXT NOT NULL, kind TEXT NOT NULL, version INTEGER NOT NULL,
  hash BLOB NOT NULL, days TEXT NOT NULL DEFAULT '', made INTEGER NOT NULL, raw BLOB NOT NULL,
  UNIQUE(terminal, kind, version)) STRICT;
CREATE TABLE draw(
  id INTEGER PRIMARY KEY, terminal TEXT NOT NULL, chain BLOB NOT NULL, days TEXT NOT NULL,
  made INTEGER NOT NULL, raw BLOB NOT NULL, released INTEGER) STRICT;
CREATE TABLE feed(
  position INTEGER PRIMARY KEY, kind TEXT NOT NULL, terminal TEXT NOT NULL,
  consignment BLOB NOT NULL, entry INTEGER NOT NULL REFERENCES entry) STRICT;
PRAGMA user_version = 1;
"""


def create(path: Path) -> None:
    """Make the empty database."""
    with contextlib.closing(database.connect(path)) as made:
        made.executescript(SCHEMA)


def connect(path: Path) -> sqlite3.Connection:
    """Open the database; transactions are begun by `transaction` only. Raises HomeUnusable."""
    if not path.exists():
        raise HomeUnusable("the store is missing: was this home made by `init`?")
    return database.connect(path)


def count(store: sqlite3.Connection, name: str, terminal: str = "") -> None:
    """Count an event under a stable name."""
    store.execute(
        "INSERT INTO counter VALUES(?, ?, 1)"
        " ON CONFLICT(name, terminal) DO UPDATE SET count = count + 1",
        (name, terminal),
    )
