"""The client of a camera worker: a process of its own, so that a hung camera hangs nobody else.

Over a Unix socket: a JSON request line, `{"do": "still"}` or `{"do": "preview"}`, is answered by
a JSON line `{"ok": true, "size": N, "taken": MS}` and N bytes of JPEG, or by
`{"ok": false, "error": "…"}`.
"""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any

from padpos_drivers.camera.interface import CameraError, Still

MOST_BYTES = 8 << 20


class WorkerCamera:
    """A camera behind a worker's socket; connects anew for each picture."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def still(self, timeout: float) -> Still:
        """A picture at evidence size, exposed after this call. Raises CameraError."""
        asked = time.time_ns() // 1_000_000
        answer, jpeg = self._ask("still", timeout)
        taken = answer.get("taken")
        if not isinstance(taken, int) or taken < asked:
            raise CameraError("the camera answered with a picture taken before it was asked for")
        return Still(jpeg, taken)

    def preview(self, timeout: float) -> bytes:
        """A small JPEG of what the camera sees now. Raises CameraError."""
        return self._ask("preview", timeout)[1]

    def _ask(self, what: str, timeout: float) -> tuple[dict[str, Any], bytes]:
        deadline = time.monotonic() + timeout
        try:
            with socket.socket(socket.AF_UNIX) as link:
                link.settimeout(timeout)
                link.connect(str(self._path))
                link.sendall(json.dumps({"do": what}).encode() + b"\n")
                with link.makefile("rb") as stream:
                    answer = json.loads(stream.readline(4096) or b"{}")
                    link.settimeout(max(0.01, deadline - time.monotonic()))
                    return answer, _picture(answer, stream.read(_size(answer)))
        except (OSError, ValueError) as error:
            raise CameraError("the camera worker does not answer") from error


def _size(answer: object) -> int:
    if not isinstance(answer, dict) or answer.get("ok") is not True:
        raise CameraError("the camera worker has no picture")
    size = answer.get("size")
    if not isinstance(size, int) or not 0 < size <= MOST_BYTES:
        raise CameraError("the camera worker announced an impossible size")
    return size


def _picture(answer: dict[str, Any], jpeg: bytes) -> bytes:
    if len(jpeg) != answer["size"] or jpeg[:2] != b"\xff\xd8" or jpeg[-2:] != b"\xff\xd9":
        raise CameraError("the camera worker's picture is not a whole JPEG")
    return jpeg
