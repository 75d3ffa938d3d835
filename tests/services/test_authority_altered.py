"""Promise: an entry altered in one bit, or signed by another, is refused by name, never stored.

At the receiver itself, so that every single bit can be tried; a sample goes through broker and
`serve` in test_authority_ingest.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import pytest

from padpos.wire import envelope, signed
from padpos.wire.facts import ClerkFacts, ConsignmentFacts
from padpos.wire.keys import PublicKey, Signer
from padpos.wire.messages import EntryMessage, Part, parts_of, up_topic
from padpos_services.authority import founding, store
from padpos_services.authority.blobs import Blobs
from padpos_services.authority.home import Home
from padpos_services.authority.receiving import Incoming, Receiver
from tests.services.conftest import Authority, Terminal, public_key

PHOTO = Random("a photo").randbytes(140_000)
BY_WHOEVER_CARRIES = {"malformed", "too-large", "wrong-key", "bad-signature", "envelope-mismatch"}


@dataclass(slots=True)
class Desk:
    """A receiver over a store of its own, one message at a time."""

    folder: Path
    home: Home = field(init=False)
    database: Any = field(init=False)
    receiver: Receiver = field(init=False)

    def __post_init__(self) -> None:
        self.home = Home(self.folder / "authority")
        founding.found(self.home, "127.0.0.1")
        self.database = store.connect(self.home.database)
        self.database.execute("PRAGMA synchronous = OFF")  # no power is cut here
        self.receiver = Receiver(self.database, Blobs(self.home))

    def enrol(self, name: str) -> Terminal:
        """A terminal whose genesis entry is stored."""
        terminal = Terminal(name, self.folder / name)
        terminal.enrol(cast(Authority, SimpleNamespace(home=self.home.root)))
        assert self.take(terminal, EntryMessage(terminal.genesis, None, None).to_bytes()) == {
            "received-entry": 1
        }
        return terminal

    def take(self, terminal: Terminal, payload: bytes, kind: str = "entry") -> Counter[str]:
        """What the authority has counted of one message in this terminal's topic."""
        before = self.counters()
        self.receiver.take([Incoming(up_topic(terminal.name, kind), payload)])
        return self.counters() - before

    def counters(self) -> Counter[str]:
        return Counter(dict(self.rows("SELECT name, sum(count) FROM counter GROUP BY name")))

    def held(self) -> tuple[int, ...]:
        """How many entries, Envelopes, whole photos, receipts and alarms there are."""
        tables = ("entry", "envelope", "attachment WHERE stored", "receipt", "alarm")
        return tuple(self.rows(f"SELECT count(*) FROM {table}")[0][0] for table in tables)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.database.execute(query)]


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Thousands of refusals are expected here."""
    caplog.set_level("ERROR")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """An authority without broker."""
    made = Desk(tmp_path)
    with closing(made.database):
        yield made


def consignment(desk: Desk, terminal: Terminal) -> bytes:
    """A whole consignment's message: an entry, both its Envelopes, a photo named."""
    identity = os.urandom(16)
    facts = ConsignmentFacts(
        consignment=identity, waybill="TEST00000001", outlet="o-1", clerk="c-1",
        customer="walk-in", contract=None, document_class="citizen", reading="chip", policy=1,
        exemptions=(), marks=(), verdicts=("ok",), grams=500, from_scale=True, draw=None,
        times_today=1, clerks_own=False, software="test", durations=(),
    )  # fmt: skip
    keys = [public_key(desk.home.root, "upload")]
    sealed, carrier = (
        envelope.seal(
            envelope.pad({1: os.urandom(100)}),
            envelope.Binding(terminal.name, purpose, identity),
            keys,
        )
        for purpose in ("consignment", "carrier")
    )
    message, _ = terminal.make(facts, sealed=sealed, carrier=carrier, attachments=(PHOTO,))
    return message


def flipped(data: bytes, bit: int) -> bytes:
    at, which = divmod(bit, 8)
    return data[:at] + bytes([data[at] ^ 1 << which]) + data[at + 1 :]


def test_every_bit_of_an_entry_flipped_is_refused_by_name_and_never_stored(desk: Desk) -> None:
    """Rule 3, its other half: what the authority signs for is what the terminal has made."""
    terminal = desk.enrol("t-bits")
    message = consignment(desk, terminal)
    entry = 8 * (1 + len(EntryMessage.from_bytes(message).entry))
    chance = Random("bits")
    bits = [*range(entry), *(at + chance.randrange(8) for at in range(entry, 8 * len(message), 8))]
    before, reasons = desk.held(), Counter[str]()

    for bit in bits:
        said = desk.take(terminal, flipped(message, bit))
        assert said.total() == 1, (bit, said)
        reasons += said

    assert set(reasons) <= BY_WHOEVER_CARRIES
    assert reasons["bad-signature"] > entry / 2, "the signature covers what is left by then"
    assert reasons["wrong-key"] >= 8 * 8, "each bit of the key's id"
    assert reasons["envelope-mismatch"] > 2000
    assert desk.held() == before, "nothing stored, nothing receipted, no alarm"
    assert desk.take(terminal, message) == {"received-entry": 1}


