"""What the authority misses it asks for; what it signed for and lost, it says."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from padpos.wire import receipt as wire_receipt
from padpos.wire import want as wire_want
from padpos.wire.facts import ClerkFacts
from padpos.wire.messages import OFFLINE, PART_SIZE, EntryMessage, TerminalStatus, parts_of
from padpos.wire.receipt import EntryItem, Receipt, Status
from padpos.wire.want import Want, WantedAttachment
from padpos_services.authority import missing, store
from padpos_services.authority.keyfiles import load_private
from padpos_services.authority.wanting import LAST_MS, PATIENCE, Wants
from tests.services.test_authority_ingest import consignment, sealed_for
from tests.wire.vector_objects import signer

if TYPE_CHECKING:
    from pathlib import Path

    from tests.services.conftest import Authority, Terminal

CLERK = ClerkFacts("c-1", True)
ONLINE = TerminalStatus("test", 0, 0, "ok").to_bytes()
LONG = 1.5  # seconds; asked for is what is missing after 0.3


def wanted(terminal: Any, seconds: float = 10.0) -> Want:
    raw = terminal.next_of("want", seconds)
    return wire_want.verify(raw, (terminal.authority.receipt_key,))


def no_want(terminal: Any, seconds: float = LONG) -> None:
    with pytest.raises(queue.Empty):
        terminal.next_of("want", seconds)


def alarms(authority: Any, terminal: Any) -> list[tuple[Any, ...]]:
    """(kind, seq, whether open) of each alarm."""
    return list(
        authority.rows(
            "SELECT kind, seq, closed IS NULL FROM alarm WHERE terminal = ? ORDER BY kind, seq",
            terminal.name,
        )
    )


@pytest.fixture
def online(terminal: Terminal) -> Iterator[Terminal]:
    """A terminal that says that it is online, and at the end that it is not."""
    terminal.publish("status", ONLINE)
    yield terminal
    terminal.publish("status", OFFLINE)


def test_a_gap_is_asked_for_and_no_more_once_it_is_filled(
    authority: Authority, online: Terminal
) -> None:
    """Rule 3: what a broker dropped comes again, without waiting for the terminal's own time."""
    lost = [online.make(CLERK) for _ in range(2)]
    online.send(CLERK)
    more, more_hash = online.make(CLERK)
    online.send(CLERK)
    want = wanted(online)
    assert (want.terminal, want.chain) == (online.name, online.chain)
    assert (want.entries, want.attachments) == ((1, 2, 4), ())
    online.publish("entry", more)
    online.word_on(more_hash)
    second = wanted(online)
    assert second.entries == (1, 2)
    assert second.time > want.time
    for message, digest in lost:
        online.publish("entry", message)
        assert online.word_on(digest) == (0, None)
    no_want(online)
    assert authority.counted("want-sent", online.name) == 2


def test_a_terminal_that_is_not_online_is_not_asked_until_it_is(terminal: Terminal) -> None:
    terminal.make(CLERK)
    terminal.send(CLERK)
    no_want(terminal)
    terminal.publish("status", ONLINE)
    assert wanted(terminal).entries == (1,)
    terminal.publish("status", OFFLINE)
    with contextlib.suppress(queue.Empty):  # one may be under way
        terminal.next_of("want", LONG)
    no_want(terminal)


def test_only_the_pieces_that_are_missing_are_asked_for(
    authority: Authority, online: Terminal
) -> None:
    photo, other = os.urandom(2 * PART_SIZE + 5), os.urandom(9)
    first, second, third = parts_of(photo)
    message, _ = online.make(CLERK, attachments=(photo, other))
    online.publish("entry", message)
    for part in (first, third):
        online.publish("part", part.to_bytes())
    want = wanted(online)
    (lone,) = parts_of(other)
    assert {item.sha256: item.offsets for item in want.attachments} == {
        first.sha256: (PART_SIZE,),
        lone.sha256: (),
    }
    online.publish("part", second.to_bytes())
    online.publish("part", lone.to_bytes())
    assert online.word_on(first.sha256) == online.word_on(lone.sha256) == (0, None)
    no_want(online)


