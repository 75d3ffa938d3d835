"""Promise: nobody alive stands in this repository; every citizen's number in it is invented."""

from __future__ import annotations

import re

from tests.repo.tree import texts

NUMBER = re.compile(r"(?<![0-9A-Za-z])[1-9][0-9]{5}((?:18|19|20)[0-9]{2})(?:0[1-9]|1[0-2])"
                    r"(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9X](?![0-9A-Za-z])")  # fmt: skip
FIRST_YEAR_LEFT = 1910
WRONG_ON_PURPOSE = {
    "430902190907070084",  # the packaged card whose number fails
    "430102190304120018",  # one digit beside a good one, for the checker's own tests
}
EXAMPLE_OF_THE_STANDARD = "11010519491231002X"  # printed in GB 11643-1999 itself
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def passes(number: str) -> bool:
    """The check of GB 11643 (ISO 7064 MOD 11-2), reckoned here and not by the code under test."""
    total = sum(int(digit) * weight for digit, weight in zip(number, WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == number[17]


def numbers() -> dict[str, list[str]]:
    """Every number that could be a citizen's, and the files it stands in."""
    seen: dict[str, list[str]] = {}
    for path, text in texts():
        for match in NUMBER.finditer(text):
            seen.setdefault(match[0], []).append(str(path))
    return seen


def test_every_citizens_number_is_of_somebody_born_before_1910() -> None:
    seen = numbers()
    assert len(seen) > 5  # the search finds the people it should judge
    young = {
        number: paths
        for number, paths in seen.items()
        if int(number[6:10]) >= FIRST_YEAR_LEFT and number != EXAMPLE_OF_THE_STANDARD
    }
    assert young == {}


def test_every_citizens_number_passes_its_check_or_is_a_known_wrong_one() -> None:
    seen = numbers()
    wrong = {number for number in seen if not passes(number)}
    assert wrong - WRONG_ON_PURPOSE == set()


def test_the_check_knows_right_from_wrong() -> None:
    assert passes(EXAMPLE_OF_THE_STANDARD)
    assert not passes(EXAMPLE_OF_THE_STANDARD[:-1] + "1")
