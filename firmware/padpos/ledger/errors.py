"""What can be wrong with the ledger, in words for a technician. `code` is stable."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import apsw

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_ROTTEN = (apsw.SQLITE_IOERR_CORRUPTFS, apsw.SQLITE_IOERR_DATA)


class LedgerError(Exception):
    """The ledger can't do what was asked."""

    code = "ledger"


class LedgerStalled(LedgerError):
    """It may pass by itself: nothing was written, and the same can be tried again."""


class LedgerFull(LedgerStalled):
    """There is no room on the disk."""

    code = "disk-full"


class LedgerUnreadable(LedgerStalled):
    """The disk answered with an error, or does not let the ledger be opened."""

    code = "disk-error"


class LedgerInUse(LedgerStalled):
    """Another process has the ledger open."""

    code = "ledger-in-use"


class LedgerMissing(LedgerError):
    """There is no ledger where one should be."""

    code = "ledger-missing"


class LedgerUnfit(LedgerError):
    """What lies there can't be this terminal's ledger; it is to be set aside."""


class LedgerForeign(LedgerUnfit):
    """The file belongs to another terminal, or is no ledger."""

    code = "ledger-foreign"


class LedgerNewer(LedgerUnfit):
    """A newer version of this software wrote it."""

    code = "ledger-newer"


class LedgerDamaged(LedgerUnfit):
    """The chain does not hold: something was altered or lost."""

    code = "ledger-damaged"


class LedgerTruncated(LedgerDamaged):
    """The end of the file is missing."""

    code = "ledger-truncated"


class PhotoLost(LedgerDamaged):
    """The file of a photo that an entry names, and no receipt has let go, is missing."""

    code = "photo-missing"


class PhotoAltered(LedgerDamaged):
    """The file of a photo that an entry names is not what it was."""

    code = "photo-altered"


class WaybillsSpent(LedgerError):
    """No waybill number is left to give."""

    code = "waybills-spent"


@contextmanager
def typed() -> Iterator[None]:
    """Let what SQLite and the disk report be raised as a LedgerError; what we raise passes."""
    try:
        yield
    except apsw.Error as error:
        if (known := _of_sqlite(error)) is None:
            raise
        raise known from error
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise LedgerFull("there is no room on the disk") from error
        if error.errno == errno.EIO:
            raise LedgerUnreadable("the disk reports an error") from error
        raise


@contextmanager
def reading() -> Iterator[None]:
    """The same for a file that nobody vouches for: what else SQLite stumbles at is damage."""
    try:
        with typed():
            yield
    except (apsw.Error, ValueError, TypeError) as error:
        raise LedgerDamaged(f"the ledger file is damaged ({type(error).__name__})") from error


def _of_sqlite(error: apsw.Error) -> LedgerError | None:
    if isinstance(error, apsw.IOError) and getattr(error, "extendedresult", 0) in _ROTTEN:
        return LedgerDamaged("the disk returned something else than was written")
    for kinds, meaning, words in _MEANINGS:
        if isinstance(error, kinds):
            return meaning(words)
    return None


_MEANINGS: tuple[tuple[tuple[type[apsw.Error], ...], type[LedgerError], str], ...] = (
    ((apsw.FullError,), LedgerFull, "there is no room on the disk"),
    ((apsw.NotADBError,), LedgerForeign, "the ledger file is not a ledger"),
    (
        (apsw.BusyError, apsw.LockedError),
        LedgerInUse,
        "the ledger is in use by another process; the terminal?",
    ),
    (
        (apsw.IOError, apsw.CantOpenError, apsw.ReadOnlyError, apsw.PermissionsError),
        LedgerUnreadable,
        "the disk reports an error, or does not let the ledger be opened",
    ),
    (
        # Nothing that was written here breaks a rule of the tables: what does was read wrong.
        (apsw.CorruptError, apsw.ConstraintError, apsw.MismatchError, apsw.TooBigError),
        LedgerDamaged,
        "the ledger file is damaged",
    ),
)
