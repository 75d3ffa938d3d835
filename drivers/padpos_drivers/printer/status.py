"""What a printer says about itself: an incremental parser, and the status it adds up to.

A printer mixes four kinds of bytes on one line (Epson ESC/POS reference):

- Automatic Status Back, 4 bytes: the first is `0xx1 xx00`, the others have bits 4 and 7 clear;
- answers to DLE EOT, 1 byte `0xx1 xx10`, which do not say to which question;
- blocks from a header byte to NUL: `37 22 d1 d2 d3 d4 00` is a process id (GS ( H fn 48),
  `37 23 causes 00` an offline response (fn 49);
- answers to GS r, 1 byte with bits 4 and 7 clear.

Pure: bytes in, messages out. Whatever arrives, nothing is raised.
"""

from dataclasses import dataclass, replace
from enum import Enum

MAX_BLOCK = 80
"""Longest block that is waited for, header to NUL, in bytes."""

_BLOCK_HEADERS = frozenset(b"\x35\x37\x3b\x3d\x5f")


class Paper(Enum):
    """How much paper the roll sensors see."""

    OK = "ok"
    NEAR_END = "near-end"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class PrinterStatus:
    """The printer as it last described itself; `error` is a cutter, head or mechanical error."""

    online: bool = True
    paper: Paper = Paper.OK
    cover_open: bool = False
    error: bool = False

    @property
    def ready(self) -> bool:
        """Whether a label sent now would be printed."""
        return (
            self.online and self.paper is not Paper.OUT and not self.cover_open and not self.error
        )


@dataclass(frozen=True, slots=True)
class AutoStatus:
    """Automatic Status Back: the whole status, pushed on change (GS a)."""

    status: PrinterStatus


@dataclass(frozen=True, slots=True)
class RealTimeAnswer:
    """The answer to some DLE EOT n; only the order of the questions tells which."""

    value: int


@dataclass(frozen=True, slots=True)
class QueuedAnswer:
    """The answer to GS r: the printer has processed everything before the question."""

    value: int


@dataclass(frozen=True, slots=True)
class ProcessIdDone:
    """GS ( H fn 48: everything up to this id has been printed."""

    process_id: str


@dataclass(frozen=True, slots=True)
class OfflineNotice:
    """GS ( H fn 49: the printer went offline, for model-dependent causes (40h-7Fh each)."""

    causes: bytes


Message = AutoStatus | RealTimeAnswer | QueuedAnswer | ProcessIdDone | OfflineNotice


class StatusParser:
    """Splits the printer's bytes into messages, however they are cut into packets.

    `skipped` counts the bytes that were no message: noise, flow control, unknown blocks.
    """

    def __init__(self) -> None:
        self._pending = bytearray()
        self.skipped = 0

    def feed(self, data: bytes) -> list[Message]:
        """Take the next bytes; the messages that are complete now, in order."""
        messages: list[Message] = []
        for byte in data:
            message = self._take(byte)
            if message is not None:
                messages.append(message)
        return messages

    def _take(self, byte: int) -> Message | None:
        pending = self._pending
        if not pending:
            return self._begin(byte)
        if pending[0] in _BLOCK_HEADERS:
            return self._continue_block(byte)
        if byte & 0x90:  # not the rest of an ASB: the packet was broken off
            self._drop()
            return self._begin(byte)
        pending.append(byte)
        if len(pending) < 4:
            return None
        message = AutoStatus(_from_asb(bytes(pending)))
        pending.clear()
        return message

    def _begin(self, byte: int) -> Message | None:
        # 35h-3Dh and 5Fh match none of the masks below, so the order does not matter.
        if byte in _BLOCK_HEADERS or byte & 0x93 == 0x10:
            self._pending.append(byte)
            return None
        if byte & 0x93 == 0x12:
            return RealTimeAnswer(byte)
        if byte & 0x90 == 0:
            return QueuedAnswer(byte)
        self.skipped += 1
        return None

    def _continue_block(self, byte: int) -> Message | None:
        pending = self._pending
        if byte & 0x80 or len(pending) >= MAX_BLOCK:  # blocks are 7-bit: this one was broken off
            self._drop()
            return self._begin(byte)
        pending.append(byte)
        if byte != 0:
            return None
        message = _from_block(bytes(pending))
        if message is None:
            self.skipped += len(pending)
        pending.clear()
        return message

    def _drop(self) -> None:
        self.skipped += len(self._pending)
        self._pending.clear()


def _from_asb(packet: bytes) -> PrinterStatus:
    first, second, third, _ = packet
    return PrinterStatus(
        online=not first & 0x08,
        cover_open=bool(first & 0x20),
        error=bool(second & 0x6C),
        paper=_paper(out=bool(third & 0x0C), near_end=bool(third & 0x03)),
    )


def _from_block(block: bytes) -> Message | None:
    if block[0] != 0x37 or len(block) < 3:
        return None
    kind, body = block[1], block[2:-1]
    if kind == 0x22 and len(body) == 4 and all(0x20 <= byte <= 0x7E for byte in body):
        return ProcessIdDone(body.decode("ascii"))
    if kind == 0x23 and len(body) <= 10 and all(0x40 <= byte <= 0x7F for byte in body):
        return OfflineNotice(body)
    return None


def _paper(*, out: bool, near_end: bool) -> Paper:
    if out:
        return Paper.OUT
    return Paper.NEAR_END if near_end else Paper.OK


def with_real_time(status: PrinterStatus, question: int, value: int) -> PrinterStatus:
    """`status` brought up to date by the answer `value` to DLE EOT `question` (1 to 4).

    1 = online, 2 = cover and errors, 3 = kind of error, 4 = roll sensors. ValueError for others.
    """
    match question:
        case 1:
            return replace(status, online=not value & 0x08)
        case 2:
            paper = Paper.OUT if value & 0x20 else status.paper
            error = status.error or bool(value & 0x40)
            return replace(status, cover_open=bool(value & 0x04), paper=paper, error=error)
        case 3:
            return replace(status, error=status.error or bool(value & 0x6C))
        case 4:
            out = status.paper is Paper.OUT or bool(value & 0x60)
            return replace(status, paper=_paper(out=out, near_end=bool(value & 0x0C)))
        case _:
            raise ValueError(f"DLE EOT {question} is not a status question of every printer")
