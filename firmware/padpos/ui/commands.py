"""What the screen may ask for: each command's arguments checked, then handed to the station."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from padpos.counter import events
from padpos.counter.consignment import UNATTENDED
from padpos.counter.errors import Invalid
from padpos.counter.reasons import words
from padpos.ledger.errors import LedgerError
from padpos.terminal.desk import Begin
from padpos.terminal.station import Station
from padpos.ui.batch_commands import BATCH_COMMANDS
from padpos.wire.keys import CannotSign
from padpos.wire.personal import Document, Party
from padpos_drivers.idcard.interface import Access

Arguments = dict[str, Any]


async def execute(station: Station, command: str, arguments: Arguments) -> None:
    """Carry out a command. Raises CounterError; a command nobody knows is one too."""
    handler = _COMMANDS.get(command)
    if handler is None:
        raise Invalid("command", "没有这个操作。", "There is no such command.")
    if station.clerk is None and not _open_to_all(station, command, arguments):
        raise Invalid("signed-out", "请先登录。", "Sign in first.")
    try:
        await handler(station, arguments)
    except (CannotSign, LedgerError) as error:
        raise Invalid(error.code, *words(error.code)) from error


def _open_to_all(station: Station, command: str, arguments: Arguments) -> bool:
    """Signing in, service; and a kiosk's own steps, which lead nowhere without a clerk's look."""
    held = station.state.consignment
    kiosk = held is not None and not held.attended and command in _KIOSK
    begins = command == "begin" and arguments.get("customer") in UNATTENDED
    return command in _BEFORE_SIGNING_IN or kiosk or begins


def _text(arguments: Arguments, name: str) -> str:
    value = arguments.get(name)
    if not isinstance(value, str):
        raise Invalid(name, f"缺少 {name}。", f"{name} is missing or not a text.")
    return value


def _maybe_text(arguments: Arguments, name: str) -> str | None:
    return None if arguments.get(name) in (None, "") else _text(arguments, name)


def _flag(arguments: Arguments, name: str) -> bool:
    value = arguments.get(name, False)
    if not isinstance(value, bool):
        raise Invalid(name, f"{name} 须为真或假。", f"{name} is neither true nor false.")
    return value


async def _sign_in(station: Station, arguments: Arguments) -> None:
    clerk, pin = _text(arguments, "clerk"), _text(arguments, "pin")
    await station.people.sign_in(clerk, pin, card=_flag(arguments, "card"))


async def _sign_in_by_card(station: Station, _: Arguments) -> None:
    await station.people.sign_in_by_card()


async def _hand_over(station: Station, arguments: Arguments) -> None:
    await station.people.hand_over(_text(arguments, "clerk"), _text(arguments, "pin"))


async def _sign_out(station: Station, _: Arguments) -> None:
    await station.people.sign_out()


async def _close_day(station: Station, _: Arguments) -> None:
    await station.closing.close()


async def _print_summary(station: Station, arguments: Arguments) -> None:
    await station.closing.print(_text(arguments, "kind"))


async def _enter_service(station: Station, arguments: Arguments) -> None:
    await station.people.enter_service(_text(arguments, "technician"), _text(arguments, "pin"))


async def _leave_service(station: Station, _: Arguments) -> None:
    station.people.leave_service()


async def _begin(station: Station, arguments: Arguments) -> None:
    same = _flag(arguments, "same_visit")
    customer = _text(arguments, "customer")
    station.begin(Begin(customer, _maybe_text(arguments, "contract"), same_visit=same))


async def _organisation(station: Station, arguments: Arguments) -> None:
    station.post(events.OrganisationGiven(_text(arguments, "name"), _text(arguments, "code")))


async def _document(station: Station, arguments: Arguments) -> None:
    document = Document(
        type=_text(arguments, "type"),
        name=_text(arguments, "name"),
        number=_text(arguments, "number"),
        sex=_maybe_text(arguments, "sex"),
        birth=_maybe_text(arguments, "birth"),
        valid_from=_maybe_text(arguments, "valid_from"),
        valid_until=_maybe_text(arguments, "valid_until"),
        address=_maybe_text(arguments, "address"),
        ethnicity=None, issuer=None, chinese_name=None, nationality=None, permit_number=None,
        times_issued=None,
    )  # fmt: skip
    station.desk.type_document(document, _text(arguments, "reason"))


async def _lines(station: Station, arguments: Arguments) -> None:
    await station.cards.open(Access.given(_text(arguments, "lines")))


async def _agree(station: Station, _: Arguments) -> None:
    station.post(events.PersonAgreed())


async def _approve(station: Station, arguments: Arguments) -> None:
    await station.desk.approve(_text(arguments, "clerk"), _text(arguments, "pin"))


async def _look(station: Station, arguments: Arguments) -> None:
    await station.desk.look(_text(arguments, "clerk"), _text(arguments, "pin"))


async def _end_visit(station: Station, _: Arguments) -> None:
    station.end_visit()


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
    contents, category = _text(arguments, "contents"), _maybe_text(arguments, "category")
    station.post(events.ContentsGiven(contents, grams, from_scale=False, category=category))


async def _confirm(station: Station, _: Arguments) -> None:
    station.confirm()


async def _refuse(station: Station, arguments: Arguments) -> None:
    station.post(events.Refused(_text(arguments, "reason"), _maybe_text(arguments, "goods")))


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


_KIOSK = frozenset(
    {"lines", "photo", "sender", "recipient", "contents", "confirm", "abandon", "look"}
)
_BEFORE_SIGNING_IN = frozenset({"sign-in", "sign-in-card", "service-in", "service-out"})
_COMMANDS: dict[str, Callable[[Station, Arguments], Awaitable[None]]] = {
    "sign-in": _sign_in,
    "sign-in-card": _sign_in_by_card,
    "hand-over": _hand_over,
    "sign-out": _sign_out,
    "day-close": _close_day,
    "summary-print": _print_summary,
    "service-in": _enter_service,
    "service-out": _leave_service,
    "begin": _begin,
    "organisation": _organisation,
    "document": _document,
    "lines": _lines,
    "agree": _agree,
    "approve": _approve,
    "look": _look,
    "end-visit": _end_visit,
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
    **BATCH_COMMANDS,
}
