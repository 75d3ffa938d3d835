"""The devices as the station uses them: blocking drivers behind awaitable calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from padpos.wire.personal import Document
from padpos_drivers.camera import quality
from padpos_drivers.camera.interface import Camera
from padpos_drivers.idcard.document import DocumentType, IdDocument
from padpos_drivers.idcard.interface import Access, CardReading, IdReader
from padpos_drivers.printer import LabelPrinter, MonoRaster, PrintResult

READ_SECONDS = 3.0
DOCUMENT_SECONDS = 8.0  # a chip that is opened first answers in many short pieces
STILL_SECONDS = 3.0
PRINT_SECONDS = 8.0
CHINESE_PASSPORT = "chinese-passport"
_CHINESE = frozenset({"CHN", "HKG", "MAC", "TWN"})


@dataclass(frozen=True, slots=True)
class Devices:
    """What stands on the counter."""

    reader: IdReader
    camera: Camera
    printer: LabelPrinter

    async def read_card(self, access: Access | None = None) -> CardReading:
        """One reading of the card on the reader. Raises IdCardError.

        `access` opens a travel document, and is not kept.
        """
        seconds = READ_SECONDS if access is None else DOCUMENT_SECONDS
        return await asyncio.wrap_future(self.reader.read(seconds, access))

    async def photograph(self) -> tuple[bytes, str]:
        """A picture taken now, and the gates' verdict. Raises CameraError."""
        return await asyncio.to_thread(self._still)

    async def preview(self) -> bytes:
        """What the camera sees. Raises CameraError."""
        return await asyncio.to_thread(self.camera.preview, STILL_SECONDS)

    async def print(self, raster: MonoRaster, on_first_byte: Callable[[], None]) -> PrintResult:
        """Print one label; never tries twice."""
        return await asyncio.to_thread(
            self.printer.print, raster, on_first_byte=on_first_byte, timeout=PRINT_SECONDS
        )

    def _still(self) -> tuple[bytes, str]:
        still = self.camera.still(STILL_SECONDS)
        return still.jpeg, quality.check(still.jpeg)


def class_of(document: IdDocument) -> str:
    """The document class, by which a policy knows it.

    The law takes a foreigner's passport (实名收寄管理办法第三条); one of China's own is apart.
    """
    own = document.type is DocumentType.PASSPORT and document.nationality in _CHINESE
    return CHINESE_PASSPORT if own else str(document.type)


def to_document(document: IdDocument) -> Document:
    """The document as it is sealed: the driver's fields under the formats' names."""
    fields = document.as_dict()
    return Document(
        type=class_of(document),
        name=document.name,
        number=document.number,
        sex=fields.get("sex"),
        birth=fields.get("birth"),
        valid_from=fields.get("valid_from"),
        valid_until=fields.get("valid_until"),
        address=fields.get("address"),
        ethnicity=fields.get("ethnicity_code"),
        issuer=fields.get("issuer"),
        chinese_name=fields.get("chinese_name"),
        nationality=fields.get("nationality"),
        permit_number=fields.get("permit_number"),
        times_issued=fields.get("times_issued"),
    )
