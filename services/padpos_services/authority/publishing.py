"""`publish`: signed documents with a version that only rises, queued for `serve` to send."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from padpos.wire import documents, draw, ids, keyset, policy
from padpos.wire.documents import Contract, Contracts, Leavers, WaybillRange, Waybills
from padpos.wire.errors import WireError
from padpos.wire.keys import Alg, PublicKey, Signer
from padpos.wire.keyset import KeySet, Use
from padpos.wire.signed import Signed
from padpos_services.authority import keyfiles, store
from padpos_services.authority.contractfile import read_contracts
from padpos_services.authority.daykeys import day_keys
from padpos_services.authority.errors import NotPublished
from padpos_services.authority.home import Home
from padpos_services.authority.policyfile import Frame, read_policy
from padpos_services.shared import database as shared_database

DAY_MS = 24 * 3600 * 1000
SKEW_MS = 5 * 60 * 1000  # a terminal's clock may be this far behind ours
_OWN_USES = (Use.UPLOAD, Use.RECEIPT, Use.WAYBILLS)


@dataclass(frozen=True, slots=True)
class Terminal:
    """Who a document is for, and the transaction's hold on the next version."""

    database: sqlite3.Connection
    id: str
    inbox_key: bytes
    chain: bytes

    def next_version(self, kind: str) -> int:
        """One more than the highest ever made."""
        found: int = self.database.execute(
            "SELECT coalesce(max(version), 0) + 1 FROM document WHERE terminal = ? AND kind = ?",
            (self.id, kind),
        ).fetchone()[0]
        return found

    def queue(self, kind: str, version: int, document: Signed, days: Sequence[str] = ()) -> None:
        """Queue the document for `serve`."""
        self.database.execute(
            "INSERT INTO document(terminal, kind, version, hash, days, made, raw)"
            " VALUES(?, ?, ?, ?, ?, ?, ?)",
            (
                self.id,
                kind,
                version,
                document.hash,
                " ".join(days),
                shared_database.now_ms(),
                document.raw,
            ),
        )


def publish_keys(home: Home, terminal: str, days: int) -> int:
    """Queue a key set good for `days`; its version. Raises NotPublished."""
    keys = [(Use(use), key) for use, key in keyfiles.load_public(home.public / "keys.json")
            if use in set(_OWN_USES)]  # fmt: skip
    if home.carrier_keys.exists():
        keys += [(Use(use), key) for use, key in keyfiles.load_public(home.carrier_keys)]
    now = shared_database.now_ms()
    # With a label key a set spans 7 days at most, the allowance for slow clocks included.
    until = min(now + days * DAY_MS, now - SKEW_MS + keyset.LABEL_SPAN_MS)
    with _terminal(home, terminal) as to:
        version = to.next_version("keys")
        made = KeySet(version, terminal, now - SKEW_MS, until, tuple(keys)).sign(_policy_key(home))
        _self_check(lambda: keyset.verify(made.raw, _policy_key(home).public))
        to.queue("keys", version, made)
    return version


def publish_policy(
    home: Home,
    terminal: str,
    *,
    draw_rate: int,
    file: Path | None,
    days: int,
    valid_days: int,
    begins: int | None = None,
) -> int:
    """Queue a policy for one terminal, and the draw message that belongs to it; its version.

    In force at once, or from `begins` (ms): until then the terminal keeps it beside the one in
    force.
    """
    now = shared_database.now_ms()
    start = now - SKEW_MS if begins is None else begins
    signer = _policy_key(home)
    with _terminal(home, terminal) as to:
        keys = day_keys(home, terminal, to.chain, days)
        version = to.next_version("policy")
        frame = Frame(
            version, terminal, start, start + SKEW_MS + valid_days * DAY_MS, draw_rate,
            {day: draw.commitment(key) for day, key in keys.items()},
        )  # fmt: skip
        made = read_policy(file, frame).sign(signer)
        _self_check(lambda: policy.verify(made.raw, signer.public))
        to.queue("policy", version, made, list(keys))
        inbox = PublicKey(Alg.X25519, to.inbox_key)
        message = draw.draw_message(keys, terminal, inbox, signer)
        to.database.execute(
            "INSERT INTO draw(terminal, chain, days, made, raw) VALUES(?, ?, ?, ?, ?)",
            (terminal, to.chain, " ".join(keys), now, message),
        )
    return version


