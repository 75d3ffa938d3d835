"""The ingest: what is believed is stored once and receipted, what is not is named and counted."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from padpos.wire import envelope
from padpos.wire.facts import ClerkFacts, ConsignmentFacts
from padpos.wire.messages import EntryMessage, parts_of, up_topic
from padpos.wire.personal import Document, Party, SealedConsignment

if TYPE_CHECKING:
    from tests.services.conftest import Authority, Terminal


CLERK = ClerkFacts("c-1", True)


def consignment(identity: bytes) -> ConsignmentFacts:
    return ConsignmentFacts(
        consignment=identity, waybill="TEST00000001", outlet="o-1", clerk="c-1",
        customer="walk-in", contract=None, document_class="citizen", reading="chip", policy=1,
        exemptions=(), marks=(), verdicts=(), grams=500, from_scale=True, draw=None,
        times_today=1, clerks_own=False, software="test", durations=(),
    )  # fmt: skip


def sealed_for(authority: Any, terminal: Any, identity: bytes) -> bytes:
    person = Document(
        "citizen", "测试甲", "430102190001010015", "1", "19000101", None, None,
        "测试地址", None, None, None, None, None, None,
    )  # fmt: skip
    content = SealedConsignment(
        person,
        None,
        Party("测试甲", "13000000000", "甲地"),
        Party("测试乙", "13000000001", "乙地"),
        "书",
    )
    binding = envelope.Binding(terminal.name, "consignment", identity)
    return envelope.seal(content.padded(), binding, [authority.public("upload")])


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def count_of(authority: Any, digest: bytes) -> int:
    return int(authority.rows("SELECT count(*) FROM entry WHERE hash = ?", digest)[0][0])


def test_an_entry_with_its_envelope_is_stored_and_receipted(
    authority: Authority, terminal: Terminal
) -> None:
    identity = os.urandom(16)
    body = sealed_for(authority, terminal, identity)
    assert terminal.send(consignment(identity), sealed=body) == (0, None)
    kept = authority.rows(
        "SELECT body FROM envelope JOIN entry ON entry.sealed = envelope.sha256"
        " WHERE terminal = ?", terminal.name)  # fmt: skip
    assert kept == [(body,)]


def test_a_resent_entry_is_held_and_stored_once(authority: Authority, terminal: Terminal) -> None:
    message, digest = terminal.make(CLERK)
    terminal.publish("entry", message)
    assert terminal.word_on(digest) == (0, None)
    terminal.receipts.clear()
    terminal.publish("entry", message)
    assert terminal.word_on(digest) == (1, None)
    assert count_of(authority, digest) == 1


def test_receipt_numbers_rise_by_one(terminal: Terminal) -> None:
    for _ in range(5):
        terminal.send(CLERK)
    assert [r.number for r in terminal.receipts] == list(range(1, len(terminal.receipts) + 1))


def test_many_entries_at_once_share_receipts(terminal: Terminal) -> None:
    made = [terminal.make(CLERK) for _ in range(150)]
    before = len(terminal.receipts)
    for message, _ in made:
        terminal.publish("entry", message)
    assert {terminal.word_on(digest) for _, digest in made} == {(0, None)}
    assert len(terminal.receipts) - before < 100


@pytest.mark.parametrize("order", ["entry first", "parts first"])
def test_an_attachment_in_parts_is_assembled_and_receipted(
    authority: Authority, terminal: Terminal, order: Any
) -> None:
    photo = os.urandom(300_000)
    message, _ = terminal.make(CLERK, attachments=(photo,))
    parts = [part.to_bytes() for part in parts_of(photo)]
    steps = [("entry", message), *(("part", part) for part in parts)]
    for kind, payload in steps if order == "entry first" else steps[::-1]:
        terminal.publish(kind, payload)
    sha256 = next(parts_of(photo)).sha256
    assert terminal.word_on(sha256) == (0, None)
    name = sha256.hex()
    assert (authority.home / "store" / "blobs" / name[:2] / name).read_bytes() == photo
    terminal.receipts.clear()
    terminal.publish("part", parts[0])
    assert terminal.word_on(sha256) == (1, None)


def test_an_attachment_no_entry_names_gets_no_receipt(
    authority: Authority, terminal: Terminal
) -> None:
    photo = os.urandom(1000)
    part = next(parts_of(photo))
    terminal.publish("part", part.to_bytes())
    terminal.send(CLERK)
    assert all(not receipt.attachments for receipt in terminal.receipts)


def test_pieces_that_do_not_make_the_hash_are_dropped_and_can_be_sent_again(
    authority: Authority, terminal: Terminal
) -> None:
    photo = os.urandom(200_000)
    message, _ = terminal.make(CLERK, attachments=(photo,))
    terminal.publish("entry", message)
    first, second = list(parts_of(photo))
    wrong = type(second)(second.sha256, second.size, second.offset, flipped(second.data, 7))
    for part in (first, wrong):
        terminal.publish("part", part.to_bytes())
    terminal.send(CLERK)
    assert authority.counted("part-hash", terminal.name) == 1
    for part in (first, second):
        terminal.publish("part", part.to_bytes())
    assert terminal.word_on(first.sha256) == (0, None)


def test_unnamed_pieces_are_limited_to_64_mib_a_terminal(
    authority: Authority, terminal: Terminal
) -> None:
    size = 2 << 20
    for number in range(34):
        part = next(parts_of(number.to_bytes(4) + bytes(size - 4)))
        terminal.publish("part", part.to_bytes())
    assert terminal.send(CLERK) == (0, None)
    assert authority.counted("part-limit", terminal.name) == 2
    assert authority.counted("received-part", terminal.name) == 32


def test_a_gap_raises_an_alarm_that_closes_when_filled(
    authority: Authority, terminal: Terminal
) -> None:
    missing, missing_hash = terminal.make(CLERK)
    later, later_hash = terminal.make(CLERK)
    terminal.publish("entry", later)
    assert terminal.word_on(later_hash) == (0, None), "entries beyond a gap are stored"
    query = "SELECT kind, seq, closed IS NULL FROM alarm WHERE terminal = ?"
    assert authority.rows(query, terminal.name) == [("gap", 1, 1)]
    terminal.publish("entry", missing)
    assert terminal.word_on(missing_hash) == (0, None)
    assert authority.rows(query, terminal.name) == [("gap", 1, 0)]


def test_another_entry_at_a_used_seq_is_refused_with_an_alarm(
    authority: Authority, terminal: Terminal
) -> None:
    used, used_hash = terminal.make(CLERK)
    terminal.publish("entry", used)
    terminal.word_on(used_hash)
    assert terminal.send(ClerkFacts("c-2", True), seq=1, prev=os.urandom(32)) == (2, "equivocation")
    assert authority.rows("SELECT kind FROM alarm WHERE terminal = ?", terminal.name) == [
        ("equivocation",)
    ]
    assert count_of(authority, used_hash) == 1


def test_an_entry_that_does_not_link_is_refused_with_an_alarm(
    authority: Authority, terminal: Terminal
) -> None:
    assert terminal.send(CLERK, prev=os.urandom(32)) == (2, "fork")
    assert authority.rows("SELECT kind FROM alarm WHERE terminal = ?", terminal.name) == [("fork",)]
    assert terminal.send(CLERK) == (0, None)


def test_an_entry_of_an_unknown_chain_is_refused(terminal: Terminal) -> None:
    assert terminal.send(CLERK, chain=os.urandom(16)) == (2, "unknown-chain")


def test_an_entry_signed_with_another_key_is_counted_and_gets_no_word(
    authority: Authority, new_terminal: Callable[..., Terminal], terminal: Terminal
) -> None:
    stranger = new_terminal(connected=False)
    own, terminal.signer = terminal.signer, stranger.signer
    forged, digest = terminal.make(CLERK, seq=1, time=1)
    terminal.publish("entry", forged)
    terminal.signer = own
    assert terminal.send(CLERK) == (0, None)
    assert authority.counted("wrong-key", terminal.name) == 1
    assert all(item.hash != digest for r in terminal.receipts for item in r.entries)


def test_an_entry_that_names_another_terminal_is_refused(terminal: Terminal) -> None:
    assert terminal.send(CLERK, terminal="somebody-else") == (2, "terminal-mismatch")


def test_what_was_damaged_on_the_way_is_not_refused_but_taken_when_it_comes_whole(
    authority: Authority, terminal: Terminal
) -> None:
    identity = os.urandom(16)
    body = sealed_for(authority, terminal, identity)
    message, digest = terminal.make(consignment(identity), sealed=body)
    entry = EntryMessage.from_bytes(message).entry
    damaged = EntryMessage(entry, flipped(body, len(body) // 2), None).to_bytes()
    terminal.publish("entry", damaged)
    terminal.publish("entry", message)
    assert terminal.word_on(digest) == (0, None), "a lie on the way costs a re-send, no more"
    assert authority.counted("envelope-mismatch", terminal.name) == 1


def test_a_number_no_database_holds_stops_nobody(authority: Authority, terminal: Terminal) -> None:
    huge, _ = terminal.make(CLERK, seq=(1 << 64) - 1)
    terminal.publish("entry", huge)
    assert terminal.send(CLERK) == (0, None)
    assert authority.counted("malformed", terminal.name) == 1


def test_an_entry_without_its_envelope_gets_no_word(
    authority: Authority, terminal: Terminal
) -> None:
    identity = os.urandom(16)
    message, digest = terminal.make(
        consignment(identity), sealed=sealed_for(authority, terminal, identity)
    )
    terminal.publish(
        "entry", EntryMessage(EntryMessage.from_bytes(message).entry, None, None).to_bytes()
    )
    terminal.send(CLERK)
    assert all(item.hash != digest for r in terminal.receipts for item in r.entries)
    assert authority.counted("envelope-missing", terminal.name) == 1


def test_every_flipped_bit_is_refused_while_honest_entries_pass(
    authority: Authority, new_terminal: Callable[..., Terminal], terminal: Terminal
) -> None:
    honest = new_terminal()
    honest.publish("entry", EntryMessage(honest.genesis, None, None).to_bytes())
    message, digest = terminal.make(CLERK)
    places = range(0, len(message), 3)
    for at in places:
        terminal.publish("entry", flipped(message, at))
        if at % 30 == 0:
            honest.publish("entry", honest.make(CLERK)[0])
    assert honest.send(CLERK) == (0, None)
    terminal.publish("entry", message)
    terminal.send(ClerkFacts("c-9", False))
    named = ("malformed", "wrong-key", "bad-signature", "too-large", "terminal-mismatch")
    refused = sum(authority.counted(name, terminal.name) for name in named)
    assert refused == len(places)
    assert terminal.word_on(digest)[0] in (0, 1)
    assert count_of(authority, digest) == 1


@pytest.mark.parametrize(
    ("kind", "payload", "name"),
    [
        ("entry", b"", "malformed"),
        ("entry", b"\x83\xf6\xf6\xf6", "malformed"),
        ("entry", bytes(200 << 10), "too-large"),
        ("part", b"\xff" * 50, "malformed"),
        ("part", bytes(150 << 10), "too-large"),
        ("status", b"\xa0", "malformed"),
        ("nonsense", b"", "topic"),
    ],
)
def test_malformed_messages_are_counted_by_name(
    authority: Authority, terminal: Terminal, kind: Any, payload: Any, name: Any
) -> None:
    before = authority.counted(name, "" if name == "topic" else terminal.name)
    terminal.publish(kind, payload)
    assert terminal.send(CLERK) == (0, None)
    expected = before if kind == "nonsense" else before + 1  # not even subscribed to
    assert authority.counted(name, "" if name == "topic" else terminal.name) == expected


def test_a_message_above_the_brokers_limit_reaches_nobody(
    authority: Authority, terminal: Terminal
) -> None:
    before = len(list(authority.kept.iterdir()))
    terminal.client.publish(up_topic(terminal.name, "entry"), bytes(400 << 10), qos=0)
    terminal.disconnect()
    terminal.connect()
    assert terminal.send(CLERK) == (0, None)
    assert len(list(authority.kept.iterdir())) == before + 1


def test_uploaded_messages_are_kept_as_files(authority: Authority, terminal: Terminal) -> None:
    message, digest = terminal.make(CLERK)
    terminal.publish("entry", message)
    terminal.word_on(digest)
    kept = sorted(authority.kept.glob(f"*-{terminal.name}-entry.cbor"))
    assert kept[-1].read_bytes() == message


def test_nothing_personal_is_in_the_store_or_the_logs(
    authority: Authority, terminal: Terminal
) -> None:
    identity = os.urandom(16)
    body = sealed_for(authority, terminal, identity)
    terminal.send(consignment(identity), sealed=body)
    needles = ["测试甲".encode(), b"430102190001010015", b"13000000001", "乙地".encode()]
    searched = 0
    for folder in (authority.home / "store", authority.kept, authority.broker.folder):
        for file in (path for path in folder.rglob("*") if path.is_file()):
            content = file.read_bytes()
            searched += len(content)
            assert not any(needle in content for needle in needles), file.name
    assert searched > 10_000
    log = (authority.home / "serve.log").read_bytes()
    assert not any(needle in log for needle in needles)
