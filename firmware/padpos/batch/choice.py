"""Which rows of a file are meant, as people write it: 2-15,20."""

from __future__ import annotations

import re
from dataclasses import dataclass

from padpos.batch.table import refused

_PART = re.compile(r"([0-9]{1,7})(?:-([0-9]{1,7}))?")
_MOST = 4000


@dataclass(frozen=True, slots=True)
class Choice:
    """Rows by number; none named means all."""

    spans: tuple[tuple[int, int], ...] = ()

    def __contains__(self, number: int) -> bool:
        return not self.spans or any(first <= number <= last for first, last in self.spans)


def choice(text: str) -> Choice:
    """Read what a person wrote; blank is all rows. Raises Invalid."""
    if not text.strip():
        return Choice()
    if len(text) > _MOST:
        raise refused("batch-rows")
    return Choice(tuple(map(_span, text.replace("，", ",").replace(" ", "").split(","))))


def _span(part: str) -> tuple[int, int]:
    found = _PART.fullmatch(part)
    if found is None:
        raise refused("batch-rows")
    first, last = int(found[1]), int(found[2] or found[1])
    if first > last:
        raise refused("batch-rows")
    return first, last


def written(numbers: list[int]) -> str:
    """Rows as `choice` reads them, runs drawn together."""
    spans: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if spans and spans[-1][1] == number - 1:
            spans[-1] = (spans[-1][0], number)
        else:
            spans.append((number, number))
    return ",".join(f"{a}-{b}" if a != b else str(a) for a, b in spans)
