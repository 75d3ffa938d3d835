"""Keeps each uploaded message's payload as a file: for audits and the demo's proof of opacity."""

from __future__ import annotations

from pathlib import Path

from padpos.wire.errors import WireError
from padpos.wire.messages import parse_topic
from padpos_services.authority.receiving import Incoming


class Recorder:
    """Writes NNNNNN-{terminal}-{kind}.cbor, going on behind what the folder holds."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        numbers = [int(path.name[:6]) for path in folder.glob("[0-9]" * 6 + "-*.cbor")]
        self._next = max(numbers, default=0) + 1

    def keep(self, message: Incoming) -> None:
        """Keep one message; its topic is only believed as far as it is well-formed."""
        try:
            _, terminal, kind = parse_topic(message.topic)
        except WireError:
            terminal, kind = "unknown", "unknown"
        name = f"{self._next:06}-{terminal}-{kind}.cbor"
        (self._folder / name).write_bytes(message.payload)
        self._next += 1
