"""`padpos draw verify`: a record's draws re-computed with what the authority disclosed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from padpos.terminal import config as terminal_config
from padpos.terminal import keys as terminal_keys
from padpos.upkeep.inspect import ledger_of
from padpos.wire import certificates, draw_audit, ids
from padpos.wire.draw_audit import GOOD, Row, Verdict
from padpos.wire.keys import PublicKey


class NotVerifiable(Exception):
    """Something that was handed in can't be read; the message says which."""


@dataclass(frozen=True, slots=True)
class Disclosed:
    """What the authority tells after a day: the terminal, days' keys, the signed policies."""

    terminal: str
    keys: dict[str, bytes]
    policies: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """The rows that can be judged with what was disclosed, and how many could not."""

    rows: tuple[Row, ...]
    undisclosed: int

    @property
    def wrong(self) -> tuple[Row, ...]:
        """The rows that do not agree."""
        return tuple(row for row in self.rows if row.verdict not in GOOD)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "rows": [asdict(row) for row in self.rows],
            "counted": self.counted(),
            "undisclosed": self.undisclosed,
        }

    def as_text(self) -> str:
        """For people: each row that does not agree, then how many of which verdict."""
        lines = [
            f"entry {row.seq}: {row.day or '-'} {row.contract} n={row.n}: {row.verdict}"
            for row in self.wrong
        ]
        lines += [f"{count} {verdict}" for verdict, count in self.counted().items()]
        return "\n".join([*lines, f"{self.undisclosed} of days not disclosed"])

    def counted(self) -> dict[Verdict, int]:
        """Rows by verdict, those that occur."""
        counts = {each: sum(row.verdict is each for row in self.rows) for each in Verdict}
        return {verdict: count for verdict, count in counts.items() if count}


def read_disclosed(path: Path) -> Disclosed:
    """Read the file that `padpos-authority draw disclose` wrote. Raises NotVerifiable."""
    try:
        table = json.loads(path.read_text("utf-8"))
        keys = {ids.day(day): bytes.fromhex(key) for day, key in table["keys"].items()}
        policies = tuple(bytes.fromhex(raw) for raw in table["policies"])
        return Disclosed(ids.terminal_id(table["terminal"]), keys, policies)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotVerifiable(f"{path}: not what the authority discloses") from error


def read_entries(path: Path) -> Iterator[bytes]:
    """The signed entries of an exported ledger. Raises NotVerifiable."""
    try:
        with path.open("r", encoding="ascii") as file:
            for line in file:
                yield bytes.fromhex(line)
    except (OSError, ValueError) as error:
        raise NotVerifiable(f"{path}: not an exported ledger") from error


def export(config: Path, out: Path) -> int:
    """Write all entries, signed, one a line in hex: how many. No sealed part goes with them."""
    with ledger_of(config) as (ledger, _), out.open("w", encoding="ascii") as file:
        rows = ledger.db.execute("SELECT raw FROM entries ORDER BY seq")
        return sum(1 for (raw,) in rows if file.write(raw.hex() + "\n"))


def verify_own(config: Path, disclosed: Disclosed) -> Finding:
    """Judge the draws of a terminal that is not running, by its own pinned keys."""
    with ledger_of(config) as (ledger, signer):
        policy_key = terminal_keys.load_policy_key(terminal_config.load(config).keys)
        rows = ledger.db.execute("SELECT raw FROM entries ORDER BY seq")
        raws = (raw for (raw,) in rows)
        return verify(raws, signer.public, policy_key, disclosed)


def verify_exported(
    entries: Path, certificate: Path, policy_key: Path, disclosed: Disclosed
) -> Finding:
    """Judge the draws of an exported ledger. Raises NotVerifiable or a WireError."""
    try:
        der = x509.load_pem_x509_certificate(certificate.read_bytes()).public_bytes(Encoding.DER)
        key = certificates.read_entry_certificate(der).key
    except (OSError, ValueError) as error:
        raise NotVerifiable(f"{certificate}: not a terminal's entry certificate") from error
    pinned = terminal_keys.read_policy_key(policy_key)
    return verify(read_entries(entries), key, pinned, disclosed)


def verify(
    raws: Iterable[bytes], entry_key: PublicKey, policy_key: PublicKey, disclosed: Disclosed
) -> Finding:
    """Judge every draw of a chain. Raises NotVerifiable, or a WireError where it does not hold."""
    records = list(draw_audit.read_chain(raws, entry_key))
    if not records or records[0].entry.terminal != disclosed.terminal:
        raise NotVerifiable("what was disclosed is of another terminal")
    policies = draw_audit.read_policies(disclosed.policies, policy_key)
    rows = draw_audit.audit(records, policies, disclosed.keys)
    told = [row for row in rows if not row.day or row.day in disclosed.keys]
    return Finding(tuple(told), len(rows) - len(told))
