"""The oracle at the authority: what the terminal's writer has reported against what is held there.

It reads the authority's files with its own SQL, and does every hash anew.
"""

import sqlite3
from collections import Counter
from contextlib import closing
from typing import Any

from bench.faults.score import Score
from bench.faults.shop import digest
from bench.faults.world import TERMINAL, World
from padpos.wire import signed

Rows = list[tuple[Any, ...]]
# A gap may show for a while, and damage where there was some; nothing else may, ever.
HONEST, OF_DAMAGE = {"gap"}, {"attachment-hash"}


class Store:
    """The authority's store, read only."""

    def __init__(self, world: World) -> None:
        self._world = world
        with closing(sqlite3.connect(world.home.database)) as database:
            ask = database.execute
            entries: Rows = ask(
                "SELECT seq, hash, kind, consignment, sealed, carrier, raw FROM entry"
                " WHERE terminal = ? ORDER BY seq", (TERMINAL,),
            ).fetchall()  # fmt: skip
            self.entries = entries
            self.envelopes = dict(ask("SELECT sha256, body FROM envelope"))
            stored = ask("SELECT sha256 FROM attachment WHERE stored AND terminal = ?", (TERMINAL,))
            self.photos = {sha256 for (sha256,) in stored}
            self.parcels = {row[3].hex() for row in entries if row[2] == "consignment"}
            self.alarms: Rows = ask(
                "SELECT id, kind, closed, seq FROM alarm ORDER BY id"
            ).fetchall()

    def photo(self, sha256: bytes) -> bytes | None:
        """A stored photo's bytes."""
        path = self._world.home.store / "blobs" / sha256.hex()[:2] / sha256.hex()
        return path.read_bytes() if sha256 in self.photos and path.exists() else None


def newest_alarm(world: World) -> int:
    """The number of the last alarm that was raised."""
    return max((row[0] for row in Store(world).alarms), default=0)


def audit(world: World, score: Score, since: int, alarm: int, *, alters: bool) -> None:
    """Count what is lost, doubled or altered of the reports since that one, and the alarms.

    `alters`: the fault damages what is on its way, so that the authority may well say so.
    """
    store = Store(world)
    held = {row[0]: row for row in store.entries}
    for report in world.reports[since:]:
        _reported(report, held, store, score)
    _chain(store, score)
    hashes = Counter(row[1] for row in store.entries)
    parcels = Counter(row[3] for row in store.entries if row[2] == "consignment")
    for counted in (hashes, parcels):
        if doubled := sum(number > 1 for number in counted.values()):
            score.add("doubled", "an entry or a consignment at the authority", doubled)
    expected = HONEST | OF_DAMAGE if alters else HONEST
    for number, kind, closed, seq in store.alarms:
        if number > alarm and (kind not in expected or closed is None):
            score.add("alarms", f"{kind} (seq {seq}), {'closed' if closed else 'still open'}")


def compare(own: dict[int, bytes], world: World, score: Score) -> None:
    """Count where the terminal's own chain (seq: hash) and the authority's differ."""
    held = {row[0]: row[1] for row in Store(world).entries}
    for seq in own.keys() | held.keys():
        if own.get(seq) != held.get(seq):
            column = "lost" if seq not in own or seq not in held else "altered"
            score.add(column, f"entry {seq} is not the same here and at the authority")


def _reported(
    report: dict[str, Any], held: dict[int, tuple[Any, ...]], store: Store, score: Score
) -> None:
    seq = report["seq"]
    score.promised += 1
    row = held.get(seq)
    if row is None:
        score.add("lost", f"entry {seq}")
        return
    if row[1].hex() != report["hash"] or signed.hash_of(signed.What.ENTRY, row[6]) != row[1]:
        score.add("altered", f"entry {seq}")
    for name, sha256 in (("sealed", row[4]), ("carrier", row[5])):
        if name in report:
            _envelope(seq, report[name], sha256, store, score)
    for photo in report.get("photos", ()):
        score.promised += 1
        content = store.photo(bytes.fromhex(photo))
        if content is None:
            score.add("lost", f"a photo of entry {seq}")
        elif digest(content).hex() != photo:
            score.add("altered", f"a photo of entry {seq}")
    if "label" in report and report["label"] not in store.parcels:
        score.add("unbacked", f"the label of entry {seq}")


def _envelope(seq: int, promised: str, sha256: bytes | None, store: Store, score: Score) -> None:
    body = store.envelopes.get(sha256) if sha256 else None
    if body is None:
        score.add("lost", f"an Envelope of entry {seq}")
    elif digest(body).hex() != promised:
        score.add("altered", f"an Envelope of entry {seq}")


def _chain(store: Store, score: Score) -> None:
    seqs = [row[0] for row in store.entries]
    if missing := len(set(range(max(seqs, default=-1) + 1)) - set(seqs)):
        score.add("lost", "entries missing in the middle of the chain", missing)
