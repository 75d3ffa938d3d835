"""What the counter asks of a camera."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class CameraError(Exception):
    """No picture. `code` is stable; the message is for a technician."""

    code = "camera-lost"


@dataclass(frozen=True, slots=True, repr=False)
class Still:
    """A picture taken after it was asked for: JPEG bytes, and when (ms since the Unix epoch)."""

    jpeg: bytes
    taken: int


class Camera(Protocol):
    """A camera over the inspection tray. Calls block; give them a thread."""

    def still(self, timeout: float) -> Still:
        """A picture at evidence size, exposed after this call. Raises CameraError."""

    def preview(self, timeout: float) -> bytes:
        """A small JPEG of what the camera sees now. Raises CameraError."""
