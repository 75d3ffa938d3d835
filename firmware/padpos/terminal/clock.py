"""Whether the system clock can be trusted: adjtimex(2), STA_UNSYNC."""

from __future__ import annotations

import ctypes
import time

_STA_UNSYNC = 0x40
_STATUS_OFFSET = 40 if ctypes.sizeof(ctypes.c_long) == 8 else 20  # struct timex, <sys/timex.h>


def now_ms() -> int:
    """Milliseconds since the Unix epoch."""
    return time.time_ns() // 1_000_000


def synchronised() -> bool:
    """Whether the kernel says that a time source disciplines the clock."""
    timex = ctypes.create_string_buffer(256)  # modes 0: only ask
    if ctypes.CDLL(None, use_errno=True).adjtimex(timex) < 0:
        return False
    status = int.from_bytes(timex.raw[_STATUS_OFFSET : _STATUS_OFFSET + 4], "little")
    return not status & _STA_UNSYNC
