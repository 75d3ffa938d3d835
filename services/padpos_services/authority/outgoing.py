"""What goes down to the terminals: retained documents, draw messages, receipts."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Sequence

from padpos.wire import entry, signed
from padpos.wire.facts import Kind, PolicyFacts
from padpos.wire.keys import Signer
from padpos.wire.messages import down_topic
from padpos_services.authority import receipts
from padpos_services.authority.link import Link
from padpos_services.shared import database as shared_database

log = logging.getLogger(__name__)


class Outgoing:
    """Publishes over one link; a new link begins anew, so nothing hangs on the broker's memory."""

    def __init__(self, database: sqlite3.Connection, signer: Signer, link: Link) -> None:
        self._database = database
        self._signer = signer
        self._link = link
        self._newest_document = 0
        self._sent: dict[tuple[str, int], int] = {}

    def documents(self) -> None:
        """Publish each terminal's newest documents that this link has not carried yet."""
        rows = self._database.execute(
            "SELECT max(id) AS id, terminal, kind, version, raw FROM document WHERE id > ?"
            " GROUP BY terminal, kind",
            (self._newest_document,),
        ).fetchall()
        for row in rows:
            topic = down_topic(row["terminal"], row["kind"])
            self._link.publish(topic, row["raw"], retain=True)
            self._newest_document = max(self._newest_document, row["id"])
            log.info("%s: %s version %d published", row["terminal"], row["kind"], row["version"])

    def receipts(self) -> None:
        """Sign and publish every committed receipt that is due, once per link."""
        for terminal, number, raw in receipts.due(self._database, self._signer, set(self._sent)):
            mid = self._link.publish(down_topic(terminal, "receipt"), raw)
            self._sent[terminal, number] = mid

    def wants(self, wants: Sequence[tuple[str, bytes]]) -> None:
        """Publish wants; one that is lost is made again in its time."""
        for terminal, raw in wants:
            self._link.publish(down_topic(terminal, "want"), raw)

    def note_confirmed(self) -> None:
        """Note the receipts that the broker took."""
        taken = set(self._link.confirmed)
        self._link.confirmed.clear()
        done = [key for key, mid in self._sent.items() if mid in taken]
        if done:
            with shared_database.transaction(self._database):
                receipts.mark_issued(self._database, done)
            for key in done:
                del self._sent[key]

    def release_draws(self) -> None:
        """Publish draw messages whose terminal has shown that it accepted the commitments."""
        rows = self._database.execute(
            "SELECT id, terminal, chain, days, raw FROM draw WHERE released IS NULL"
        ).fetchall()
        for row in rows:
            if not self._is_committed(row["terminal"], row["chain"], set(row["days"].split())):
                continue
            with shared_database.transaction(self._database):
                self._database.execute(
                    "UPDATE draw SET released = ? WHERE id = ?",
                    (shared_database.now_ms(), row["id"]),
                )
            self._link.publish(down_topic(row["terminal"], "draw"), row["raw"])
            log.info("%s: draw keys released", row["terminal"])

    def repeat_draw(self, terminal: str) -> None:
        """Publish again the newest released draw message, to a terminal that came online."""
        row = self._database.execute(
            "SELECT raw FROM draw WHERE terminal = ? AND released IS NOT NULL"
            " ORDER BY id DESC LIMIT 1",
            (terminal,),
        ).fetchone()
        if row is not None:
            self._link.publish(down_topic(terminal, "draw"), row["raw"])
            log.info("%s: draw keys sent again", terminal)

    def _is_committed(self, terminal: str, chain: bytes, days: set[str]) -> bool:
        rows = self._database.execute(
            "SELECT raw FROM entry WHERE terminal = ? AND kind = ? AND chain = ?",
            (terminal, str(Kind.POLICY), chain),
        )
        for row in rows:
            _, payload, _ = signed.parts(signed.What.ENTRY, row["raw"])
            facts = entry.read_payload(payload).facts
            assert isinstance(facts, PolicyFacts)
            policy = self._database.execute(
                "SELECT days FROM document WHERE terminal = ? AND kind = 'policy'"
                " AND version = ? AND hash = ?",
                (terminal, facts.version, facts.policy_hash),
            ).fetchone()
            if policy is not None and days <= set(policy["days"].split()):
                return True
        return False