def publish_waybills(home: Home, terminal: str, first: str, last: str, expires_days: int) -> int:
    """Queue the terminal's waybill ranges: those still open, and this one; the version."""
    if not (ids.may_carry(terminal, first) and ids.may_carry(terminal, last)):
        raise NotPublished("training terminals get training numbers, and no other terminal does")
    signer = keyfiles.load_private(home.office / "private.json", "waybills").signer
    now = shared_database.now_ms()
    with _terminal(home, terminal) as to:
        version = to.next_version("waybills")
        kept = _open_ranges(to, signer.public, now)
        added = WaybillRange(first, last, now + expires_days * DAY_MS)
        made = Waybills(version, terminal, (*kept, added)).sign(signer)
        _self_check(lambda: documents.verify_waybills(made.raw, (signer.public,)))
        to.queue("waybills", version, made)
    return version


def publish_contracts(
    home: Home, terminal: str, contracts: Sequence[str], days: int, file: Path | None = None
) -> int:
    """Queue the terminal's contract customers, all of them: those named, good for `days`, and
    those of the file with their own validity, categories and responsible person; the version.

    Raises NotPublished.
    """
    signer = _policy_key(home)
    now = shared_database.now_ms()
    agreed = tuple(Contract(name, now - SKEW_MS, now + days * DAY_MS) for name in contracts)
    agreed += read_contracts(file) if file else ()
    with _terminal(home, terminal) as to:
        version = to.next_version("contracts")
        made = Contracts(version, terminal, agreed).sign(signer)
        _self_check(lambda: documents.verify_contracts(made.raw, signer.public))
        to.queue("contracts", version, made)
    return version


def publish_leavers(home: Home, terminal: str, clerks: Sequence[str]) -> int:
    """Queue the clerks who may no longer sign in at the terminal, all of them; the version."""
    signer = _policy_key(home)
    with _terminal(home, terminal) as to:
        version = to.next_version("leavers")
        made = Leavers(version, terminal, tuple(clerks)).sign(signer)
        _self_check(lambda: documents.verify_leavers(made.raw, signer.public))
        to.queue("leavers", version, made)
    return version


def _open_ranges(to: Terminal, key: PublicKey, now: int) -> list[WaybillRange]:
    row = to.database.execute(
        "SELECT raw FROM document WHERE terminal = ? AND kind = 'waybills'"
        " ORDER BY version DESC LIMIT 1",
        (to.id,),
    ).fetchone()
    if row is None:
        return []
    last = documents.verify_waybills(row["raw"], (key,))
    return [held for held in last.ranges if held.expires > now]


def _policy_key(home: Home) -> Signer:
    return keyfiles.load_private(home.office / "private.json", "policy").signer


def _self_check(read: Callable[[], object]) -> None:
    """A document that its own readers would refuse is never queued."""
    try:
        read()
    except WireError as error:
        raise NotPublished(f"terminals would refuse this: {error.what}") from error


@contextmanager
def _terminal(home: Home, terminal: str) -> Iterator[Terminal]:
    database = store.connect(home.database)
    try:
        with shared_database.transaction(database):
            row = database.execute(
                "SELECT inbox_key, chain FROM terminal JOIN chain ON chain.terminal = terminal.id"
                " WHERE terminal.id = ? AND chain.state = 'open'",
                (terminal,),
            ).fetchone()
            if row is None:
                raise NotPublished(f"no terminal {terminal} is enrolled")
            yield Terminal(database, terminal, bytes(row["inbox_key"]), bytes(row["chain"]))
    finally:
        database.close()
