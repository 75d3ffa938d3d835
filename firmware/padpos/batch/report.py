"""What a file holds, told before anything is sealed: counts, faults, and a masked look at it."""

from __future__ import annotations

from dataclasses import dataclass

from padpos.batch.rows import Fault, Faulty, Row, rows
from padpos.counter.masks import mask_address, mask_name, mask_phone

MOST_FAULTS = 100
PREVIEW = 20
_MOST_REPEATS = 100


@dataclass(frozen=True, slots=True)
class Masked:
    """A row as the screen may show it."""

    number: int
    name: str
    phone: str
    address: str
    contents: str
    grams: int

    @classmethod
    def of(cls, row: Row) -> Masked:
        """The row, masked."""
        to = row.recipient
        masked = mask_name(to.name), mask_phone(to.phone), mask_address(to.address)
        return cls(row.number, *masked, row.contents, row.grams)


@dataclass(frozen=True, slots=True)
class Report:
    """How many rows are good and faulty, the first faults, the first good rows.

    `repeated`: the first rows that say the same as an earlier one; that may be meant.
    """

    good: int
    faulty: int
    faults: tuple[Fault, ...]
    preview: tuple[Masked, ...]
    repeated: tuple[int, ...]


def report(data: bytes, agreed: tuple[str, ...]) -> Report:
    """Look through a file once, in bounded memory. Raises Invalid where it is no batch file."""
    good = faulty = 0
    faults: list[Fault] = []
    preview: list[Masked] = []
    repeated: list[int] = []
    seen: set[int] = set()
    for row in rows(data, agreed):
        if isinstance(row, Faulty):
            faulty += 1
            faults += row.faults[: MOST_FAULTS - len(faults)]
            continue
        good += 1
        if len(preview) < PREVIEW:
            preview.append(Masked.of(row))
        same = hash((row.recipient.name, row.recipient.phone, row.recipient.address, row.contents))
        if same in seen and len(repeated) < _MOST_REPEATS:
            repeated.append(row.number)
        seen.add(same)
    return Report(good, faulty, tuple(faults), tuple(preview), tuple(repeated))
