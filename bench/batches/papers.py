"""What lies in front of the printer: each whole piece with the codes a scanner reads off it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from padpos.wire import label_code
from padpos.wire.errors import Malformed
from padpos_services.demo import courier
from padpos_services.demo.world import World


@dataclass(frozen=True, slots=True)
class Paper:
    """A whole label."""

    waybill: str
    code: bytes


class Papers:
    """Reads each piece once."""

    def __init__(self, folder: Path, world: World) -> None:
        self._folder = folder
        self._world = world
        self._read: dict[str, Paper | None] = {}

    async def whole(self) -> list[Paper]:
        """All labels that came out whole so far."""
        for piece in await self._world.papers():
            if piece["png"] not in self._read:
                fit = piece["complete"] and not piece["waste"]
                self._read[piece["png"]] = _scan(self._folder / piece["png"]) if fit else None
        return list(self._labels())

    def _labels(self) -> Iterator[Paper]:
        return (paper for paper in self._read.values() if paper is not None)


def _scan(png: Path) -> Paper | None:
    found = courier.codes(png)
    if found is None:
        return None
    text, waybill = found
    try:
        return Paper(waybill, label_code.from_text(text))
    except Malformed:
        return None
