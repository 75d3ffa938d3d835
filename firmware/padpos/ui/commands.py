"""What the screen may ask for: each command's arguments checked, then handed to the station."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from padpos.counter import events
from padpos.counter.errors import Invalid
from padpos.counter.reasons import words
from padpos.terminal.station import Station
from padpos.wire.keys import CannotSign
from padpos.wire.personal import Party

Arguments = dict[str, Any]


async def execute(station: Station, command: str, arguments: Arguments) -> None:
    """Carry out a command. Raises CounterError; a command nobody knows is one too."""
    handler = _COMMANDS.get(command)
    if handler is None:
        raise Invalid("command", "没有这个操作。", "There is no such command.")
    if station.clerk is None and command != "sign-in":
        raise Invalid("signed-out", "请先登录。", "Sign in first.")
    try:
        await handler(station, arguments)
    except CannotSign as error:
        raise Invalid(error.code, *words(error.code)) from error


def _text(arguments: Arguments, name: str) -> str:
    value = arguments.get(name)
    if not isinstance(value, str):
        raise Invalid(name, f"缺少 {name}。", f"{name} is missing or not a text.")
    return value


def _maybe_text(arguments: Arguments, name: str) -> str | None:
    return None if arguments.get(name) in (None, "") else _text(arguments, name)


async def _sign_in(station: Station, arguments: Arguments) -> None:
    await station.sign_in(_text(arguments, "clerk"), _text(arguments, "pin"))


async def _sign_out(station: Station, _: Arguments) -> None:
    await station.sign_out()


async def _begin(station: Station, arguments: Arguments) -> None:
    station.begin(_text(arguments, "customer"), _maybe_text(arguments, "contract"))


async def _photo(station: Station, _: Arguments) -> None:
    await station.photograph()


async def _sender(station: Station, arguments: Arguments) -> None:
    station.post(
        events.SenderGiven(
            _text(arguments, "phone"),
            _maybe_text(arguments, "name"),
            _maybe_text(arguments, "address"),
        )
    )


async def _recipient(station: Station, arguments: Arguments) -> None:
    party = Party(*(_text(arguments, name) for name in ("name", "phone", "address")))
    station.post(events.RecipientGiven(party))


async def _contents(station: Station, arguments: Arguments) -> None:
    grams = arguments.get("grams")
    if isinstance(grams, bool) or not isinstance(grams, int):
        raise Invalid("grams", "重量须为整数克。", "grams is missing or not a whole number.")
    station.post(events.ContentsGiven(_text(arguments, "contents"), grams, from_scale=False))


async def _confirm(station: Station, _: Arguments) -> None:
    station.confirm()


async def _refuse(station: Station, arguments: Arguments) -> None:
    station.post(events.Refused(_text(arguments, "reason")))


async def _abandon(station: Station, arguments: Arguments) -> None:
    station.post(events.Abandoned(_text(arguments, "reason")))


async def _label_whole(station: Station, _: Arguments) -> None:
    station.post(events.LabelSaid(whole=True))


async def _label_reprint(station: Station, _: Arguments) -> None:
    station.post(events.LabelSaid(whole=False))


async def _label_retry(station: Station, _: Arguments) -> None:
    station.post(events.RetryLabel())


async def _label_void(station: Station, _: Arguments) -> None:
    station.post(events.LabelGivenUp())


_COMMANDS: dict[str, Callable[[Station, Arguments], Awaitable[None]]] = {
    "sign-in": _sign_in,
    "sign-out": _sign_out,
    "begin": _begin,
    "photo": _photo,
    "sender": _sender,
    "recipient": _recipient,
    "contents": _contents,
    "confirm": _confirm,
    "refuse": _refuse,
    "abandon": _abandon,
    "label-whole": _label_whole,
    "label-reprint": _label_reprint,
    "label-retry": _label_retry,
    "label-void": _label_void,
}
