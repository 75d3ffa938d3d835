"""What a technician does with a terminal's ledger: look, check, set aside, put back."""

from __future__ import annotations

import contextlib
import http.client
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from padpos.ledger import aside
from padpos.ledger.aside import Note
from padpos.ledger.errors import LedgerError, LedgerInUse, LedgerMissing, LedgerUnfit
from padpos.ledger.ledger import FILE, Clock, Ledger
from padpos.ledger.status import status as status_of
from padpos.terminal import config as terminal_config
from padpos.terminal import keys as terminal_keys
from padpos.terminal.clock import now_ms, synchronised
from padpos.terminal.config import TerminalConfig
from padpos.terminal.opening import opened
from padpos.upkeep.screen import fetch
from padpos.wire.keys import Signer

_CLOCK = Clock(now_ms, synchronised)


class NotDamaged(LedgerError):
    """The ledger is whole; only one that can't be used is set aside."""

    code = "not-damaged"


def status(config_file: Path) -> dict[str, Any]:
    """How the ledger stands, told by the running terminal if one runs.

    Where there is none that can be used: `unusable`, why, and what lies aside. Raises
    LedgerStalled, ConfigError or KeysMissing.
    """
    config, signer = _loaded(config_file)
    try:
        with contextlib.closing(opened(config, signer, _CLOCK)) as ledger:
            return status_of(ledger).as_dict()
    except LedgerInUse as error:
        if (told := _ask(config)) is None:
            raise LedgerInUse(f"{error}, and the terminal does not answer") from error
        return told
    except (LedgerUnfit, LedgerMissing) as error:
        return _unusable(config, error)


def _unusable(config: TerminalConfig, error: LedgerError) -> dict[str, Any]:
    notes = aside.listed(config.state)
    return {
        "terminal": config.terminal,
        "unusable": {"code": error.code, "what": str(error)},
        "aside": {name: note.code if note else "" for name, note in notes.items()},
    }


def verify(config_file: Path, told: Callable[[int], None]) -> int:
    """Check all there is: how many entries; a word of damage that proves wrong is taken back.

    Raises LedgerError, ConfigError or KeysMissing.
    """
    config, signer = _loaded(config_file)
    with contextlib.closing(opened(config, signer, _CLOCK)) as ledger:
        try:
            number = ledger.verify(signer.public, told)
        except LedgerUnfit as error:
            aside.mark(config.state, Note.of(error))
            raise
    aside.unmark(config.state)
    return number


def set_aside(config_file: Path) -> Path:
    """Move a ledger that can't be used out of the way: where it lies now.

    Raises NotDamaged, LedgerError, OSError, ConfigError or KeysMissing.
    """
    config, signer = _loaded(config_file)
    note = aside.marked(config.state)
    try:
        opened(config, signer, _CLOCK).close()  # also: nobody else has it open
    except LedgerUnfit as error:
        note = Note.of(error)
    if note is None:
        raise NotDamaged(f"{config.state}: this ledger is whole; it stays where it is")
    return config.state / aside.FOLDER / aside.set_aside(config.state, note)


def restore(config_file: Path, name: str, told: Callable[[int], None]) -> int:
    """Check what lies aside under a name and put it back: how many entries it has.

    Raises LedgerError, OSError, ConfigError or KeysMissing.
    """
    config, signer = _loaded(config_file)
    aside.finish(config.state)
    entries = 0

    def check(folder: Path) -> None:
        nonlocal entries
        if not (folder / FILE).exists():
            raise aside.AsideError(f"{folder}: there is no ledger in it")
        ledger = Ledger(folder, config.terminal, signer, _CLOCK)
        with contextlib.closing(ledger):
            entries = ledger.verify(signer.public, told)

    aside.restore(config.state, name, check)
    return entries


def lines(told: dict[str, Any]) -> Iterator[str]:
    """A status for people, in both languages."""
    yield f"terminal 终端            {told['terminal']}"
    if "unusable" in told:
        yield f"NO LEDGER 台账不可用     {told['unusable']['code']}: {told['unusable']['what']}"
    else:
        yield from _ledger_lines(told)
    for name in told["aside"]:
        yield f"set aside 已移存         {name}"


def _ledger_lines(told: dict[str, Any]) -> Iterator[str]:
    yield f"entries 记录             {told['entries']}, checked 已校验 {told['checked']}"
    waiting = f"{told['waiting_entries']}, photos 照片 {told['waiting_photos']}"
    yield f"waiting 待上传           {waiting} ({_mib(told['waiting_bytes'])})"
    if told["oldest"] is not None:
        yield f"oldest waiting 最早待传  {_when(told['oldest'])}"
    for reason, number in told["refused"].items():
        yield f"refused 被拒             {number} × {reason}"
    receipt = told["receipt"]
    newest = "-" if receipt is None else f"{receipt} {told['receipt_hash'][:16]}"
    yield f"newest receipt 最新回执  {newest}"
    yield f"database 数据库          {_mib(told['database'])}, log 日志 {_mib(told['log'])}"
    yield from _room_lines(told["space"], told["limits"])
    if told["damage"]:
        yield f"DAMAGED 已损坏           {told['damage']['code']}: {told['damage']['what']}"


def _room_lines(space: dict[str, Any] | None, limits: dict[str, int] | None) -> Iterator[str]:
    if space is None or limits is None:
        return
    marks = f"(mark 下限 {_mib(limits['least_free'])})"
    yield f"free 剩余空间            {_mib(space['free'])} {marks}"
    yield f"used 已用                {_mib(space['used'])} (quota 上限 {_mib(limits['quota'])})"
    kept = [name for name in ("reserve", "headroom") if space[name]]
    yield f"room kept 预留空间       {', '.join(kept) or 'none 无'}"
    if space["closing"]:
        yield f"CLOSED 暂停收寄          {space['closing']}"


def _mib(size: int) -> str:
    return f"{size / (1 << 20):.1f} MiB"


def _when(time: int) -> str:
    return datetime.fromtimestamp(time / 1000, UTC).isoformat(timespec="seconds")


def _loaded(path: Path) -> tuple[TerminalConfig, Signer]:
    config = terminal_config.load(path)
    return config, terminal_keys.load_entry_key(config.keys)


def _ask(config: TerminalConfig) -> dict[str, Any] | None:
    for place in config.listen:
        with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
            return _fetch(place)
    return None


def _fetch(place: str) -> dict[str, Any]:
    told = fetch(place, "/api/ledger")
    if "entries" not in told:
        raise ValueError
    return told
