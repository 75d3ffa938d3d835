"""Rows of a batch in a random walk: begun, put aside, and taken up again as they were."""

from __future__ import annotations

import random
from dataclasses import dataclass

from padpos.counter import events
from padpos.counter.limits import Books
from padpos.counter.prepared import Photo, Prepared
from padpos.wire.fact_values import Drawn


@dataclass(slots=True)
class _Row:
    id: bytes
    number: int
    draw: Drawn | None = None
    photos: tuple[Photo, ...] = ()


class BatchRows:
    """What the ledger keeps of rows that are not done."""

    def __init__(self, chance: random.Random) -> None:
        self._random = chance
        self._aside: list[_Row] = []
        self._offered: _Row | None = None
        self._held: _Row | None = None

    @property
    def draw(self) -> Drawn | None:
        """The draw that the row in hand has had."""
        return self._held.draw if self._held else None

    def begun(
        self, customer: str, contract: str | None, clerk: str | None, books: Books
    ) -> events.Begun:
        """A new row's turn, or one's that was put aside."""
        pick = self._random.choice
        again = self._aside and self._random.random() < 0.6
        row = pick(self._aside) if again else _Row(self._random.randbytes(16), 2)
        self._offered = row
        category = pick(("文具", "文具", None, "烟花"))
        shown = ("陆**", "******0003", "广东省广州市******")
        prepared = Prepared(bytes(16), row.number, shown, "文具", 500, category, row.photos)
        categories = pick(((), ("文具", "书籍")))
        return events.Begun(
            row.id, customer, contract, clerk, self._random.random() < 0.03, categories, books,
            prepared,
        )  # fmt: skip

    def carry_out(self, event: events.Event, effects: tuple[events.Effect, ...]) -> None:
        """Keep a row's draw and photographs over a pause."""
        match event:
            case events.Begun(prepared=prepared):
                self._held = self._offered if prepared else None
                if self._held in self._aside:
                    self._aside.remove(self._held)
            case events.DrawMade(draw) if self._held:
                self._held.draw = draw
            case events.PhotoTaken(photo) if self._held:
                self._held.photos = (*self._held.photos, photo)
            case events.PutAside() | events.Ticked() if self._held:
                ended = any(isinstance(effect, events.RecordEnded) for effect in effects)
                assert not ended
                self._aside.append(self._held)
                self._held = None
        if any(isinstance(e, events.RecordEnded | events.PrintLabel) for e in effects):
            self._held = None