def test_pieces_that_made_another_photo_are_all_asked_for_again(
    authority: Authority, online: Terminal
) -> None:
    """Rule 3: a liar on the way costs a re-send."""
    photo = os.urandom(PART_SIZE + 5)
    first, second = parts_of(photo)
    message, _ = online.make(CLERK, attachments=(photo,))
    online.publish("entry", message)
    wrong = type(second)(second.sha256, second.size, second.offset, b"wrong")
    for part in (first, wrong):
        online.publish("part", part.to_bytes())
    assert wanted(online).attachments == (WantedAttachment(first.sha256),)
    for part in (first, second):
        online.publish("part", part.to_bytes())
    assert online.word_on(first.sha256) == (0, None)
    assert alarms(authority, online) == [("attachment-hash", None, 0)]


def test_an_entry_that_came_without_its_envelope_is_asked_for(
    authority: Authority, online: Terminal
) -> None:
    """Formats §7: no word on an entry until its Envelopes are here."""
    identity = os.urandom(16)
    body = sealed_for(authority, online, identity)
    message, digest = online.make(consignment(identity), sealed=body)
    bare = EntryMessage(EntryMessage.from_bytes(message).entry, None, None)
    online.publish("entry", bare.to_bytes())
    assert wanted(online).entries == (1,)
    assert alarms(authority, online) == [("envelope-missing", 1, 1)]
    online.publish("entry", message)
    assert online.word_on(digest) == (0, None)
    assert alarms(authority, online) == [("envelope-missing", 1, 0)]
    no_want(online)


def test_a_refused_entry_is_asked_for_only_on_an_operators_word(
    authority: Authority, online: Terminal
) -> None:
    assert online.send(CLERK, prev=os.urandom(32)) == (2, "fork")
    online.seq += 1
    online.send(CLERK)  # behind it, so that there is a gap too
    no_want(online)
    assert "nothing of" in authority.run("want", online.name)
    assert "1 entries" in authority.run("want", online.name, "--refused")
    assert wanted(online).entries == (1,)
    online.receipts.clear()
    assert online.send(CLERK, seq=1, prev=os.urandom(32)) == (2, "fork")
    no_want(online)
    assert "1 entries" in authority.run("want", online.name, "--seq", 1)
    assert wanted(online).entries == (1,)


@pytest.mark.parametrize(
    ("options", "why"),
    [(("--refused",), "is refused"), (("--seq", "0"), "is stored already")],
)
def test_an_operator_is_told_what_can_not_be_asked_for(
    authority: Authority, terminal: Terminal, options: tuple[str, ...], why: str
) -> None:
    with pytest.raises(AssertionError, match=why):
        authority.run("want", terminal.name, *options)
    with pytest.raises(AssertionError, match="no terminal nobody is enrolled"):
        authority.run("want", "nobody")


def lose(authority: Any, terminal: Any, seq: int) -> None:
    """The store of a stopped authority forgets an entry, as one restored from an old copy has."""
    with contextlib.closing(sqlite3.connect(authority.home / "store" / "authority.db")) as db, db:
        db.execute("DELETE FROM entry WHERE terminal = ? AND seq = ?", (terminal.name, seq))
        db.execute("UPDATE chain SET next_seq = ?, highest = ? WHERE terminal = ?",
                   (seq, seq - 1, terminal.name))  # fmt: skip


def test_what_it_signed_for_and_lost_is_an_alarm_of_its_own_and_asked_for_once(
    authority: Authority, online: Terminal
) -> None:
    """Rule 3's other end: the authority can't say that it never had it."""
    message, digest = online.make(CLERK)
    online.publish("entry", message)
    raw = online.next_of("receipt")
    while digest not in [item.hash for item in online.receipts[-1].entries]:
        raw = online.next_of("receipt")
    authority.stop()
    lose(authority, online, 1)
    authority.start()
    online.publish("status", ONLINE)
    online.send(CLERK)
    assert wanted(online).entries == (1,)
    online.publish("proof", raw)
    online.publish("proof", raw)
    no_want(online)
    assert ("store-lost", 1, 1) in alarms(authority, online)
    assert authority.counted("store-lost", online.name) == 1
    assert authority.counted("received-proof", online.name) == 2
    online.publish("entry", message)
    online.receipts.clear()
    assert online.word_on(digest) == (0, None)
    assert not [alarm for alarm in alarms(authority, online) if alarm[2]]


