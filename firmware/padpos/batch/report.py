"""What a file holds, told before anything is sealed: counts, faults, and a masked look at it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from padpos.batch.rows import Fault, Faulty, Row
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


@dataclass(slots=True)
class Report:
    """How many rows are good and faulty, the first faults, the first good rows.

    `repeated`: the first rows that say the same as an earlier one; that may be meant.
    """

    good: int = 0
    faulty: int = 0
    faults: list[Fault] = field(default_factory=list)
    preview: list[Masked] = field(default_factory=list)
    repeated: list[int] = field(default_factory=list)
    _seen: set[int] = field(default_factory=set, repr=False)

    def take(self, row: Row | Faulty) -> None:
        """Count a row."""
        if isinstance(row, Faulty):
            self.faulty += 1
            self.faults += row.faults[: MOST_FAULTS - len(self.faults)]
            return
        self.good += 1
        if len(self.preview) < PREVIEW:
            self.preview.append(Masked.of(row))
        to = row.recipient
        same = hash((to.name, to.phone, to.address, row.contents))
        if same in self._seen and len(self.repeated) < _MOST_REPEATS:
            self.repeated.append(row.number)
        self._seen.add(same)

    def as_dict(self) -> dict[str, Any]:
        """For the screen and for programs: rows masked, faults by place."""
        return {
            "good": self.good,
            "faulty": self.faulty,
            "faults": [
                {"row": f.row, "column": f.column, "code": f.code, "zh": f.chinese, "en": f.english}
                for f in self.faults
            ],
            "preview": [asdict(row) for row in self.preview],
            "repeated": self.repeated,
        }
