"""A batch file checked on any machine, or handed to the running terminal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from padpos.batch.report import Report
from padpos.batch.rows import rows
from padpos.batch.table import MOST_BYTES, refused
from padpos.counter.errors import CounterError, Invalid
from padpos.terminal import config as terminal_config
from padpos.upkeep import screen
from padpos.upkeep.screen import Json
from padpos.wire.personal import Party

_PATIENCE = 3600.0  # a hundred thousand rows take a Pi that long


class NotTaken(Exception):
    """The terminal or the reader of the file said no; the message says it in both languages."""


def check(file: Path, categories: tuple[str, ...]) -> Report:
    """Look through a file as the terminal does, but for its label. Raises NotTaken, OSError."""
    found = Report()
    try:
        for row in rows(_read(file), categories):
            found.take(row)
    except CounterError as error:
        raise _no(error) from error
    return found


def hand_over(file: Path, config_file: Path, contract: str, sender: Party, chosen: str) -> Json:
    """Have the running terminal check and seal a file: what it said of the file.

    A clerk must be signed in there. Raises NotTaken, NoTerminal, ConfigError, OSError.
    """
    config = terminal_config.load(config_file)
    try:
        data = _read(file)
    except CounterError as error:
        raise _no(error) from error
    place = f"/api/batch?contract={quote(contract)}"
    told = screen.send(config, place, data, "application/octet-stream", _PATIENCE)
    _taken(told)
    who = {"name": sender.name, "phone": sender.phone, "address": sender.address}
    answer = screen.command(config, "batch-seal", _PATIENCE, {**who, "rows": chosen})
    if answer.get("code") == "batch-faulty":
        return told
    _taken(answer)
    return {**told, "sealed": True}


def as_lines(told: Json) -> Iterator[str]:
    """What was said of a file, for people: counts and places, no value."""
    yield f"good 可导入 {told['good']}, faulty 有误 {told['faulty']}"
    for fault in told["faults"]:
        yield f"{fault['row']} {fault['column']}: {fault['zh']} {fault['en']} ({fault['code']})"
    if told["repeated"]:
        yield f"repeated 重复 {', '.join(map(str, told['repeated']))}"


def _read(file: Path) -> bytes:
    if file.stat().st_size > MOST_BYTES:
        raise refused("batch-too-large")
    return file.read_bytes()


def _taken(told: Json) -> None:
    if not told.get("ok"):
        raise _no(Invalid(str(told.get("code")), str(told.get("zh")), str(told.get("en"))))


def _no(error: CounterError) -> NotTaken:
    return NotTaken(f"{error.chinese} {error.english} ({error.code})")
