"""Promise: what the authority asks for again is sent again, or answered by its own receipt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from padpos.ledger.outbox import Outbox
from padpos.ledger.wants import Wants
from padpos.wire import receipt as wire_receipt
from padpos.wire.errors import NotNewer, WireError
from padpos.wire.keys import Signer, SoftwareSigner
from padpos.wire.link import MOST_AGAIN, Again
from padpos.wire.messages import PART_SIZE
from padpos.wire.receipt import AttachmentItem, Status
from padpos.wire.want import Want, WantedAttachment
from tests.ledger.shelf import PHOTO, begun, clerk, opened, parcel, receipt_for, stored
from tests.wire.vector_objects import START, TERMINAL, signer

KEYS = (signer("receipt").public,)
NOTHING = Again()
OFFSETS = tuple(range(0, len(PHOTO), PART_SIZE))


class Case:
    """A ledger with genesis (0), a parcel with a photo of two pieces (1), a clerk's entry (2)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger = begun(folder)
        self.parcel, self.photo = parcel(self.ledger)
        self.clerk = clerk(self.ledger)
        self.outbox = Outbox(self.ledger)
        self.wants = Wants(self.ledger)

    def want(
        self,
        *entries: int,
        photos: tuple[WantedAttachment, ...] = (),
        time: int = START,
        key: Signer | None = None,
        terminal: str = TERMINAL,
        chain: bytes | None = None,
    ) -> bytes:
        made = Want(terminal, time, chain or self.ledger.chain, entries, photos)
        return made.sign(key or signer("receipt")).raw

    def all_of_it(self, time: int = START) -> bytes:
        return self.want(0, 1, 2, photos=(WantedAttachment(self.photo),), time=time)

    def take(self, raw: bytes) -> Again:
        self.wants.take(raw, KEYS)
        return self.wants.told()

    def apply(self, raw: bytes) -> bytes:
        self.outbox.apply(raw, KEYS)
        return wire_receipt.verify(raw, KEYS)[1]


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path)


def test_what_still_waits_is_sent_again_and_told_once(case: Case) -> None:
    again = case.take(case.all_of_it())
    assert again == Again((0, 1, 2), tuple((case.photo, offset) for offset in OFFSETS), ())
    assert len(OFFSETS) == 2
    assert case.wants.told() == NOTHING


def test_only_the_pieces_asked_for_are_sent_and_none_that_the_photo_does_not_have(
    case: Case,
) -> None:
    photos = (WantedAttachment(case.photo, (PART_SIZE, 5 * PART_SIZE)),)
    assert case.take(case.want(photos=photos)) == Again((), ((case.photo, PART_SIZE),), ())


def test_a_refusal_is_lifted_and_a_refusal_played_back_does_not_undo_it(case: Case) -> None:
    """Rule 3: the authority may change its mind; the broker may not change it back."""
    no = receipt_for(
        case.ledger,
        stored(case.parcel, Status.REFUSED),
        AttachmentItem(case.photo, Status.REFUSED, "too-large"),
    )
    case.apply(no)
    assert (case.outbox.entries(-1, 9), case.outbox.attachments(9)) == ([0, 2], [])
    case.take(case.all_of_it())
    assert case.outbox.waiting().refused == 0
    case.apply(no)
    assert case.outbox.entries(-1, 9) == [0, 1, 2]
    assert case.outbox.attachments(9) == [(case.photo, len(PHOTO))]
    case.apply(receipt_for(case.ledger, stored(case.parcel, Status.REFUSED), number=2))
    assert case.outbox.entries(-1, 9) == [0, 2], "a new refusal counts"


