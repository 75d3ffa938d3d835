"""What the screen may ask of batches; of `commands`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from padpos.batch.choice import choice
from padpos.batch.table import refused
from padpos.counter import checks
from padpos.counter.errors import Invalid
from padpos.terminal.station import Station
from padpos.wire.personal import Party

Arguments = dict[str, Any]


async def _seal(station: Station, arguments: Arguments) -> None:
    sender = checks.party(Party(*(_text(arguments, name) for name in ("name", "phone", "address"))))
    await station.importer.seal(sender, choice(arguments.get("rows") or ""))
    await station.batches.refresh()


async def _forget(station: Station, _: Arguments) -> None:
    station.importer.forget()


async def _run(station: Station, arguments: Arguments) -> None:
    await station.batches.start(_batch(arguments))


async def _pause(station: Station, _: Arguments) -> None:
    station.batches.pause()


async def _aside(station: Station, _: Arguments) -> None:
    station.batches.put_aside()


async def _let_go(station: Station, arguments: Arguments) -> None:
    await station.batches.let_go(_batch(arguments))


def _text(arguments: Arguments, name: str) -> str:
    value = arguments.get(name)
    if not isinstance(value, str):
        raise Invalid(name, f"缺少 {name}。", f"{name} is missing or not a text.")
    return value


def _batch(arguments: Arguments) -> bytes:
    return batch_id(_text(arguments, "batch"))


def batch_id(text: str) -> bytes:
    """The id of a batch out of its 32 hexadecimal digits. Raises Invalid."""
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise refused("batch-none") from error


BATCH_COMMANDS: dict[str, Callable[[Station, Arguments], Awaitable[None]]] = {
    "batch-seal": _seal,
    "batch-forget": _forget,
    "batch-run": _run,
    "batch-pause": _pause,
    "batch-aside": _aside,
    "batch-let-go": _let_go,
}
