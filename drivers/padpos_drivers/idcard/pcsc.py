"""PC/SC calls as Python has them: typed, and every way to fail told apart.

All use of pyscard is in this file. Only its low-level API is used: its CardMonitor ends for good
when pcscd does, and its connections let go of a card when the garbage collector thinks of it,
which resets the next one.
"""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from smartcard import scard

from padpos_drivers.idcard.errors import (
    CardAbsent,
    CardLifted,
    CardUnknown,
    CardUnreadable,
    EscapeOff,
    IdCardError,
    ReaderBusy,
    ReaderForbidden,
    ReaderLost,
)

ESCAPE: Final[int] = scard.SCARD_CTL_CODE(1)  # libccid's IOCTL_SMARTCARD_VENDOR_IFD_EXCHANGE

# What is not in these tables says that reader or service are gone or confused: begin anew.
_CARD_FAULTS: Final[Mapping[int, type[IdCardError]]] = {
    scard.SCARD_W_REMOVED_CARD: CardLifted,
    scard.SCARD_W_RESET_CARD: CardLifted,
    scard.SCARD_E_NOT_TRANSACTED: CardLifted,
    scard.SCARD_E_COMM_DATA_LOST: CardLifted,
    scard.SCARD_E_NO_SMARTCARD: CardAbsent,
    scard.SCARD_W_UNRESPONSIVE_CARD: CardUnreadable,
    scard.SCARD_W_UNPOWERED_CARD: CardUnreadable,
    scard.SCARD_E_INVALID_ATR: CardUnreadable,
    scard.SCARD_E_CARD_UNSUPPORTED: CardUnknown,
    scard.SCARD_E_PROTO_MISMATCH: CardUnknown,
    scard.SCARD_W_UNSUPPORTED_CARD: CardUnknown,
    scard.SCARD_E_SHARING_VIOLATION: ReaderBusy,
}
# Only where rights are asked for: a service that is killed gives the same code to any call.
_ENTRY_FAULTS: Final = {**_CARD_FAULTS, scard.SCARD_W_SECURITY_VIOLATION: ReaderForbidden}
_ESCAPE_FAULTS: Final[Mapping[int, type[IdCardError]]] = {
    scard.SCARD_E_UNSUPPORTED_FEATURE: EscapeOff,
    scard.SCARD_E_NOT_TRANSACTED: EscapeOff,
    scard.SCARD_E_SHARING_VIOLATION: ReaderBusy,
}
_QUIET: Final = frozenset({scard.SCARD_E_TIMEOUT, scard.SCARD_E_CANCELLED})
_GONE: Final = scard.SCARD_STATE_UNKNOWN | scard.SCARD_STATE_UNAVAILABLE
_PROTOCOLS: Final = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1

UNAWARE: Final[int] = scard.SCARD_STATE_UNAWARE


@dataclass(frozen=True, slots=True)
class Status:
    """What PC/SC says of a reader: its state word, and the ATR of the card that lies there."""

    word: int
    atr: bytes

    @property
    def present(self) -> bool:
        """Whether a card lies there."""
        return bool(self.word & scard.SCARD_STATE_PRESENT)

    @property
    def count(self) -> int:
        """How many insertions and removals pcscd has counted, modulo 65536."""
        return self.word >> 16


