"""Promise: what is lost on the way is asked for and comes; what the authority loses is told.

The real four: terminal with its ledger, uplink, mosquitto, authority; none of them knows the test.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bench.faults.liar import queued
from bench.faults.world import World, wait_for

NEVER = 3600.0  # seconds after which the uplink would send again by itself
SECONDS = 30.0


class Office:
    """A world whose terminal sends nothing twice unless it is asked to."""

    def __init__(self, root: Path) -> None:
        self.world = World(root, Random(7), None)
        config = self.world.folder / "uplink.toml"
        patient = config.read_text().replace("resend_seconds = 2.0", f"resend_seconds = {NEVER}")
        config.write_text(patient)
        assert str(NEVER) in patient
        self.world.children["authority"]._command.extend(["--ask-after", "0.5"])
        self.acl = root / "broker" / "acl"
        self.store = self.world.home.store

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with contextlib.closing(sqlite3.connect(self.world.home.database)) as database:
            return database.execute(query).fetchall()

    def number(self, query: str) -> int:
        return int(self.rows(query)[0][0])

    def counted(self, name: str) -> int:
        return self.number(f"SELECT coalesce(sum(count), 0) FROM counter WHERE name = '{name}'")

    def reload_broker(self) -> None:
        process = self.world.children["broker"]._process
        assert process is not None
        os.kill(process.pid, signal.SIGHUP)

    def write_parcels(self, number: int) -> None:
        """Let the terminal accept so many more parcels, and then rest."""
        before = self.world.heard()
        self.world.quiet(False)
        self.await_(lambda: self.world.heard() >= before + 2 * number, "parcels")
        self.world.quiet(True)
        time.sleep(0.3)  # one may be in hand

    def await_(self, what: Callable[[], bool], message: str) -> None:
        assert wait_for(what, SECONDS), f"waited in vain for {message}"

    def drained(self) -> bool:
        return queued(self.world.link) == 0


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    made.world.quiet(True)
    try:
        for name in made.world.children:
            made.world.start(name)
        yield made
    finally:
        made.world.close()


def test_photos_and_entries_a_broker_drops_come_when_asked_for(office: Office) -> None:
    """Rule 3: a lying broker costs a re-send, and not the wait for the next one."""
    office.await_(office.drained, "the first receipts")
    lawful = office.acl.read_text()
    for kind, allowed in (("part", ("entry", "status")), ("entry", ("part", "status"))):
        office.acl.write_text(_only(lawful, *allowed))
        office.reload_broker()
        time.sleep(0.3)
        office.write_parcels(4)
        assert not office.drained()
        office.acl.write_text(lawful)
        office.reload_broker()
        office.write_parcels(1)  # what comes behind shows the gap
        office.await_(office.drained, f"each {kind} that was lost")
    assert office.counted("want-sent") >= 2
    assert office.number("SELECT count(*) FROM attachment WHERE stored = 0") == 0
    assert office.rows("SELECT kind FROM alarm WHERE closed IS NULL") == []


def test_a_store_brought_back_from_an_old_copy_is_told_what_it_had_signed_for(
    office: Office, tmp_path: Path
) -> None:
    """Rule 3: the terminal shows on whose word it deleted; what it kept, it sends."""
    office.write_parcels(2)
    office.await_(office.drained, "receipts")
    office.world.children["authority"].end()
    shutil.copytree(office.store, tmp_path / "copy")
    office.world.start("authority")
    office.write_parcels(3)
    office.await_(office.drained, "receipts")
    office.world.children["authority"].end()
    head = "SELECT max(seq) FROM entry"
    gone = "SELECT seq FROM entry WHERE sealed IS NOT NULL"
    lost = {seq for (seq,) in office.rows(gone)}
    newest = office.number(head)
    shutil.rmtree(office.store)
    shutil.copytree(tmp_path / "copy", office.store)
    lost -= {seq for (seq,) in office.rows(gone)}
    assert len(lost) >= 3
    office.world.start("authority")
    office.write_parcels(1)
    missing = f"SELECT {newest} - count(*) FROM entry WHERE seq BETWEEN 1 AND {newest}"
    office.await_(lambda: office.number(missing) == len(lost), "the entries with nothing sealed")
    office.await_(office.drained, "receipts for what came since")
    alarms = "SELECT seq FROM alarm WHERE kind = 'store-lost' AND closed IS NULL"
    office.await_(lambda: lost <= {seq for (seq,) in office.rows(alarms)}, "the alarms")
    held = {seq for (seq,) in office.rows("SELECT seq FROM entry")}
    assert not lost & held
    assert office.counted("received-proof") >= 1
    asked = office.counted("want-sent")
    time.sleep(3)
    assert office.counted("want-sent") == asked, "what is proven lost is not asked for again"


def _only(acl: str, *kinds: str) -> str:
    """The broker's rules, but a terminal may write these kinds only."""
    allowed = "\n".join(f"pattern write padpos/1/up/%u/{kind}" for kind in kinds)
    changed = acl.replace("pattern write padpos/1/up/%u/#", allowed)
    assert changed != acl
    return changed
