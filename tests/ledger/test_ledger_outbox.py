"""Promise: evidence leaves the terminal only against the authority's own matching word."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from padpos.ledger.held import Held
from padpos.ledger.ledger import Appended, Ledger
from padpos.ledger.outbox import Outbox
from padpos.wire.errors import WireError
from padpos.wire.keys import SoftwareSigner
from padpos.wire.messages import PART_SIZE, Part
from padpos.wire.receipt import AttachmentItem, EntryItem, Status
from tests.ledger.shelf import (
    CARRIER,
    PHOTO,
    SEALED,
    begun,
    clerk,
    opened,
    parcel,
    receipt_for,
    stored,
)
from tests.wire.vector_objects import signer

KEYS = (signer("receipt").public,)
OTHER_KEY = SoftwareSigner(signer("policy").private)


class Case:
    """A ledger with genesis (0), a parcel with a photo (1) and a clerk's entry (2)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger: Ledger = begun(folder)
        self.parcel, self.photo = parcel(self.ledger)
        self.clerk: Appended = clerk(self.ledger)
        self.outbox = Outbox(self.ledger)
        self.word = AttachmentItem(self.photo, Status.STORED)

    def apply(self, raw: bytes) -> None:
        self.outbox.apply(raw, KEYS)

    def nothing_lost(self, *, to_send: bool = True) -> bool:
        """Whether entry, Envelopes and photo are all still here, and the photo still to be sent."""
        message = self.ledger.message(self.parcel.seq)
        assert message is not None
        whole = (message.sealed, message.carrier) == (SEALED, CARRIER)
        photos = [(self.photo, len(PHOTO))] if to_send else []
        unsent = self.outbox.attachments(10) == photos
        waiting = self.outbox.waiting()
        counted = (waiting.entries, waiting.attachments) == (3, 1)
        return whole and unsent and counted and self.ledger.files.read(self.photo) == PHOTO


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


@pytest.mark.parametrize("status", [Status.STORED, Status.HELD])
def test_an_authentic_receipt_lets_go_what_it_names_and_nothing_else(
    case: Case, status: Status
) -> None:
    """Rule 3: entry and photo each on their own word."""
    case.apply(receipt_for(case.ledger, stored(case.parcel, status)))
    message = case.ledger.message(case.parcel.seq)
    assert message is not None and (message.sealed, message.carrier) == (None, None)
    assert case.outbox.entries(-1, 10) == [0, 2]
    assert case.ledger.files.read(case.photo) == PHOTO
    case.apply(receipt_for(case.ledger, AttachmentItem(case.photo, status), number=2))
    assert case.outbox.attachments(10) == []
    with pytest.raises(FileNotFoundError):
        case.ledger.files.read(case.photo)


LIES: dict[str, Callable[[Case], bytes]] = {
    "another key": lambda c: receipt_for(c.ledger, stored(c.parcel), c.word, key=OTHER_KEY),
    "a terminal's own key": lambda c: receipt_for(
        c.ledger, stored(c.parcel), c.word, key=signer("entry")
    ),
    "another terminal": lambda c: receipt_for(
        c.ledger, stored(c.parcel), c.word, terminal="cn-sh-0001"
    ),
    "another chain": lambda c: receipt_for(c.ledger, stored(c.parcel), c.word, chain=bytes(16)),
    "an altered byte": lambda c: _flipped(receipt_for(c.ledger, stored(c.parcel), c.word)),
    "an entry": lambda c: c.ledger.message(1).entry,  # type: ignore[union-attr]  # it is there
    "nothing": lambda _: b"",
}


@pytest.mark.parametrize("lie", LIES)
def test_a_receipt_that_is_not_the_authoritys_word_for_this_chain_changes_nothing(
    case: Case, lie: str
) -> None:
    """Rule 3: a lying broker deletes nothing."""
    with pytest.raises(WireError):
        case.apply(LIES[lie](case))
    assert case.nothing_lost()
    assert case.outbox.newest_receipt() is None


@pytest.mark.parametrize(
    "items",
    [
        lambda c: [EntryItem(c.parcel.seq, c.clerk.hash, Status.STORED)],
        lambda c: [EntryItem(c.clerk.seq, c.parcel.hash, Status.STORED)],
        lambda c: [EntryItem(c.parcel.seq, bytes(32), Status.HELD)],
        lambda c: [EntryItem(99, c.parcel.hash, Status.STORED)],
        lambda c: [AttachmentItem(c.parcel.hash, Status.STORED)],
        lambda _: [AttachmentItem(hashlib.sha256(SEALED).digest(), Status.STORED)],
        lambda _: [],
    ],
)
def test_an_authentic_receipt_for_something_else_lets_nothing_go(
    case: Case, items: Callable[[Case], list[EntryItem | AttachmentItem]]
) -> None:
    """Rule 3: sequence number and hash must both be those of the entry here."""
    case.apply(receipt_for(case.ledger, *items(case)))
    assert case.nothing_lost()


def test_a_refused_entry_is_kept_whole_with_its_reason_and_not_sent_again(case: Case) -> None:
    """Rule 3: a refusal is no receipt."""
    case.apply(receipt_for(case.ledger, stored(case.parcel, Status.REFUSED)))
    assert case.nothing_lost(to_send=False)
    assert case.outbox.entries(-1, 10) == [0, 2]
    assert case.outbox.waiting().refused == 1
    reason = "SELECT refused FROM entries WHERE seq = ?"
    assert case.ledger.db.execute(reason, (case.parcel.seq,)).get == "not-in-chain"


