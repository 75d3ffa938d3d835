"""What a campaign tried, and what it found wrong: the only figures that count are zeros."""

import sys
import time
from dataclasses import dataclass, field, fields

COLUMNS = ("lost", "doubled", "altered", "undone", "unbacked", "alarms", "stuck", "unclear")
MEANING = {
    "lost": "promised and not there",
    "doubled": "there twice: an entry, a consignment, a waybill number",
    "altered": "there with other bytes than were promised",
    "undone": "a receipt that was taken and is forgotten",
    "unbacked": "a label begun without its consignment's entry",
    "alarms": "raised at the authority without a reason, or still open at the end",
    "stuck": "still waiting when everything had long been well again",
    "unclear": "an error that does not say what is wrong",
}
MOST_NOTES = 20


@dataclass(slots=True)
class Score:
    """One kind of fault."""

    kind: str
    tried: int = 0
    promised: int = 0
    lost: int = 0
    doubled: int = 0
    altered: int = 0
    undone: int = 0
    unbacked: int = 0
    alarms: int = 0
    stuck: int = 0
    unclear: int = 0
    where: str = ""
    remarks: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> int:
        """All that was found wrong."""
        return sum(getattr(self, column) for column in COLUMNS)

    def add(self, column: str, note: str, number: int = 1) -> None:
        """Count something wrong; the first few are told in words."""
        setattr(self, column, getattr(self, column) + number)
        if len(self.notes) < MOST_NOTES:
            where = f"{self.where}: " if self.where else ""
            self.notes.append(f"{self.kind}: {column}: {where}{note}")


def table(scores: list[Score]) -> str:
    """The campaign for a person: a row for each kind of fault, and a word on each fault found."""
    shown = [f.name for f in fields(Score) if f.name not in ("where", "remarks", "notes")]
    rows = [shown, *([str(getattr(score, name)) for name in shown] for score in scores)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(shown))]
    lines = [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
    lines += [""] + [f"{name}: {MEANING[name]}" for name in COLUMNS]
    lines += [""] + [f"{score.kind}: {remark}" for score in scores for remark in score.remarks]
    lines += [note for score in scores for note in score.notes]
    return "\n".join(lines).rstrip()


class Progress:
    """A line on stderr, at most once a second."""

    def __init__(self, what: str, total: int | None = None) -> None:
        self._what, self._total = what, total
        self._told = time.monotonic()

    def at(self, done: int, more: str = "") -> None:
        """Tell how far it is."""
        if time.monotonic() - self._told >= 1:
            self._told = time.monotonic()
            of = "" if self._total is None else f" of {self._total}"
            sys.stderr.write(f"{self._what}: {done}{of}{more}\n")
            sys.stderr.flush()
