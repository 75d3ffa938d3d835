"""Promise: numbers are given once, draws only rise, and nothing unnamed piles up."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from padpos.ledger.errors import WaybillsSpent
from padpos.ledger.held import Held
from padpos.ledger.papers import Papers
from padpos.wire import entry as wire_entry
from padpos.wire.documents import WaybillRange, Waybills
from padpos.wire.facts import LabelFacts
from padpos.wire.label_code import code_hash
from tests.ledger.shelf import CONSIGNMENT, JPEG, PHOTO, begun, opened, parcel
from tests.wire.vector_objects import DAY, START, TERMINAL, WAYBILL, signer

LATER = START + 1000


def waybills(*ranges: tuple[str, str, int]) -> Waybills:
    return Waybills(1, TERMINAL, tuple(WaybillRange(*item) for item in ranges))


def test_numbers_are_given_in_order_from_range_after_range_and_each_once(tmp_path: Path) -> None:
    """Rule 6: no two parcels share a number, also across a restart."""
    given_by = waybills(("AB000098", "AB000101", LATER), ("CD000001", "CD000002", LATER))
    ledger = begun(tmp_path)
    given = [Held(ledger).take_waybill(given_by, START) for _ in range(3)]
    ledger.close()
    held = Held(opened(tmp_path))
    given += [held.take_waybill(given_by, START) for _ in range(3)]
    assert given == ["AB000098", "AB000099", "AB000100", "AB000101", "CD000001", "CD000002"]
    with pytest.raises(WaybillsSpent):
        held.take_waybill(given_by, START)


def test_an_expired_range_gives_nothing(tmp_path: Path) -> None:
    held = Held(begun(tmp_path))
    given_by = waybills(("AB000001", "AB000009", START), ("CD000001", "CD000009", LATER))
    assert held.take_waybill(given_by, START) == "CD000001"
    with pytest.raises(WaybillsSpent):
        held.take_waybill(given_by, LATER)


def test_a_number_whose_entry_failed_can_be_given_again(tmp_path: Path) -> None:
    """A number belongs to a recorded parcel; nobody saw the one that was rolled back."""
    ledger = begun(tmp_path)
    held, given_by = Held(ledger), waybills(("AB000001", "AB000009", LATER))
    with pytest.raises(RuntimeError), ledger.transaction():
        held.take_waybill(given_by, START)
        raise RuntimeError
    assert held.take_waybill(given_by, START) == "AB000001"


@pytest.mark.parametrize(
    "second",
    [
        ("AB000001", "AB000009"),
        ("AB000003", "AB000012"),
        ("AB000005", "AB000009"),
        ("AB000006", "AB000020"),
    ],
)
def test_a_new_range_that_overlaps_an_old_one_gives_no_number_twice(
    tmp_path: Path, second: tuple[str, str]
) -> None:
    """Rule 6: whatever the carrier re-issues, and to the last number of it."""
    held = Held(begun(tmp_path))
    first = waybills(("AB000005", "AB000006", LATER))
    given = [held.take_waybill(first, START) for _ in range(2)]
    with pytest.raises(WaybillsSpent):
        while True:
            given.append(held.take_waybill(waybills((*second, LATER)), START))
    assert len(given) == len(set(given))
    assert given[-1] == second[1]


def test_numbers_of_other_prefixes_and_lengths_do_not_count(tmp_path: Path) -> None:
    held = Held(begun(tmp_path))
    for first in ("AB0000001", "AC000001", "AB000001"):
        given_by = waybills((first, first[:-1] + "9", LATER))
        assert held.take_waybill(given_by, START) == first


def test_the_count_of_a_contracts_draws_only_rises(tmp_path: Path) -> None:
    ledger = begun(tmp_path)
    held = Held(ledger)
    counts = [held.next_draw(DAY, contract) for contract in ("a", "a", "b", "a")]
    ledger.close()
    held = Held(opened(tmp_path))
    counts += [held.next_draw(DAY, "a"), held.next_draw("2026-01-02", "a")]
    assert counts == [1, 2, 1, 3, 4, 1]


def test_the_first_commitment_to_a_day_stands(tmp_path: Path) -> None:
    ledger = begun(tmp_path)
    held = Held(ledger)
    assert held.commitment(DAY) is None
    held.commit_to(DAY, b"first", b"entry 1")
    held.commit_to(DAY, b"second", b"entry 2")
    ledger.close()
    assert Held(opened(tmp_path)).commitment(DAY) == (b"first", b"entry 1")


def test_the_newest_document_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    ledger = begun(tmp_path)
    Held(ledger).keep_document("policy", 1, b"one")
    Held(ledger).keep_document("policy", 2, b"two")
    ledger.close()
    held = Held(opened(tmp_path))
    assert (held.document("policy"), held.document("keys")) == (b"two", None)


def test_a_parcel_in_hand_is_remembered_until_an_entry_ends_it(tmp_path: Path) -> None:
    """Rule 4: a crash leaves a trace of what was in hand."""
    ledger = begun(tmp_path)
    Held(ledger).open_consignment(CONSIGNMENT, START, "walk-in", "clerk-03")
    ledger.close()
    held = Held(opened(tmp_path))
    assert held.left_open() == [(CONSIGNMENT, "walk-in", "clerk-03")]
    held.close_consignment(CONSIGNMENT)
    assert held.left_open() == []


def test_a_sweep_takes_the_files_that_nothing_names_and_no_others(tmp_path: Path) -> None:
    """Rule 3: what a crash left half-done goes; unsent evidence stays."""
    ledger = begun(tmp_path)
    _, named = parcel(ledger)
    ledger.files.write(hashlib.sha256(b"orphan").digest(), b"orphan")
    (tmp_path / "attachments" / "half").write_bytes(b"half")
    assert Held(ledger).sweep() == 2
    assert ledger.files.read(named) == PHOTO
    (left,) = (tmp_path / "attachments").iterdir()
    assert left.name == f"{CONSIGNMENT.hex()}.{named.hex()}.image-jpeg.cose"


def test_a_photo_that_no_entry_names_can_be_dropped_and_a_named_one_can_not(tmp_path: Path) -> None:
    ledger = begun(tmp_path)
    held = Held(ledger)
    loose = held.keep_photo(CONSIGNMENT, b"loose", JPEG)
    _, named = parcel(ledger)
    assert [photo.sha256 for photo in held.unnamed_photos(CONSIGNMENT)] == [loose]
    for sha256 in (loose, named):
        held.drop_photo(sha256)
    assert ledger.files.read(named) == PHOTO
    with pytest.raises(FileNotFoundError):
        ledger.files.read(loose)


def test_each_step_of_a_paper_is_an_entry_and_the_paper_stands_so(tmp_path: Path) -> None:
    """Rule 6: after a restart the paper stands where its last entry left it."""
    ledger = begun(tmp_path)
    papers = Papers(ledger)
    papers.add(CONSIGNMENT, WAYBILL, (b"one", b"two", b"three"), ["shown"])
    paper = papers.get(CONSIGNMENT)
    assert paper is not None and paper.status == "pending"
    for status, generation in (("intended", 1), ("unknown", 1), ("intended", 2), ("printed", 2)):
        assert papers.unsettled() is not None
        papers.settle(paper, generation, status, "terminal", None)
    assert papers.unsettled() is None
    ledger.close()
    ledger = opened(tmp_path)
    again = Papers(ledger).get(CONSIGNMENT)
    assert again is not None
    assert (again.status, again.generation, again.codes) == (
        "printed", 2, (b"one", b"two", b"three"),
    )  # fmt: skip
    last = ledger.message(4)
    assert last is not None
    facts = wire_entry.verify(last.entry, signer("entry").public)[0].facts
    assert isinstance(facts, LabelFacts)
    assert (facts.generation, facts.status) == (2, "printed")
    assert facts.code_hash == code_hash(b"two")