class Context:
    """A PC/SC context."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def readers(self) -> list[str]:
        """Return the names of all readers; none is no error."""
        code, names = scard.SCardListReaders(self._handle, [])
        if code == scard.SCARD_E_NO_READERS_AVAILABLE:
            return []
        _check(code, "list readers")
        return list(names)

    def wait(self, name: str, word: int, milliseconds: int) -> Status | None:
        """Wait for a reader's state word to differ from ``word``; None if it did not."""
        code, states = scard.SCardGetStatusChange(self._handle, milliseconds, [(name, word)])
        if code in _QUIET:
            return None
        _check(code, "status")
        status = _status(states[0])
        return status if status.word != word else None

    def glance(self, name: str) -> Status:
        """Return a reader's state as it is; asked as if nothing were known, it answers at once."""
        word = scard.SCARD_STATE_UNAWARE
        code, states = scard.SCardGetStatusChange(self._handle, 0, [(name, word)])
        _check(code, "status")
        return _status(states[0])

    def cancel(self) -> None:
        """End a wait; called from another thread than all else."""
        scard.SCardCancel(self._handle)

    def connect(self, name: str) -> "Card":
        """Connect to the card that lies there, shared; whoever calls lets go of it again."""
        share = scard.SCARD_SHARE_SHARED
        code, handle, protocol = scard.SCardConnect(self._handle, name, share, _PROTOCOLS)
        _check(code, "connect", _ENTRY_FAULTS)
        return Card(handle, protocol)

    @contextlib.contextmanager
    def direct(self, name: str) -> "Iterator[Module]":
        """Connect to the reader itself, with or without a card on it."""
        code, handle, _ = scard.SCardConnect(self._handle, name, scard.SCARD_SHARE_DIRECT, 0)
        _check(code, "connect", _ENTRY_FAULTS)
        try:
            yield Module(handle)
        finally:
            scard.SCardDisconnect(handle, scard.SCARD_LEAVE_CARD)


class Card:
    """A connected card: this laying of it, and no other."""

    def __init__(self, handle: int, protocol: int) -> None:
        self._handle = handle
        self._pci = scard.SCARD_PCI_T1 if protocol & scard.SCARD_PROTOCOL_T1 else scard.SCARD_PCI_T0

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Have the card for ourselves. Raises CardLifted once it went or was reset."""
        _check(scard.SCardBeginTransaction(self._handle), "transaction")
        try:
            yield
        finally:
            scard.SCardEndTransaction(self._handle, scard.SCARD_LEAVE_CARD)

    def transmit(self, apdu: bytes) -> bytes:
        """Send one APDU; an empty answer means that the card went in the middle of it."""
        code, answer = scard.SCardTransmit(self._handle, self._pci, list(apdu))
        _check(code, "transmit")
        return bytes(answer)

    def let_go(self) -> None:
        """Disconnect, and leave the card as it is."""
        scard.SCardDisconnect(self._handle, scard.SCARD_LEAVE_CARD)


class Module:
    """A reader connected to without its card."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def control(self, data: bytes) -> bytearray:
        """Send one escape command. Raises :class:`EscapeOff` where the driver lets none through."""
        code, answer = scard.SCardControl(self._handle, ESCAPE, list(data))
        _check(code, "escape", _ESCAPE_FAULTS)
        return bytearray(answer)


@contextlib.contextmanager
def established() -> Iterator[Context]:
    """A context for as long as the block lasts. Raises :class:`ReaderLost` without a service."""
    code, handle = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
    _check(code, "establish", _ENTRY_FAULTS)
    try:
        yield Context(handle)
    finally:
        scard.SCardReleaseContext(handle)


def choose(names: list[str], wanted: str) -> str:
    """Return the reader of that name, or the only one whose name contains it."""
    if wanted in names:
        return wanted
    found = [name for name in names if wanted in name]
    if len(found) != 1:
        raise ReaderLost("no reader of that name" if not found else "reader name not unique")
    return found[0]


def _status(state: tuple[str, int, list[int]]) -> Status:
    _name, word, atr = state
    if word & _GONE:
        raise ReaderLost("reader state")
    return Status(word, bytes(atr))


def _check(code: int, step: str, faults: Mapping[int, type[IdCardError]] = _CARD_FAULTS) -> None:
    """Raise what a PC/SC return code other than success means."""
    if code != scard.SCARD_S_SUCCESS:
        raise faults.get(code, ReaderLost)(f"{step} returned {code & 0xFFFFFFFF:08X}")