def test_a_refused_photo_is_kept_with_its_reason_and_not_sent_again(case: Case) -> None:
    """Rule 3: a refusal is no receipt, for a photo as little as for an entry."""
    no = AttachmentItem(case.photo, Status.REFUSED, "too-large")
    case.apply(receipt_for(case.ledger, no))
    assert case.nothing_lost(to_send=False)
    assert case.outbox.waiting().refused == 1
    reason = "SELECT refused FROM attachments WHERE hash = ?"
    assert case.ledger.db.execute(reason, (case.photo,)).get == "too-large"
    case.apply(receipt_for(case.ledger, case.word, number=2))
    assert (case.outbox.waiting().attachments, case.outbox.waiting().refused) == (0, 0)


def test_a_refused_entry_that_is_stored_later_is_let_go(case: Case) -> None:
    case.apply(receipt_for(case.ledger, stored(case.parcel, Status.REFUSED)))
    case.apply(receipt_for(case.ledger, stored(case.parcel), number=2))
    message = case.ledger.message(case.parcel.seq)
    assert message is not None and message.sealed is None
    assert case.outbox.waiting().entries == 2


def test_a_stale_refusal_does_not_call_back_what_is_final(case: Case) -> None:
    case.apply(receipt_for(case.ledger, stored(case.parcel), number=2))
    case.apply(receipt_for(case.ledger, stored(case.parcel, Status.REFUSED), number=1))
    row = case.ledger.db.execute("SELECT receipted, refused FROM entries WHERE seq = 1").get
    assert row == (2, None)


def test_receipts_in_any_order_and_any_number_of_times_end_alike(tmp_path: Path) -> None:
    """Rule 3: repeated, reordered and stale receipts change nothing that is final."""
    ends = set()
    for number, order in enumerate(itertools.permutations(range(3))):
        case = Case(tmp_path / str(number))
        receipts = [
            receipt_for(case.ledger, stored(case.parcel), number=1),
            receipt_for(case.ledger, case.word, number=2),
            receipt_for(case.ledger, stored(case.clerk), number=3),
        ]
        for place in (*order, *order):
            case.apply(receipts[place])
        waiting = case.outbox.waiting()
        newest = case.outbox.newest_receipt()
        ends.add((waiting.entries, waiting.attachments, newest is not None))
        stands = case.ledger.db.execute("SELECT seq, receipted FROM entries ORDER BY seq")
        assert list(stands) == [(0, None), (1, 1), (2, 3)]
    assert ends == {(1, 0, True)}


def test_the_newest_receipt_is_that_of_the_highest_number(case: Case) -> None:
    case.apply(receipt_for(case.ledger, stored(case.clerk), number=7))
    newest = case.outbox.newest_receipt()
    case.apply(receipt_for(case.ledger, stored(case.parcel), number=3))
    assert case.outbox.newest_receipt() == newest is not None


def test_what_a_receipt_let_go_is_gone_from_the_files_and_its_hash_stays(case: Case) -> None:
    """Rule 3, and rule 1's other half: purged ciphertext is not left in free pages or the log."""
    files = [case.folder / "ledger.sqlite", case.folder / "ledger.sqlite-wal"]
    assert any(SEALED[-64:] in file.read_bytes() for file in files)
    case.apply(receipt_for(case.ledger, stored(case.parcel), case.word))
    case.ledger.close()
    for file in case.folder.rglob("*"):
        content = file.read_bytes() if file.is_file() else b""
        assert SEALED[:64] not in content and SEALED[-64:] not in content
        assert CARRIER[:64] not in content and CARRIER[-64:] not in content
        assert PHOTO[:64] not in content
    ledger = opened(case.folder)
    assert ledger.verify(signer("entry").public) == 3
    assert hashlib.sha256(SEALED).digest() in ledger.message(1).entry  # type: ignore[union-attr]  # it is there


def test_a_crash_between_receipt_and_removal_leaves_a_file_for_the_sweep(case: Case) -> None:
    """The row goes first: a file too many is harmless, a file too few would be a loss."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(case.ledger.files, "remove", _power_cut, raising=True)
        with pytest.raises(KeyboardInterrupt):
            case.apply(receipt_for(case.ledger, case.word))
    assert case.outbox.attachments(10) == []
    assert case.ledger.files.read(case.photo) == PHOTO


def test_entries_are_listed_in_order_behind_a_mark_and_photos_in_pieces(case: Case) -> None:
    assert case.outbox.entries(-1, 2) == [0, 1]
    assert case.outbox.entries(1, 10) == [2]
    large = b"p" * (2 * PART_SIZE + 5)
    _, photo = parcel(case.ledger, large)
    pieces = [case.outbox.part(photo, offset) for offset in range(0, len(large), PART_SIZE)]
    assert b"".join(piece.data for piece in pieces if piece) == large
    assert all(piece and Part.from_bytes(piece.to_bytes()) == piece for piece in pieces)
    assert case.outbox.part(photo, len(large)) is None
    assert case.outbox.part(bytes(32), 0) is None


def test_a_photo_without_its_entry_is_not_sent(case: Case) -> None:
    """Entries before photos: the authority must know what a photo belongs to."""
    Held(case.ledger).keep_photo(bytes(16), b"loose", "image/jpeg")
    assert case.outbox.attachments(10) == [(case.photo, len(PHOTO))]


def _flipped(raw: bytes) -> bytes:
    middle = len(raw) // 2
    return raw[:middle] + bytes([raw[middle] ^ 1]) + raw[middle + 1 :]


def _power_cut(_: bytes) -> None:
    raise KeyboardInterrupt
