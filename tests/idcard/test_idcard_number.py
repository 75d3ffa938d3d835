"""GB 11643: a number is believed only with its check character."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from padpos_drivers.idcard.document import Sex
from padpos_drivers.idcard.errors import NumberInvalid
from padpos_drivers.idcard.number import check_character, parse_number

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def test_the_textbook_number_passes() -> None:
    parts = parse_number("11010519491231002X")
    assert (parts.region, parts.birth, parts.sex) == ("110105", date(1949, 12, 31), Sex.FEMALE)
    assert "1949" not in repr(parts)


@given(st.text("0123456789", min_size=17, max_size=17))
@settings(max_examples=100)
def test_the_check_character_is_that_of_the_standards_weights(digits: str) -> None:
    total = sum(int(digit) * weight for digit, weight in zip(digits, WEIGHTS, strict=True))
    assert check_character(digits) == "10X98765432"[total % 11]


def test_every_single_wrong_digit_and_swap_of_neighbours_is_caught(
    vectors: dict[str, Any],
) -> None:
    number = vectors["cards"][0]["expect"]["number"]
    wrong = {
        number[:place] + digit + number[place + 1 :]
        for place in range(18)
        for digit in "0123456789"
    } | {
        number[:place] + number[place + 1] + number[place] + number[place + 2 :]
        for place in range(16)
    }
    for candidate in wrong - {number}:
        with pytest.raises(NumberInvalid):
            parse_number(candidate)


@pytest.mark.parametrize("number", ["", "1" * 17, "1" * 19, "１１０１０５１９４９１２３１００２X"])
def test_other_forms_are_refused(number: str) -> None:
    with pytest.raises(NumberInvalid, match="form"):
        parse_number(number)