def test_an_entry_signed_by_another_terminal_is_refused_in_whichever_name_it_comes(
    desk: Desk,
) -> None:
    """Who signs is who says so: both terminals are enrolled, and neither speaks for the other."""
    victim, forger = desk.enrol("t-victim"), desk.enrol("t-forger")
    message = consignment(desk, victim)
    before = desk.held()[0]

    assert desk.take(victim, resigned(message, forger.signer)) == {"wrong-key": 1}
    posing = _Posing(forger.signer, victim.signer.public)
    assert desk.take(victim, resigned(message, posing)) == {"bad-signature": 1}
    assert desk.take(forger, resigned(message, forger.signer)) == {"terminal-mismatch": 1}
    assert desk.take(forger, message) == {"wrong-key": 1}

    assert desk.held()[0] == before
    assert desk.take(victim, message) == {"received-entry": 1}


@pytest.mark.parametrize("seed", range(20))
def test_a_photo_altered_in_one_bit_is_refused_by_name_and_asked_for_whole(
    desk: Desk, seed: int
) -> None:
    terminal = desk.enrol("t-photo")
    desk.take(terminal, consignment(desk, terminal))
    pieces = list(parts_of(PHOTO))
    chance = Random(seed)
    wrong = chance.randrange(len(pieces))
    altered = flipped(pieces[wrong].data, chance.randrange(8 * len(pieces[wrong].data)))
    sent = [*pieces[:wrong], with_data(pieces[wrong], altered), *pieces[wrong + 1 :]]

    said = sum((desk.take(terminal, piece.to_bytes(), "part") for piece in sent), Counter[str]())

    assert said == {"part-hash": 1, "received-part": len(pieces) - 1}
    assert desk.held()[2] == 0
    for piece in pieces:
        desk.take(terminal, piece.to_bytes(), "part")
    assert desk.held()[2] == 1
    assert desk.rows("SELECT kind FROM alarm WHERE closed IS NULL") == []


def test_a_photo_under_a_hash_that_nobody_names_is_refused_without_an_alarm(desk: Desk) -> None:
    """An alarm that nothing will ever close helps nobody; the campaign found it."""
    terminal = desk.enrol("t-nobody")
    desk.take(terminal, consignment(desk, terminal))
    small = next(parts_of(b"a small photo"))
    elsewhere = Part(flipped(small.sha256, 77), small.size, small.offset, small.data)

    assert desk.take(terminal, elsewhere.to_bytes(), "part") == {"part-hash": 1}
    assert desk.rows("SELECT kind FROM alarm") == []


def test_a_gap_and_a_fork_raise_an_alarm_each(desk: Desk) -> None:
    """What is missing, and what does not follow, somebody must look at."""
    terminal = desk.enrol("t-chain")
    first, second, third = (terminal.make(ClerkFacts(f"c-{n}", True))[0] for n in range(3))
    stray, _ = terminal.make(ClerkFacts("c-9", True), seq=3, prev=os.urandom(32))
    twin, _ = terminal.make(ClerkFacts("c-9", True), seq=1, prev=desk_head(desk))
    alarms = "SELECT kind, seq FROM alarm WHERE closed IS NULL ORDER BY id"

    desk.take(terminal, second)
    assert desk.rows(alarms) == [("gap", 1)]
    assert desk.take(terminal, stray) == {"fork": 1}
    assert desk.rows(alarms) == [("gap", 1), ("fork", 3)]
    desk.take(terminal, first)
    assert desk.rows(alarms) == [("fork", 3)]
    assert desk.take(terminal, twin) == {"equivocation": 1}
    assert desk.rows(alarms) == [("fork", 3), ("equivocation", 1)]
    assert desk.take(terminal, third) == {"received-entry": 1}, "honest ones still pass"


def desk_head(desk: Desk) -> bytes:
    """The hash of the genesis entry stored last."""
    return bytes(desk.rows("SELECT hash FROM entry WHERE seq = 0 ORDER BY id DESC")[0][0])


def with_data(part: Part, data: bytes) -> Part:
    return Part(part.sha256, part.size, part.offset, data)


def resigned(message: bytes, signer: Signer) -> bytes:
    """The same payload and Envelopes under another signature."""
    found = EntryMessage.from_bytes(message)
    payload = signed.parts(signed.What.ENTRY, found.entry)[1]
    raw = signed.sign(signed.What.ENTRY, payload, signer).raw
    return EntryMessage(raw, found.sealed, found.carrier).to_bytes()


@dataclass(frozen=True, slots=True)
class _Posing:
    """Signs with one key and calls itself another."""

    own: Signer
    public: PublicKey

    def sign(self, message: bytes) -> bytes:
        return self.own.sign(message)
