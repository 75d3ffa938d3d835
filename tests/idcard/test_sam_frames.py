"""GA/T 467 frames: the vectors' bytes both ways, and nothing doubtful taken for an answer."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from padpos_drivers.idcard.decode import decode_sam
from padpos_drivers.idcard.errors import (
    CardLifted,
    CardUnreadable,
    IdCardError,
    ReaderBroken,
    ReaderGarbled,
)
from padpos_drivers.idcard.sam.frame import LONGEST, FrameBuffer, parse, request
from padpos_drivers.idcard.sam.status import Sw3, fault
from padpos_drivers.idcard.sim import sam as sim_sam


def test_requests_are_those_of_the_vectors_byte_for_byte(vectors: dict[str, Any]) -> None:
    commands = {
        "sam_status": (0x11, 0xFF),
        "sam_id": (0x12, 0xFF),
        "find": (0x20, 0x01),
        "select": (0x20, 0x02),
        "read_base": (0x30, 0x01),
        "read_base_fp": (0x30, 0x10),
        "read_extra_address": (0x30, 0x03),
    }
    assert commands.keys() == vectors["requests"].keys()
    for name, command in commands.items():
        assert request(*command).hex() == vectors["requests"][name]


def test_every_vectors_answer_decodes_to_its_fields(vectors: dict[str, Any]) -> None:
    for card in vectors["cards"]:
        answer = parse(bytes.fromhex(card["sam_answer"]))
        assert answer.sw3 == Sw3.DONE
        assert decode_sam(answer.data).as_dict() == card["expect"]


def test_short_answers_are_understood(vectors: dict[str, Any]) -> None:
    wanted = {
        "found": Sw3.CARD_FOUND,
        "no_card": Sw3.NOT_FOUND,
        "selected": Sw3.DONE,
        "select_failed": Sw3.NOT_SELECTED,
        "read_failed": Sw3.READ_FAILED,
    }
    for name, sw3 in wanted.items():
        assert parse(bytes.fromhex(vectors["answers"][name])).sw3 == sw3


def test_the_simulated_module_gives_the_vectors_answers_byte_for_byte(
    vectors: dict[str, Any],
) -> None:
    asked, told = vectors["requests"], vectors["answers"]
    for card in vectors["cards"]:
        module = sim_sam.Module()
        data = bytes.fromhex(card["sam_answer"])[10:-1]
        header = 4 if card["command"] == "3001" else 6
        text, photo, rest = data[header:][:256], data[header + 256 :][:1024], data[header + 1280 :]
        module.lay(sim_sam.SamCard(text, photo, (rest,) if rest else ()))
        read = asked["read_base" if card["command"] == "3001" else "read_base_fp"]
        script = [
            (asked["find"], told["found"]),
            (asked["select"], told["selected"]),
            (read, card["sam_answer"]),
            (asked["find"], told["no_card"]),
        ]
        for sent, answer in script:
            assert module.answer(bytes.fromhex(sent)) == bytes.fromhex(answer)
        module.lift()
        assert module.answer(bytes.fromhex(asked["select"])).hex() == told["select_failed"]
        assert module.answer(bytes.fromhex(read)).hex() == told["read_failed"]


@pytest.mark.parametrize("fingerprints", [0, 512, 1024])
def test_the_header_not_a_constant_says_what_follows_the_text(
    vectors: dict[str, Any], fingerprints: int
) -> None:
    text = bytes.fromhex(vectors["cards"][0]["text_block"])
    lengths = (256, 1024, fingerprints)
    data = b"".join(length.to_bytes(2, "big") for length in lengths)
    data += text + bytes(1024 + fingerprints)
    assert decode_sam(data).as_dict() == vectors["cards"][0]["expect"]
    for wrong in (data[:-1], data + b"\0", b"\0\xff" + data[2:]):
        with pytest.raises(CardUnreadable, match="lengths in the header"):
            decode_sam(wrong)


@given(st.data())
@settings(max_examples=60)
def test_a_frame_is_found_whole_however_it_comes_and_whatever_came_before(data: Any) -> None:
    frame = request(0x30, 0x01, data.draw(st.binary(min_size=1, max_size=400)))
    noise = data.draw(st.binary(max_size=60).filter(lambda raw: b"\xaa" not in raw))
    stream, buffer = noise + frame, FrameBuffer()
    cuts = sorted(data.draw(st.sets(st.integers(1, len(stream) - 1), max_size=8)))
    got = None
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        assert got is None
        got = buffer.feed(stream[start:end])
    assert got == frame


def test_a_length_no_frame_has_is_refused_before_anything_is_gathered() -> None:
    for length in (0, 3, LONGEST + 1, 0xFFFF):
        with pytest.raises(ReaderGarbled, match="frame length"):
            FrameBuffer().feed(bytes.fromhex("AAAAAA9669") + length.to_bytes(2, "big"))


def test_noise_without_end_is_given_up() -> None:
    buffer = FrameBuffer()
    with pytest.raises(ReaderGarbled, match="noise"):
        for _ in range(100):
            buffer.feed(b"\xaa" * 100)


@given(st.binary(min_size=1, max_size=40), st.integers(0, 7), st.integers(0, 255))
@settings(max_examples=200)
def test_one_changed_bit_never_makes_another_answer(body: bytes, bit: int, place: int) -> None:
    frame = bytearray(request(0x90, 0x00, b"\0" + body))
    place %= len(frame)
    frame[place] ^= 1 << bit
    with pytest.raises(ReaderGarbled) as caught:
        parse(bytes(frame))
    assert body.hex() not in str(caught.value) or len(body) < 2


def test_status_bytes_mean_what_the_makers_say() -> None:
    assert isinstance(fault(0x41, "read"), CardLifted)
    assert isinstance(fault(0x66, "status"), ReaderBroken)
    assert isinstance(fault(0x31, "select"), CardUnreadable)
    for sw3 in range(256):
        error = fault(sw3, "read")
        assert isinstance(error, IdCardError)
        assert error.where == f"read returned status {sw3:02X}"
