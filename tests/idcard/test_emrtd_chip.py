"""A document is read by BAC and by PACE, and every way a chip can fail has a name of its own."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from padpos_drivers.idcard.emrtd.errors import AccessNeeded, AccessWrong, MrzInvalid
from padpos_drivers.idcard.errors import CardLifted, CardUnknown, CardUnreadable, IdCardError
from padpos_drivers.idcard.interface import Access, Evidence
from padpos_drivers.idcard.sim.emrtd import issuer, lds
from padpos_drivers.idcard.sim.emrtd.access import PaceProfile
from padpos_drivers.idcard.sim.emrtd.chip import ATR, Chip
from padpos_drivers.idcard.sim.emrtd.der import tlv
from padpos_drivers.idcard.sim.emrtd.travellers import TRAVELLERS, Traveller
from tests.idcard.documents import (
    BAC_ONLY,
    CHINA,
    NOW,
    PACE_ONLY,
    PACE_VARIANTS,
    UTOPIA,
    Document,
    protocol,
    read,
)


@pytest.mark.parametrize("name", TRAVELLERS)
@pytest.mark.parametrize("options", [BAC_ONLY, PACE_ONLY], ids=["bac", "pace"])
def test_every_document_is_read_whole_and_proven(name: str, options: dict[str, object]) -> None:
    document = Document(holder=TRAVELLERS[name])
    finding = read(document, **options)
    assert finding.document.as_dict() == document.holder.expect
    assert finding.proof == "chip-signed"
    assert finding.unproven == ()
    assert finding.proven[0] is (Evidence.BASIC_ACCESS if "pace" in options else Evidence.PACE)
    assert repr(finding.document) == f"<IdDocument {document.holder.kind}>"


@pytest.mark.parametrize("variant", PACE_VARIANTS, ids=lambda one: f"{one.cipher} {one.curve}")
def test_pace_opens_with_every_cipher_and_curve_offered(variant: PaceProfile) -> None:
    assert read(Document(), pace=variant, bac=False).proven[0] is Evidence.PACE


def test_the_six_digits_on_the_front_open_a_chip_with_pace() -> None:
    finding = read(Document(), Access(can="190105"))
    assert finding.proven[0] is Evidence.PACE
    assert finding.document.as_dict() == Document().holder.expect


def test_the_six_digits_do_not_open_a_chip_without_pace() -> None:
    with pytest.raises(AccessNeeded) as caught:
        read(Document(), Access(can="190105"), **BAC_ONLY)
    assert caught.value.where == "lines"


@pytest.mark.parametrize("access", [None, Access(), Access(mrz=" \n", can=" ")])
@pytest.mark.parametrize("options", [BAC_ONLY, PACE_ONLY], ids=["bac", "pace"])
def test_without_what_is_printed_a_document_asks_for_it(
    access: Access | None, options: dict[str, object]
) -> None:
    chip = Chip(Document().profile(**options))
    with pytest.raises(AccessNeeded):
        protocol(CHINA).read(chip.answer, access)


@pytest.mark.parametrize("access", [None, Document().access], ids=["none", "lines"])
def test_a_card_that_is_no_travel_document_is_unknown(access: Access | None) -> None:
    with pytest.raises(CardUnknown, match="no travel document"):
        protocol(CHINA).read(lambda _apdu: b"\x6a\x82", access)


def test_misread_lines_are_told_before_the_chip_is_asked_anything() -> None:
    def transmit(_apdu: bytes) -> bytes:
        raise AssertionError("the chip was asked")

    with pytest.raises(MrzInvalid):
        protocol(CHINA).read(transmit, Access(mrz="EA0000017 010506"))


@pytest.mark.parametrize("options", [BAC_ONLY, PACE_ONLY], ids=["bac", "pace"])
def test_the_lines_of_another_document_are_refused_by_the_chip(options: dict[str, object]) -> None:
    other = Document(holder=replace(TRAVELLERS["护照"], number="EA0000018"))
    with pytest.raises(AccessWrong):
        read(Document(), other.access, **options)


def test_wrong_digits_are_refused_by_the_chip_and_bad_ones_before_it() -> None:
    with pytest.raises(AccessWrong):
        read(Document(), Access(can="190106"))
    for can in ("19010", "1901056", "19010a", "１９０１０５"):
        with pytest.raises(MrzInvalid, match="card access number"):
            read(Document(), Access(can=can))


def test_a_chip_that_fails_at_the_pace_it_offers_is_opened_by_bac() -> None:
    chip = Chip(Document().profile())

    def transmit(apdu: bytes) -> bytes:
        return b"\x6a\x80" if apdu[1] == 0x86 else chip.answer(apdu)

    finding = protocol(CHINA).read(transmit, Document().access)
    assert finding.proven[0] is Evidence.BASIC_ACCESS


@pytest.mark.parametrize("options", [BAC_ONLY, PACE_ONLY], ids=["bac", "pace"])
@pytest.mark.parametrize("good", [0, 1, 4, 9])
def test_an_answer_whose_mac_is_wrong_ends_the_reading(
    options: dict[str, object], good: int
) -> None:
    with pytest.raises(CardUnreadable) as caught:
        read(Document(), wrong_mac_after=good, **options)
    assert caught.value.where == "MAC of an answer"


def lifted_after(chip: Chip, answers: int) -> Callable[[bytes], bytes]:
    left = [answers]

    def transmit(apdu: bytes) -> bytes:
        left[0] -= 1
        return chip.answer(apdu) if left[0] >= 0 else b""

    return transmit


@pytest.mark.parametrize("options", [BAC_ONLY, PACE_ONLY], ids=["bac", "pace"])
def test_a_document_lifted_at_any_moment_gives_nothing(options: dict[str, object]) -> None:
    document = Document()
    profile = document.profile(**options)
    for answers in range(40):
        transmit = lifted_after(Chip(profile), answers)
        try:
            finding = protocol(CHINA).read(transmit, document.access)
        except CardLifted:
            continue
        assert finding.document.as_dict() == document.holder.expect
        break
    assert answers in range(15, 30)


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({lds.DG1: None}, "no EF.DG1"),
        ({lds.DG11: None}, "no EF.DG11"),
        ({lds.SOD: None, lds.DG11: None}, "no EF.DG11"),
        ({lds.SOD: None, lds.COM: tlv(0x60, bytes(300))}, "length of EF.COM"),
        ({lds.DG1: b"\x61\x82\xff\xff"}, "length of EF.DG1"),
        ({lds.DG1: b"\x61\x05\x5f"}, "reading EF.DG1 returned SW 6B00"),
        ({lds.SOD: b"\x77\x82\xff\xff"}, "length of EF.SOD"),
    ],
)
def test_files_that_are_not_there_or_lie_about_their_length_are_named(
    changed: dict[int, bytes | None], where: str
) -> None:
    with pytest.raises(CardUnreadable) as caught:
        read(Document(changed=changed), **BAC_ONLY)
    assert caught.value.where == where


def without_dg11(holder: Traveller) -> Document:
    """A document issued without DG11."""
    made = lds.files(holder)
    del made[lds.DG11]
    sod = issuer.security_object(made, UTOPIA.signer(), NOW)
    return Document(holder=holder, changed={lds.SOD: sod, lds.DG11: None})


def test_a_document_that_has_no_dg11_is_read_without() -> None:
    holder = TRAVELLERS["外国护照"]
    finding = read(without_dg11(holder))
    assert finding.document.as_dict() == {**holder.expect, "birth": "20020915"}
    assert finding.proof == "chip-signed"


def test_what_ef_com_says_is_asked_only_where_there_is_no_sod() -> None:
    holder = TRAVELLERS["护照"]
    assert read(Document(changed={lds.COM: None})).proof == "chip-signed"
    hidden = lds.files(holder)[lds.COM].replace(b"\x61\x75\x6b", b"\x61\x75\x61")
    assert read(Document(changed={lds.COM: hidden})).document.chinese_name == holder.chinese_name
    for com, name in (
        (lds.files(holder)[lds.COM], holder.chinese_name),
        (hidden, None),
        (None, None),
    ):
        found = read(Document(changed={lds.SOD: None, lds.COM: com}))
        assert (found.document.chinese_name, found.proof) == (name, "chip")


def test_a_birth_of_two_digits_is_the_latest_that_is_not_in_the_future() -> None:
    document = without_dg11(replace(TRAVELLERS["外国护照"], birth="19040229"))
    chip = Chip(document.profile())
    then = datetime(2004, 2, 28, tzinfo=UTC)
    found = protocol(UTOPIA, now=then).read(chip.answer, document.access)
    assert f"{found.document.birth:%Y%m%d}" == "19040229"


def test_a_bare_id_card_is_not_taken_for_a_document() -> None:
    assert protocol().matches(ATR)
    assert not protocol().matches(bytes.fromhex("3B888001D10386050080800058"))
    assert not protocol().matches(b"")


def test_no_error_of_a_reading_tells_what_stands_on_the_document() -> None:
    document = Document()
    secret = {"EA0000017", "CESHI", "测试丙", "19010506", "190105"}
    profile = document.profile(**BAC_ONLY)
    for place in range(0, 400, 7):
        asked = [place]

        def transmit(apdu: bytes, asked: list[int] = asked, chip: Chip = Chip(profile)) -> bytes:  # noqa: B008
            answer = bytearray(chip.answer(apdu))
            asked[0] -= len(answer)
            if asked[0] < 0:
                answer[0] ^= 0x40
            return bytes(answer)

        with pytest.raises(IdCardError) as caught:
            protocol(CHINA, now=NOW).read(transmit, document.access)
        assert not any(word in str(caught.value) for word in secret)
        assert caught.value.__context__ is None
