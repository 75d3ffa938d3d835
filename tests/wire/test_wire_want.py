"""Wants (§6): what may be asked for, how much of it, and that it fits in 4 KiB."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from padpos.wire import cbor, signed, want
from padpos.wire.errors import Malformed, WireError
from padpos.wire.messages import PART_SIZE
from padpos.wire.signed import What
from padpos.wire.want import Want, WantedAttachment
from tests.wire.reading import public_key, signed_vector
from tests.wire.vector_objects import CHAIN, START, TERMINAL, signer

KEYS = (public_key("receipt"),)
H = bytes(32)
OFFSETS = st.lists(st.integers(0, 15).map(lambda n: n * PART_SIZE), unique=True, max_size=16)
ATTACHMENTS = st.dictionaries(st.binary(min_size=32, max_size=32), OFFSETS, max_size=16)
SEQS = st.lists(st.integers(0, (1 << 63) - 1), unique=True, max_size=200)


def read_with(**changed: Any) -> Want:
    """The vector read with these keys of its payload changed."""
    item = signed_vector("want")
    payload: Any = cbor.loads(item["payload"], 4096)
    made = cbor.dumps({**payload, **{int(key[1:]): value for key, value in changed.items()}})
    return want.verify(signed.sign(What.WANT, made, signer("receipt")).raw, KEYS)


@settings(max_examples=60, deadline=None)
@given(seqs=SEQS, attachments=ATTACHMENTS)
def test_whatever_may_be_asked_for_at_once_is_read_as_it_was_written(
    seqs: list[int], attachments: dict[bytes, list[int]]
) -> None:
    wanted = tuple(
        WantedAttachment(sha256, tuple(sorted(offsets)))
        for sha256, offsets in sorted(attachments.items())
    )
    made = Want(TERMINAL, START, CHAIN, tuple(sorted(seqs)), wanted)
    if made.entries or made.attachments:
        assert want.verify(made.sign(signer("receipt")).raw, KEYS) == made


@pytest.mark.parametrize("key", ["receipt", "entry"])
def test_the_most_that_may_be_asked_for_at_once_fits_in_4_kib(key: str) -> None:
    last = (1 << 63) - 1
    seqs = tuple(range(last - want.MOST_ENTRIES + 1, last + 1))
    offsets = tuple(n * PART_SIZE for n in range(want.MOST_OFFSETS))
    wanted = tuple(WantedAttachment(bytes([n]) * 32, offsets) for n in range(want.MOST_ATTACHMENTS))
    made = Want("t" * 32, last, CHAIN, seqs, wanted).sign(signer(key))
    assert len(made.raw) <= 4096
    assert want.verify(made.raw, (signer(key).public,)).entries == seqs


def test_what_is_asked_for_rises_and_stands_once() -> None:
    assert read_with(_4=[1, 2]).entries == (1, 2)
    for seqs in ([2, 1], [1, 1], [-1], [1 << 63], [True], ["1"], list(range(201))):
        with pytest.raises(Malformed):
            read_with(_4=seqs)
    assert read_with(_5=[[H, []], [b"\1" * 32, []]]).attachments[0].offsets == ()
    for attachments in ([[b"\1" * 32, []], [H, []]], [[H, []], [H, [0]]], [[bytes(31), []]], [[H]]):
        with pytest.raises(Malformed):
            read_with(_5=attachments)


@pytest.mark.parametrize(
    "offsets",
    [[1], [PART_SIZE - 1], [16 * PART_SIZE], [PART_SIZE, 0], [0, 0], [-PART_SIZE], [None], 0],
)
def test_an_offset_is_that_of_a_piece_an_attachment_can_have(offsets: Any) -> None:
    assert read_with(_5=[[H, [0, 15 * PART_SIZE]]]).attachments[0].offsets == (0, 15 * PART_SIZE)
    with pytest.raises(Malformed):
        read_with(_5=[[H, offsets]])


def test_a_want_that_asks_for_nothing_is_none() -> None:
    with pytest.raises(Malformed):
        read_with(_4=[], _5=[])


def test_a_want_is_believed_from_the_receipt_key_only_and_as_a_want_only() -> None:
    item = signed_vector("want")
    with pytest.raises(WireError):
        want.verify(item["raw"], (public_key("policy"),))
    as_receipt = signed.sign(What.RECEIPT, item["payload"], signer("receipt")).raw
    with pytest.raises(WireError):
        want.verify(as_receipt, KEYS)
