"""A virtual passport is read through the real pcscd, and its forgeries are told apart there too."""

import queue
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace

import pytest

from padpos_drivers.idcard.emrtd.errors import AccessNeeded, AccessWrong, DocumentForged
from padpos_drivers.idcard.errors import CardLifted, CardUnreadable, ReadTimeout
from padpos_drivers.idcard.interface import Access, CardReading, Evidence, ReaderEvent
from padpos_drivers.idcard.pcsc_reader import PcscReader
from padpos_drivers.idcard.sim.bench import READER_NAME, ReaderBench
from padpos_drivers.idcard.sim.emrtd import issuer, lds
from padpos_drivers.idcard.sim.emrtd.travellers import TRAVELLERS
from padpos_drivers.idcard.storage import StorageProtocol
from tests.idcard.documents import (
    BAC_ONLY,
    CHINA,
    NOW,
    PACE_ONLY,
    UTOPIA,
    YEAR,
    Document,
    protocol,
)

Read = Callable[[Document], CardReading]


class Desk:
    """A reader of ours that takes ID cards and documents, and a bench to lay them on."""

    def __init__(self, bench: ReaderBench) -> None:
        self.bench = bench
        self.events: queue.Queue[ReaderEvent] = queue.Queue()
        protocols = (StorageProtocol(), protocol(CHINA, UTOPIA))
        self.reader = PcscReader(READER_NAME, self.events.put, protocols)

    def lay(self, document: Document, **options: object) -> None:
        """Lay a document and wait until it is seen; options of the chip, or of the hand."""
        hand = {key: options.pop(key) for key in list(options) if key.endswith("_apdus")}
        self.bench.lay_document(document.profile(**options), **hand)
        assert self.events.get(timeout=10) is ReaderEvent.CARD_PRESENT

    def ask(self, document: Document, seconds: float = 5.0) -> "Future[CardReading]":
        """Begin a reading with what stands on a document."""
        return self.reader.read(seconds, document.access)

    def read(self, document: Document) -> CardReading:
        """Read with what stands on a document."""
        return self.ask(document).result(6)


@pytest.fixture
def desk(bench: ReaderBench) -> Iterator[Desk]:
    desk = Desk(bench)
    desk.reader.start()
    yield desk
    desk.reader.stop()


@pytest.mark.parametrize(
    ("options", "how"),
    [(BAC_ONLY, Evidence.BASIC_ACCESS), (PACE_ONLY, Evidence.PACE)],
    ids=["bac", "pace"],
)
def test_a_passport_is_read_through_pcscd(
    desk: Desk, options: dict[str, object], how: Evidence
) -> None:
    document = Document()
    desk.lay(document, **options)
    for _ in range(2):
        reading = desk.read(document)
        assert reading.document.as_dict() == document.holder.expect
        assert (reading.proof, reading.proven[0], reading.unproven) == ("chip-signed", how, ())
    assert reading.milliseconds < 5000


@pytest.mark.parametrize("name", ["回乡证", "台胞证", "往来港澳"])
def test_a_permit_is_read_through_pcscd(desk: Desk, name: str) -> None:
    document = Document(holder=TRAVELLERS[name])
    desk.lay(document)
    reading = desk.read(document)
    assert reading.document.as_dict() == document.holder.expect
    assert reading.proof == "chip-signed"


def test_a_tampered_dg1_a_wrong_csca_and_an_expired_signer_are_each_told_apart(desk: Desk) -> None:
    genuine = Document()
    dg1 = genuine.files()[lds.DG1].replace(b"CESHI", b"CESHX")
    desk.lay(replace(genuine, changed={lds.DG1: dg1}))
    with pytest.raises(DocumentForged):
        desk.read(genuine)
    desk.bench.lift()
    assert desk.events.get(timeout=10) is ReaderEvent.CARD_REMOVED

    desk.lay(Document(signer=issuer.State("CN", now=NOW).signer()))
    reading = desk.read(genuine)
    assert (reading.proof, Evidence.ISSUER_SIGNATURE in reading.unproven) == ("chip", True)
    assert Evidence.SIGNER_VALIDITY in reading.proven
    desk.bench.lift()
    assert desk.events.get(timeout=10) is ReaderEvent.CARD_REMOVED

    expired = CHINA.signer(start=NOW - 5 * YEAR, end=NOW - YEAR)
    desk.lay(Document(signer=expired, signed=NOW - 2 * YEAR))
    reading = desk.read(genuine)
    assert (reading.proof, reading.unproven) == ("chip", (Evidence.SIGNER_VALIDITY,))


def test_what_is_not_given_or_not_right_is_told(desk: Desk) -> None:
    document = Document()
    desk.lay(document)
    with pytest.raises(AccessNeeded):
        desk.reader.read(5.0).result(6)
    with pytest.raises(AccessWrong):
        desk.read(Document(holder=TRAVELLERS["外国护照"]))
    assert desk.reader.read(5.0, Access(can="190105")).result(6).proof == "chip-signed"


@pytest.mark.parametrize("answers", [1, 6, 14, 19])
def test_a_passport_lifted_in_the_middle_gives_nothing_and_the_next_is_read(
    desk: Desk, answers: int
) -> None:
    document = Document()
    desk.lay(document, lift_after_apdus=answers)
    with pytest.raises(CardLifted):
        desk.read(document)
    assert desk.events.get(timeout=10) is ReaderEvent.CARD_REMOVED
    other = Document(holder=TRAVELLERS["回乡证"])
    desk.lay(other)
    assert desk.read(other).document.number == other.holder.number


def test_a_silent_passport_ends_in_a_timeout(desk: Desk) -> None:
    document = Document()
    desk.lay(document, silent_after_apdus=9)
    with pytest.raises(ReadTimeout):
        desk.ask(document, 0.5).result(2)


def test_a_wrong_mac_ends_the_reading(desk: Desk) -> None:
    document = Document()
    desk.lay(document, wrong_mac_after=5)
    with pytest.raises(CardUnreadable, match="MAC"):
        desk.read(document)


def test_an_id_card_on_the_same_reader_needs_no_lines(desk: Desk, images: dict[str, bytes]) -> None:
    desk.bench.lay(images["citizen"])
    assert desk.events.get(timeout=10) is ReaderEvent.CARD_PRESENT
    assert desk.reader.read(5.0).result(6).document.type == "citizen"
