"""The parser of what a printer says: vectors from the Epson reference, and noise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from padpos_drivers.printer import Paper, PrinterStatus
from padpos_drivers.printer.status import (
    MAX_BLOCK,
    AutoStatus,
    OfflineNotice,
    ProcessIdDone,
    QueuedAnswer,
    RealTimeAnswer,
    StatusParser,
    with_real_time,
)

WELL = PrinterStatus()
OUT = PrinterStatus(online=False, paper=Paper.OUT)


@pytest.mark.parametrize(
    ("spelled", "status"),
    [
        ("10 00 00 0f", WELL),
        ("14 00 00 0f", WELL),  # the cash drawer's pin means nothing here
        ("10 00 03 0f", PrinterStatus(paper=Paper.NEAR_END)),
        ("18 00 0f 0f", OUT),
        ("38 00 00 0f", PrinterStatus(online=False, cover_open=True)),
        ("18 08 00 0f", PrinterStatus(online=False, error=True)),  # cutter
        ("18 20 00 0f", PrinterStatus(online=False, error=True)),  # unrecoverable
        ("18 40 00 0f", PrinterStatus(online=False, error=True)),  # too hot
    ],
)
def test_automatic_status_is_read_bit_by_bit(spelled: str, status: PrinterStatus) -> None:
    assert StatusParser().feed(bytes.fromhex(spelled)) == [AutoStatus(status)]


@pytest.mark.parametrize(
    ("question", "value", "status"),
    [
        (1, 0x12, WELL),
        (1, 0x1A, PrinterStatus(online=False)),
        (2, 0x16, PrinterStatus(cover_open=True)),
        (2, 0x32, PrinterStatus(paper=Paper.OUT)),
        (2, 0x52, PrinterStatus(error=True)),
        (3, 0x1A, PrinterStatus(error=True)),
        (4, 0x1E, PrinterStatus(paper=Paper.NEAR_END)),
        (4, 0x7E, PrinterStatus(paper=Paper.OUT)),
    ],
)
def test_real_time_answers_are_read_by_their_question(
    question: int, value: int, status: PrinterStatus
) -> None:
    assert with_real_time(WELL, question, value) == status


def test_messages_of_all_kinds_are_told_apart() -> None:
    parser = StatusParser()

    messages = parser.feed(
        bytes.fromhex("12 10000f0f 37 22 30303432 00 00 37 23 42 00 0c 1e 37 23 00")
    )

    assert messages == [
        RealTimeAnswer(0x12),
        AutoStatus(PrinterStatus(paper=Paper.OUT)),
        ProcessIdDone("0042"),
        QueuedAnswer(0x00),
        OfflineNotice(b"\x42"),
        QueuedAnswer(0x0C),
        RealTimeAnswer(0x1E),
        OfflineNotice(b""),
    ]
    assert parser.skipped == 0


def test_an_interrupted_status_does_not_swallow_what_follows() -> None:
    parser = StatusParser()

    assert parser.feed(bytes.fromhex("10 00 12 10 00 00 0f")) == [
        RealTimeAnswer(0x12),
        AutoStatus(WELL),
    ]
    assert parser.skipped == 2


def test_unknown_bytes_and_blocks_are_skipped_and_counted() -> None:
    parser = StatusParser()

    assert parser.feed(b"\xff\x11\x13\x5fTM-L90\0\x37\x25\0\x12") == [RealTimeAnswer(0x12)]
    assert parser.skipped == 3 + 8 + 3


def test_a_block_that_never_ends_is_given_up() -> None:
    parser = StatusParser()

    parser.feed(b"\x5f" + b"A" * (MAX_BLOCK * 2))

    assert parser.feed(b"\x12") == [RealTimeAnswer(0x12)]


@given(st.lists(st.binary(max_size=40)))
def test_the_parser_takes_any_noise_and_packets_make_no_difference(packets: list[bytes]) -> None:
    split, whole = StatusParser(), StatusParser()

    messages = [message for packet in packets for message in split.feed(packet)]

    assert messages == whole.feed(b"".join(packets))
    assert split.skipped == whole.skipped <= sum(map(len, packets))


@given(st.binary(max_size=60), st.integers(1, 9999))
def test_an_id_is_heard_soon_after_any_noise(noise: bytes, number: int) -> None:
    parser = StatusParser()
    parser.feed(noise + b"\xff")  # a byte of no kind ends whatever was open
    block = b"\x37\x22%04d\0" % number

    assert parser.feed(block) == [ProcessIdDone(f"{number:04d}")]


@given(st.binary(max_size=60))
def test_noise_is_never_taken_for_an_id_that_is_not_in_it(noise: bytes) -> None:
    for message in StatusParser().feed(noise):
        if isinstance(message, ProcessIdDone):
            assert b"\x37\x22" + message.process_id.encode() + b"\0" in noise
