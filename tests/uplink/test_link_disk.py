"""Promise: a bad spot on the disk holds up what lies on it, and nothing behind it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from padpos.ledger.errors import LedgerDamaged, LedgerError, LedgerUnreadable
from padpos.ledger.ledger import Ledger
from padpos.ledger.outbox import Outbox
from padpos.uplink.link import Link
from padpos.wire.messages import EntryMessage, Part
from tests.ledger.shelf import receipt_for
from tests.terminal.counters import Counter
from tests.uplink.office import Office, until
from tests.uplink.test_forwarder import office, told
from tests.uplink.test_link import told as linked

__all__ = ["office"]  # a fixture
BAD = 1  # the policy's entry


@pytest.mark.parametrize("error", [LedgerUnreadable("of a test"), LedgerDamaged("of a test")])
def test_an_entry_and_a_photo_that_can_not_be_read_hold_up_no_other(
    tmp_path: Path, office: Office, monkeypatch: pytest.MonkeyPatch, error: LedgerError
) -> None:
    """Rule 3: what is whole in a spoilt ledger still reaches the authority."""
    read_entry, read_part, bad = Ledger.message, Outbox.part, list[bytes]()

    def message(self: Ledger, seq: int) -> EntryMessage | None:
        if seq == BAD:
            raise error
        return read_entry(self, seq)

    def part(self: Outbox, sha256: bytes, offset: int) -> Part | None:
        if sha256 in bad:
            raise error
        return read_part(self, sha256, offset)

    monkeypatch.setattr(Ledger, "message", message)
    monkeypatch.setattr(Outbox, "part", part)
    office.listen()

    async def story(c: Counter) -> None:
        ((photo, _),) = await c.station.in_ledger(Outbox(c.ledger).attachments, 9)
        bad.append(photo)
        if c.station.closed is None:
            await c.walk_in()
        await until(lambda: {0, 2, 3, 4} <= office.heard.entries.keys())
        office.answer(c.ledger.chain)
        await until(lambda: c.station.waiting.entries == 1)
        assert BAD not in office.heard.entries

    told(tmp_path, office, story)


def test_a_receipt_that_meets_damage_is_answered_and_closes_the_counter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unanswered it would come again on every connection, and nothing else would pass."""

    def spoilt(*_: object) -> None:
        raise LedgerDamaged("of a test")

    async def story(c: Counter, path: Path) -> None:
        monkeypatch.setattr(Outbox, "apply", spoilt)
        up = await Link.connect(path)
        assert await up.down("receipt", receipt_for(c.ledger)) == "ledger-damaged"
        assert (await up.outbox(-1, 9)).health == "ledger-damaged"
        up.close()

    linked(tmp_path, story)


def test_the_link_still_says_no_where_nothing_can_be_told_of_what_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_: object) -> None:
        raise LedgerUnreadable("of a test")

    async def story(_: Counter, path: Path) -> None:
        monkeypatch.setattr(Outbox, "entries", unreadable)
        up = await Link.connect(path)
        with pytest.raises(asyncio.IncompleteReadError):
            await up.outbox(-1, 9)

    linked(tmp_path, story)