def test_a_proof_for_what_is_held_changes_nothing(authority: Authority, online: Terminal) -> None:
    message, _ = online.make(CLERK)
    online.publish("entry", message)
    online.publish("proof", online.next_of("receipt"))
    assert online.send(CLERK) == (0, None)
    assert authority.counted("received-proof", online.name) == 1
    assert alarms(authority, online) == []


def test_bad_proofs_are_counted_by_name_and_do_no_harm(
    authority: Authority, new_terminal: Callable[..., Terminal], terminal: Terminal
) -> None:
    """Rule 3: only our own word about this terminal's chain proves anything."""
    other = new_terminal()
    ours = load_private(authority.home / "ingest" / "private.json", "receipt").signer
    item = EntryItem(1, bytes(32), Status.STORED)

    def receipt(name: str, chain: bytes, key: Any) -> bytes:
        return Receipt(name, 1, (item,), (), chain, 1).sign(key).raw

    bad = {
        "proof-forged": [
            receipt(terminal.name, terminal.chain, signer("receipt")),
            receipt(terminal.name, terminal.chain, terminal.signer),
            terminal.genesis,
        ],
        "proof-foreign": [
            receipt(other.name, other.chain, ours),
            receipt(terminal.name, os.urandom(16), ours),
            receipt(other.name, terminal.chain, ours),
        ],
        "malformed": [b"", b"\xff" * 40],
        "too-large": [bytes(70_000)],
    }
    for proofs in bad.values():
        for proof in proofs:
            terminal.publish("proof", proof)
    assert terminal.send(CLERK) == (0, None)
    assert {name: authority.counted(name, terminal.name) for name in bad} == {
        name: len(proofs) for name, proofs in bad.items()
    }
    assert alarms(authority, terminal) == []
    assert authority.rows("SELECT 1 FROM unsettled WHERE terminal = ?", terminal.name) == []


def test_a_store_that_is_behind_after_a_crash_asks_with_ever_newer_times(
    authority: Authority, online: Terminal
) -> None:
    online.make(CLERK)
    online.send(CLERK)
    first = wanted(online)
    authority.stop(signal.SIGKILL)
    authority.start()
    online.publish("status", ONLINE)
    second = wanted(online)
    assert (second.entries, second.time > first.time) == (first.entries, True)


# --- when, and how often; by a clock of the test's own


class Clock:
    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now = 1_000_000.0
        patch.setattr("padpos_services.authority.wanting.time.monotonic", lambda: self.now)
        for module in ("wanting", "unsettled"):
            name = f"padpos_services.authority.{module}.shared_database.now_ms"
            patch.setattr(name, lambda: int(self.now * 1000))


