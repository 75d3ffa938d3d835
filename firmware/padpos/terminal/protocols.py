"""The kinds of card and document that a PC/SC reader is asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from padpos_drivers.idcard.emrtd import csca
from padpos_drivers.idcard.emrtd.anchors import Anchors
from padpos_drivers.idcard.emrtd.protocol import EmrtdProtocol
from padpos_drivers.idcard.protocol import CardProtocol
from padpos_drivers.idcard.storage import StorageProtocol


def card_protocols(csca_path: Path | None) -> tuple[CardProtocol, ...]:
    """ID cards, passports and permits, whose signatures are held against the roots at `csca_path`.

    Without roots a passport is read all the same and no state vouches for it. Raises
    csca.CscaUnreadable.
    """
    anchors = Anchors() if csca_path is None else csca.load(csca_path)
    return StorageProtocol(), EmrtdProtocol(anchors, lambda: datetime.now(UTC))
