"""What the demo says while it works: one line a step, in both languages, with the time it took."""

from __future__ import annotations

import sys
import time

_STARTED = time.monotonic()


def tell(english: str, chinese: str = "") -> None:
    """A line of progress on standard error."""
    seconds = time.monotonic() - _STARTED
    both = f"{english}  {chinese}".rstrip()
    print(f"[{seconds:6.1f} s] {both}", file=sys.stderr, flush=True)  # noqa: T201