class Desk:
    """A store with two gaps (1 to 3, and 5), and the wants it makes, asked for each second."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.clock = Clock(patch)
        store.create(folder / "a.db")
        self.database = store.connect(folder / "a.db")
        self.database.execute("INSERT INTO terminal(id, inbox_key, enrolled) VALUES('t-1', x'', 0)")
        self.database.execute("INSERT INTO chain VALUES('t-1', ?, x'', 'open', 1, 6)", (bytes(16),))
        for seq in (0, 4, 6):
            self.hold(seq)
        self.wants = Wants(self.database, signer("receipt"), 5.0)

    def hold(self, seq: int) -> None:
        self.database.execute(
            "INSERT INTO entry VALUES(NULL, 't-1', ?, ?, x'', x'', '', 0, 0, NULL, NULL, NULL,"
            " x'')", (bytes(16), seq),
        )  # fmt: skip

    def run(self, seconds: int, *, online: bool = True, heard: bool = False) -> list[Want]:
        """Let time pass: the wants made."""
        found = []
        for _ in range(seconds):
            self.clock.now += 1
            if heard:
                self.wants.heard(["t-1"])
            for terminal, raw in self.wants.due({"t-1"} if online else set()):
                assert terminal == "t-1"
                found.append(wire_want.verify(raw, (signer("receipt").public,)))
        return found


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    made = Desk(tmp_path, monkeypatch)
    yield made
    made.database.close()


def test_what_is_under_way_is_no_gap(desk: Desk) -> None:
    assert desk.run(4) == []
    assert desk.run(40, heard=True) == []
    assert [want.entries for want in desk.run(6)] == [(1, 2, 3, 5)]


def test_a_terminal_that_never_falls_silent_is_asked_all_the_same(desk: Desk) -> None:
    wants = desk.run(5 * PATIENCE * 3, heard=True)
    assert len(wants) == 2


def test_wants_grow_rarer_to_one_in_a_quarter_of_an_hour(desk: Desk) -> None:
    times = [want.time for want in desk.run(4 * 3600)]
    between = [round((b - a) / 1000) for a, b in pairwise(times)]
    assert between[:8] == [5, 10, 20, 40, 80, 160, 320, 640]
    assert set(between[8:]) == {LAST_MS // 1000}


def test_progress_makes_wants_frequent_again(desk: Desk) -> None:
    desk.run(300)
    desk.hold(2)
    (_, then, *_) = wants = desk.run(400)
    assert [want.entries for want in wants] == [(1, 3, 5)] * len(wants)
    assert len(wants) >= 5
    assert then.time - wants[0].time == 5000


def test_when_all_has_come_it_begins_anew(desk: Desk) -> None:
    desk.run(300)
    for seq in (1, 2, 3, 5):
        desk.hold(seq)
    desk.database.execute("UPDATE chain SET next_seq = 7")
    assert desk.run(60) == []
    desk.database.execute("UPDATE chain SET highest = 8")
    desk.hold(8)
    times = [want.time for want in desk.run(18)]
    assert [b - a for a, b in pairwise(times)] == [5000, 10_000]


def test_a_clock_set_back_neither_silences_wants_nor_dates_them_back(desk: Desk) -> None:
    """A terminal takes only newer ones."""
    (first, *_) = desk.run(20)
    ahead = desk.database.execute("SELECT due FROM want").fetchone()[0]
    desk.database.execute("UPDATE want SET time = ?, due = ?", (1 << 50, ahead + (1 << 50)))
    times = [want.time for want in desk.run(60)]
    assert times == list(range((1 << 50) + 1, (1 << 50) + 1 + len(times)))
    assert len(times) >= 2 and first.time < times[0]


def test_a_restart_forgets_no_waiting_time(desk: Desk) -> None:
    desk.run(700)
    desk.wants = Wants(desk.database, signer("receipt"), 5.0)
    assert len(desk.run(600)) <= 1


def test_a_hole_of_any_size_is_asked_for_by_the_page(desk: Desk) -> None:
    """A broken terminal may name any number: it costs neither time nor memory."""
    desk.hold(1 << 60)
    desk.database.execute("UPDATE chain SET highest = ?", (1 << 60,))
    started = time.perf_counter()
    (want, *_) = desk.run(8)
    assert want.entries == (1, 2, 3, 5, *range(7, 203))
    assert time.perf_counter() - started < 5
    assert missing.chains(desk.database) == [("t-1", bytes(16))]


def test_the_search_for_what_is_missing_reads_no_whole_table(desk: Desk) -> None:
    """It is made every second, over every terminal."""
    tables: list[str] = []
    desk.database.set_trace_callback(tables.append)
    missing.chains(desk.database)
    desk.database.set_trace_callback(None)
    (query,) = tables
    plan = [row["detail"] for row in desk.database.execute(f"EXPLAIN QUERY PLAN {query}")]
    scans = [step for step in plan if step.startswith("SCAN") and "lacking" not in step]
    used = [step.split(" USING ")[1].split()[-1] for step in scans]
    assert used == ["chain_gap", "attachment_missing", "unsettled_called"]


def test_no_receipt_of_a_proof_is_a_want() -> None:
    """One signed thing can't pass for the other, though one key signs both."""
    receipt = Receipt("t-1", 1, (), (), bytes(16), 1).sign(signer("receipt")).raw
    made = Want("t-1", 1, bytes(16), (1,)).sign(signer("receipt")).raw
    key = (signer("receipt").public,)
    for read, raw in ((wire_want.verify, receipt), (wire_receipt.verify, made)):
        with pytest.raises(ValueError, match="verify"):
            read(raw, key)
