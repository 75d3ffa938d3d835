"""The worked examples of ICAO Doc 9303-11, and a chip that plays one back."""

import json
from pathlib import Path
from typing import Any

EXAMPLES: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[1] / "vectors/icao-9303-11.json").read_text("utf-8")
)


class Script:
    """A chip that takes one series of commands, byte for byte, and gives its answers."""

    def __init__(self, exchange: list[list[str]]) -> None:
        self._left = [(bytes.fromhex(ask), bytes.fromhex(answer)) for ask, answer in exchange]

    def __call__(self, apdu: bytes) -> bytes:
        asked, answer = self._left.pop(0)
        assert apdu == asked, f"{apdu.hex()} is not {asked.hex()}"
        return answer

    @property
    def spent(self) -> bool:
        """Whether the whole series was played."""
        return not self._left
