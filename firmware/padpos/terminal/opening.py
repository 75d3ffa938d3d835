"""Opening the terminal's ledger: what is no ledger is set aside, and the counter stays closed."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from padpos.ledger import aside
from padpos.ledger.aside import Note
from padpos.ledger.errors import (
    LedgerError,
    LedgerMissing,
    LedgerTruncated,
    LedgerUnfit,
    reading,
)
from padpos.ledger.ledger import FILE, Clock, Ledger
from padpos.ledger.outbox import Outbox
from padpos.ledger.room import Kept, Room
from padpos.terminal.config import TerminalConfig
from padpos.wire.keys import Signer

log = logging.getLogger("padpos.terminal")


@dataclass(frozen=True, slots=True)
class Closed:
    """Why the counter can't work at all: a problem code, and words for the technician."""

    code: str
    what: str


def opened(config: TerminalConfig, signer: Signer, clock: Clock) -> Ledger:
    """The ledger with a chain that must be there. Raises a LedgerError; nothing is set aside."""
    path = config.state / FILE
    log_of = path.with_name(f"{FILE}-wal")
    if not path.exists():
        raise LedgerMissing(f"{config.state}: no ledger: provision this terminal")
    if not path.stat().st_size and not (log_of.exists() and log_of.stat().st_size):
        raise LedgerTruncated("the ledger file is empty")
    room = Room(config.state, config.limits)
    ledger = room.spending(
        lambda: Ledger(config.state, config.terminal, signer, clock, room), *Kept
    )
    if not ledger.begun:
        ledger.close()
        raise LedgerMissing(f"{config.state}: no chain yet: provision this terminal")
    return ledger


def opened_or_closed(config: TerminalConfig, signer: Signer, clock: Clock) -> Ledger | Closed:
    """The ledger; or, whatever is wrong with it, why the counter stays closed.

    What can't be used is set aside. What may pass by itself, or be seen in place, is left alone.
    """
    try:
        aside.finish(config.state)
        ledger = opened(config, signer, clock)
        note = aside.marked(config.state)
        if note is None or _to_send(ledger):
            return ledger  # a damaged one still gives up to the authority what is whole in it
        ledger.close()
    except LedgerUnfit as error:
        note = Note.of(error)
    except LedgerMissing as error:
        return _missing(config.state, error)
    except LedgerError as error:
        log.error("the ledger can't be opened: %s", error)
        return Closed(error.code, str(error))
    except OSError as error:
        log.error("the ledger can't be opened: %s", error.strerror)
        return Closed("disk-error", str(error.strerror))
    return _set_aside(config, note)


def _to_send(ledger: Ledger) -> bool:
    outbox = Outbox(ledger)
    try:
        with reading():
            return bool(outbox.entries(-1, 1) or outbox.attachments(1))
    except LedgerError:
        ledger.close()
        raise


def _set_aside(config: TerminalConfig, note: Note) -> Closed:
    log.error("the ledger is set aside: %s: %s", note.code, note.what)
    room = Room(config.state, config.limits)
    try:
        room.give_up(*Kept)  # it is no longer needed, and the note may need it
        name = aside.set_aside(config.state, note)
    except OSError as error:
        log.error("the ledger can't be set aside: %s", error.strerror)
        return Closed(note.code, note.what)
    log.error("what was there lies in %s", config.state / aside.FOLDER / name)
    return Closed(note.code, note.what)


def _missing(state: Path, error: LedgerMissing) -> Closed:
    notes = [note for note in aside.listed(state).values() if note]
    if notes:
        return Closed(notes[-1].code, notes[-1].what)
    log.error("%s", error)
    return Closed(error.code, str(error))