def test_what_was_let_go_is_answered_by_the_receipt_that_let_it_go(case: Case) -> None:
    """Rule 3: the terminal shows on whose word it deleted."""
    entry = case.apply(receipt_for(case.ledger, stored(case.parcel), number=1))
    word = AttachmentItem(case.photo, Status.HELD)
    photo = case.apply(receipt_for(case.ledger, word, number=2))
    again = case.take(case.want(1, photos=(WantedAttachment(case.photo, (0,)),)))
    assert again == Again((), (), (entry, photo))
    for digest, names in ((entry, case.parcel.hash), (photo, case.photo)):
        raw = case.wants.proof(digest)
        assert raw is not None
        read, _ = wire_receipt.verify(raw, KEYS)
        assert names in [item.hash for item in (*read.entries, *read.attachments)]
    assert case.wants.proof(bytes(32)) is None


def test_a_receipted_entry_without_sealed_parts_comes_with_its_receipt(case: Case) -> None:
    """Nothing of it was deleted, so an authority that lost it gets it back."""
    digest = case.apply(receipt_for(case.ledger, stored(case.clerk)))
    assert case.take(case.want(2)) == Again((2,), (), (digest,))
    assert case.outbox.waiting().entries == 2, "it is receipted still"


def test_a_number_given_twice_is_answered_by_both_receipts(case: Case) -> None:
    """An authority restored from a copy counts on from an older number."""
    one = case.apply(receipt_for(case.ledger, stored(case.parcel), number=1))
    other = case.apply(receipt_for(case.ledger, stored(case.clerk), number=1))
    assert set(case.take(case.want(1)).receipts) == {one, other}


def test_what_this_chain_never_held_is_passed_over(case: Case) -> None:
    loose = WantedAttachment(bytes(32))
    assert case.take(case.want(2, 3, 1 << 60, photos=(loose,))) == Again((2,), (), ())


LIES: dict[str, Callable[[Case], bytes]] = {
    "another key": lambda c: c.want(1, key=SoftwareSigner(signer("policy").private)),
    "the terminal's own key": lambda c: c.want(1, key=signer("entry")),
    "another terminal": lambda c: c.want(1, terminal="cn-sh-0001"),
    "another chain": lambda c: c.want(1, chain=bytes(16)),
    "a receipt": lambda c: receipt_for(c.ledger, stored(c.parcel, Status.REFUSED)),
    "nothing": lambda _: b"",
}


@pytest.mark.parametrize("lie", LIES)
def test_a_want_that_is_not_the_authoritys_for_this_chain_does_nothing(
    case: Case, lie: str
) -> None:
    """Rule 3: forged and foreign wants neither lift a refusal nor use up a time."""
    case.apply(receipt_for(case.ledger, stored(case.parcel, Status.REFUSED), number=9))
    with pytest.raises(WireError):
        case.take(LIES[lie](case))
    assert case.wants.told() == NOTHING
    assert case.outbox.waiting().refused == 1
    assert case.take(case.want(1, time=1)).entries == (1,)


def test_a_repeated_or_older_want_does_nothing_also_after_a_restart(case: Case) -> None:
    """Rule 3: a broker that plays wants back gains nothing."""
    assert case.take(case.all_of_it(START)) != NOTHING
    for time in (START, START - 1):
        with pytest.raises(NotNewer):
            case.take(case.all_of_it(time))
    case.ledger.close()
    again = opened(case.folder)
    wants = Wants(again)
    with pytest.raises(NotNewer):
        wants.take(case.all_of_it(START), KEYS)
    assert wants.told() == NOTHING
    wants.take(case.all_of_it(START + 1), KEYS)
    assert wants.told().entries == (0, 1, 2)
    again.close()


def test_wants_that_nobody_fetches_fill_no_memory(case: Case) -> None:
    for _ in range(MOST_AGAIN + 50):
        clerk(case.ledger)
    for start in range(0, MOST_AGAIN + 50, 150):
        seqs = tuple(range(start, start + 150))
        case.wants.take(case.want(*seqs, time=START + start), KEYS)
    again = case.wants.told()
    assert len(again.entries) == MOST_AGAIN
    assert Again.from_cbor(again.to_cbor()) == again
