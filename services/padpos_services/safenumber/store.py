"""The service's database: label states, couriers, bindings, the access log. No personal data."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from padpos_services.shared import database

SCHEMA = """
CREATE TABLE position(only INTEGER PRIMARY KEY CHECK(only = 1), value INTEGER NOT NULL) STRICT;
INSERT INTO position VALUES(1, 0);
CREATE TABLE parcel(
  terminal TEXT NOT NULL, consignment BLOB NOT NULL, waybill TEXT,
  newest INTEGER NOT NULL DEFAULT 0, voided INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY(terminal, consignment)) STRICT;
CREATE TABLE label(
  code_hash BLOB PRIMARY KEY, terminal TEXT NOT NULL, consignment BLOB NOT NULL,
  waybill TEXT NOT NULL, generation INTEGER NOT NULL, status TEXT NOT NULL) STRICT;
CREATE TABLE courier(id TEXT PRIMARY KEY, salt BLOB NOT NULL, token BLOB NOT NULL) STRICT;
CREATE TABLE binding(
  number TEXT NOT NULL, extension TEXT NOT NULL, terminal TEXT NOT NULL,
  consignment BLOB NOT NULL, bound INTEGER NOT NULL,
  PRIMARY KEY(number, extension), UNIQUE(terminal, consignment)) STRICT;
CREATE TABLE access(
  n INTEGER PRIMARY KEY, time INTEGER NOT NULL, courier TEXT NOT NULL, subject TEXT NOT NULL,
  outcome TEXT NOT NULL, prev BLOB NOT NULL, hash BLOB NOT NULL) STRICT;
CREATE TABLE counter(name TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT;
PRAGMA user_version = 1;
"""


def connect(path: Path) -> sqlite3.Connection:
    """Open the database, making it the first time; transactions by `transaction` only."""
    opened = database.connect(path)
    if opened.execute("PRAGMA user_version").fetchone()[0] == 0:
        opened.executescript(SCHEMA)
    return opened


def count(store: sqlite3.Connection, name: str) -> None:
    """Count an event under a stable name."""
    store.execute(
        "INSERT INTO counter VALUES(?, 1) ON CONFLICT(name) DO UPDATE SET count = count + 1",
        (name,),
    )
