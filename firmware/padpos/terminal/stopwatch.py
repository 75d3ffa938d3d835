"""How long the machine took at each step of the consignment in hand, in milliseconds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Steps add up: two photographs count together."""

    def __init__(self) -> None:
        self._steps: dict[str, float] = {}
        self._input = time.perf_counter()

    def input(self) -> None:
        """The last input of the consignment has come."""
        self._input = time.perf_counter()

    def first_byte(self) -> None:
        """The first byte of the label goes out: count the time since the last input, once."""
        self._steps.setdefault("first-byte", (time.perf_counter() - self._input) * 1000)

    def restart(self) -> None:
        """A new consignment begins."""
        self._steps = {}

    def add(self, step: str, milliseconds: float) -> None:
        """Count machine time towards a step."""
        self._steps[step] = self._steps.get(step, 0.0) + milliseconds

    @contextmanager
    def running(self, step: str) -> Iterator[None]:
        """Count the time the block takes."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.add(step, (time.perf_counter() - started) * 1000)

    def steps(self) -> dict[str, float]:
        """Milliseconds by step."""
        return {step: round(value, 2) for step, value in self._steps.items()}

    def rounded(self) -> tuple[tuple[str, int], ...]:
        """Whole milliseconds by step, as an entry's facts carry them."""
        return tuple((step, round(value)) for step, value in self._steps.items())
