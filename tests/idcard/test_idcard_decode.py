"""What stands on a card is what the document says, and nothing doubtful passes."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from padpos_drivers.idcard.decode import decode_storage, decode_text
from padpos_drivers.idcard.document import DocumentType, Sex
from padpos_drivers.idcard.errors import CardUnknown, CardUnreadable, NumberInvalid
from padpos_drivers.idcard.interface import CardReading

Change = Callable[[int, str], bytes]


@pytest.fixture
def change(vectors: dict[str, Any]) -> Change:
    """The first citizen's text block with some text put at a byte offset."""
    block = bytes.fromhex(vectors["cards"][0]["text_block"])

    def put(offset: int, text: str) -> bytes:
        raw = text.encode("utf-16-le", errors="surrogatepass")
        return block[:offset] + raw + block[offset + len(raw) :]

    return put


def test_every_vector_decodes_to_its_fields_from_text_block_and_storage_image(
    vectors: dict[str, Any],
) -> None:
    assert len(vectors["cards"]) == 6
    for card in vectors["cards"]:
        assert decode_text(bytes.fromhex(card["text_block"])).as_dict() == card["expect"]
        assert decode_storage(bytes.fromhex(card["storage_image"])).as_dict() == card["expect"]


def test_fields_have_their_types(vectors: dict[str, Any]) -> None:
    document = decode_text(bytes.fromhex(vectors["cards"][0]["text_block"]))
    assert document.type is DocumentType.CITIZEN
    assert document.sex is Sex.MALE
    assert document.birth == date(1903, 4, 12)
    assert document.valid_until == date(2040, 1, 1)


def test_a_document_and_a_reading_show_only_the_type_as_text(vectors: dict[str, Any]) -> None:
    for card in vectors["cards"]:
        document = decode_text(bytes.fromhex(card["text_block"]))
        assert repr(document) == str(document) == f"<IdDocument {card['kind']}>"
        assert f"{document}" == f"<IdDocument {card['kind']}>"
        reading = repr(CardReading(document, "chip", 1.0))
        assert not any(
            value in reading
            for key, value in card["expect"].items()
            if key != "type" and value and len(value) > 2
        )


def test_padding_may_be_nul(vectors: dict[str, Any]) -> None:
    for card in vectors["cards"]:
        text = bytes.fromhex(card["text_block"]).decode("utf-16-le")
        # Blanks between two words are not padding: hold them aside.
        name = card["expect"]["name"]
        held = text.replace(name, name.replace(" ", "_")).replace(" ", "\0").replace("_", " ")
        assert "\0" in held
        assert decode_text(held.encode("utf-16-le")).as_dict() == card["expect"]


@pytest.mark.parametrize(
    "name",
    ["测𠮷试", "测\ue863\uf8ff试", "𠮷" * 7, "测试样例示范演示虚构人物之长名", "样例·阿卜杜"],
)
def test_rare_and_long_names_survive(change: Change, name: str) -> None:
    assert decode_text(change(0, name.ljust(15 - name.count("𠮷")))).name == name


def test_a_name_of_two_parts_keeps_a_blank_at_the_seam(vectors: dict[str, Any]) -> None:
    block = bytearray.fromhex(vectors["cards"][4]["text_block"])
    block[52:122] = ("A" * 34 + " ").encode("utf-16-le")
    block[220:242] = "BCD".ljust(11).encode("utf-16-le")
    assert decode_text(block).name == "A" * 34 + " BCD"


def test_no_end_is_none_and_other_words_are_refused(change: Change) -> None:
    assert decode_text(change(204, "长期      ")).valid_until is None
    with pytest.raises(CardUnreadable, match="valid until date field"):
        decode_text(change(204, "永久      "))


@pytest.mark.parametrize(
    ("offset", "text", "where"),
    [
        (0, " " * 15, "name field"),
        (0, "测\0试", "name field"),
        (0, "测\ud842试", "name field"),
        (0, "测\n试", "name field"),
        (30, "3", "sex field"),
        (32, "1x", "ethnicity code field"),
        (36, "19030229", "birth date field"),
        (36, "00000101", "birth date field"),
        (36, "１９０３０４１２", "birth date field"),
        (52, " " * 35, "address field"),
        (158, " " * 15, "issuer field"),
        (188, "20201301", "valid from date field"),
        (188, " " * 8, "valid from field"),
        (204, "20190101", "order of dates"),
        (188, "19020101", "order of dates"),
    ],
)
def test_a_damaged_field_is_named(change: Change, offset: int, text: str, where: str) -> None:
    with pytest.raises(CardUnreadable) as caught:
        decode_text(change(offset, text))
    assert type(caught.value) is CardUnreadable
    assert caught.value.where == where


@pytest.mark.parametrize(
    ("offset", "text", "where"),
    [
        (122, "430102190304120018", "number check digit"),
        (122, "43010219030412001x", "number form"),
        (122, "43010219030412001 ", "number form"),
        (36, "19030413", "number and birth field disagree"),
        (30, "2", "number and sex field disagree"),
    ],
)
def test_a_number_that_is_wrong_or_contradicts_the_card_is_refused(
    change: Change, offset: int, text: str, where: str
) -> None:
    with pytest.raises(NumberInvalid) as caught:
        decode_text(change(offset, text))
    assert caught.value.where == where


@pytest.mark.parametrize("sex", ["0", "9"])
def test_an_unstated_sex_contradicts_no_number(change: Change, sex: str) -> None:
    assert decode_text(change(30, sex)).sex == sex


def test_a_residence_permit_must_agree_with_its_number(vectors: dict[str, Any]) -> None:
    block = bytearray.fromhex(vectors["cards"][3]["text_block"])
    block[36:52] = "19070708".encode("utf-16-le")
    with pytest.raises(NumberInvalid, match="birth"):
        decode_text(block)


def test_a_type_flag_nobody_knows_is_an_unknown_card(change: Change) -> None:
    with pytest.raises(CardUnknown):
        decode_text(change(248, "Z"))


def test_a_storage_image_must_be_whole_and_have_its_header(images: dict[str, bytes]) -> None:
    image = images["citizen"]
    for damaged in (image[:-1], image + b"\0", b"", image[:260]):
        with pytest.raises(CardUnreadable, match=r"\(length\)"):
            decode_storage(damaged)
    with pytest.raises(CardUnreadable, match=r"\(header\)"):
        decode_storage(b"\x01\x00\x04\x01" + image[4:])
    with pytest.raises(CardUnreadable, match=r"\(length\)"):
        decode_text(image[4:259])
