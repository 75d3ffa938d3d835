"""Whatever bytes a card sends, only our errors come out, and none of them tells what it said."""

import json
import traceback
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from padpos_drivers.idcard.decode import decode_storage, decode_text
from padpos_drivers.idcard.document import IdDocument
from padpos_drivers.idcard.errors import CardUnreadable, IdCardError

VECTORS = Path(__file__).resolve().parents[1] / "vectors/id-cards.json"
CARDS: list[dict[str, Any]] = json.loads(VECTORS.read_text(encoding="utf-8"))["cards"]
BLOCKS = [bytes.fromhex(card["text_block"]) for card in CARDS]
WORDS = frozenset(  # all that a "where" may be made of
    word
    for words in (
        "name sex birth number address issuer ethnicity code valid from until permit nationality",
        "times issued chinese type field date order of dates length header check digit form in the",
        "and disagree",
    )
    for word in words.split()
)


def outcome(block: bytes) -> IdDocument | IdCardError:
    """Decode; anything but a document or one of our errors fails the test."""
    try:
        return decode_text(block)
    except IdCardError as error:
        return error


def assert_tells_nothing(error: IdCardError) -> None:
    assert set(error.where.split()) <= WORDS
    assert str(error) == f"{error.advice} ({error.where})"
    assert error.__cause__ is None
    assert error.__context__ is None, "a held context would keep the bytes of the card"
    shown = "".join(traceback.format_exception_only(error))
    assert error.where in shown


@given(st.binary(min_size=256, max_size=256))
@settings(max_examples=200)
def test_random_blocks_raise_only_our_errors_without_content(block: bytes) -> None:
    result = outcome(block)
    assert isinstance(result, IdCardError)
    assert_tells_nothing(result)


@given(
    st.sampled_from(BLOCKS),
    st.lists(st.tuples(st.integers(0, 255), st.integers(0, 255)), min_size=1, max_size=4),
)
@settings(max_examples=300)
def test_mutated_blocks_give_a_document_or_our_error_without_content(
    block: bytes, changes: list[tuple[int, int]]
) -> None:
    mutated = bytearray(block)
    for place, value in changes:
        mutated[place] = value
    result = outcome(bytes(mutated))
    if isinstance(result, IdCardError):
        assert_tells_nothing(result)
    else:
        result.name.encode("utf-8")  # a document can always be written down


@given(st.sampled_from(BLOCKS), st.integers(0, 247), st.text(min_size=1, max_size=4))
@settings(max_examples=200)
def test_foreign_text_in_any_field_gives_a_document_or_our_error(
    block: bytes, place: int, text: str
) -> None:
    raw = text.encode("utf-16-le")
    mutated = (block[: place & ~1] + raw + block[(place & ~1) + len(raw) :])[:256]
    result = outcome(mutated)
    if isinstance(result, IdCardError):
        assert_tells_nothing(result)


@given(st.binary(max_size=1400))
@settings(max_examples=100)
def test_random_images_are_unreadable(image: bytes) -> None:
    try:
        decode_storage(image)
    except IdCardError as error:
        assert isinstance(error, CardUnreadable)
        assert_tells_nothing(error)
    else:
        raise AssertionError("random bytes made a document")
