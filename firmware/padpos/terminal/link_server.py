"""The counter's end of the link: hands sealed bytes to the uplink, and takes what comes back."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from padpos import __version__
from padpos.ledger.errors import LedgerError, LedgerUnfit
from padpos.ledger.ledger import Ledger
from padpos.ledger.outbox import Outbox
from padpos.terminal.station import Station
from padpos.wire import fields, link
from padpos.wire.cbor import Cbor
from padpos.wire.errors import Malformed, WireError
from padpos.wire.link import Operation, OutboxView

log = logging.getLogger("padpos.terminal")

MOST_WAIT_MS = 10_000
PHOTOS_OF = 4  # entries whose photos are told at once: a new entry may have to wait for so many
MOST_NUMBER = (1 << 63) - 1  # SQLite's largest integer


@dataclass(slots=True)
class _Told:
    """What a connection knows: `change` is set once its last view is out of date.

    Else a change while the uplink was sending what it saw would be slept through.
    """

    change: asyncio.Event


class LinkServer:
    """Serves the Unix socket; who may connect is the socket's mode and group."""

    def __init__(self, station: Station, ledger: Ledger, now: Callable[[], int]) -> None:
        self._station = station
        self._ledger = ledger
        self._outbox = Outbox(ledger)
        self._now = now

    async def serve(self, path: Path) -> None:
        """Serve until cancelled."""
        path.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(self._connection, str(path), limit=link.LIMIT)
        path.chmod(0o660)
        async with server:
            await server.serve_forever()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Closed whatever happens: an uplink that waits for an answer must learn that none comes.
        with contextlib.closing(writer), contextlib.suppress(EOFError, ConnectionError):
            told = _Told(self._station.books.next_change)
            while True:
                try:
                    length = link.body_length(await reader.readexactly(link.HEADER))
                    body = await reader.readexactly(length)
                    answer = link.frame(await self._answer(told, *link.read_request(body)))
                except WireError as error:
                    log.warning("the uplink asked for what the link does not have: %s", error.what)
                    break
                except LedgerError as error:
                    log.warning("the uplink can't be answered now: %s", error)
                    break
                writer.write(answer)
                await writer.drain()

    async def _answer(self, told: _Told, operation: Operation, arguments: list[Cbor]) -> Cbor:
        match operation, arguments:
            case Operation.OUTBOX, [after, most, photos_after]:
                number = fields.uint(most, "most", 1000)
                told.change = self._station.books.next_change
                return await self._view(_mark(after), number, _mark(photos_after))
            case Operation.DOWN, [kind, payload]:
                return await self._down(
                    fields.text(kind, "kind", 16), fields.octets(payload, "payload")
                )
            case Operation.WAIT, [milliseconds]:
                wait = fields.uint(milliseconds, "wait", MOST_WAIT_MS)
                await self._station.outbox_changed(wait / 1000, told.change)
                return None
            case Operation.AGAIN, []:
                again = await self._station.in_ledger(self._station.standing.wants.told)
                return again.to_cbor()
        try:
            return await self._sealed(operation, arguments)
        except LedgerError as error:  # a bad spot on the disk must not hold up what lies behind it
            log.error("what the uplink asked for can't be read: %s", error)
            return None

    async def _sealed(self, operation: Operation, arguments: list[Cbor]) -> Cbor:
        """What the uplink fetches to send."""
        in_ledger, wants = self._station.in_ledger, self._station.standing.wants
        match operation, arguments:
            case Operation.ENTRY, [seq]:
                message = await in_ledger(
                    self._ledger.message, fields.uint(seq, "seq", MOST_NUMBER)
                )
                return message.to_bytes() if message else None
            case Operation.PART, [sha256, offset]:
                part = await in_ledger(
                    self._outbox.part,
                    fields.octets(sha256, "hash", 32),
                    fields.uint(offset, "offset", MOST_NUMBER),
                )
                return part.to_bytes() if part else None
            case Operation.PROOF, [digest]:
                return await in_ledger(wants.proof, fields.octets(digest, "hash", 32))
        raise Malformed("link: arguments that are not the operation's")

    async def _view(self, after: int, most: int, photos_after: int) -> Cbor:
        station = self._station
        seqs, attachments, behind = await station.in_ledger(
            self._waiting, after, most, photos_after
        )
        waiting = station.waiting
        oldest = max(0, self._now() - waiting.oldest) if waiting.oldest is not None else 0
        view = OutboxView(
            entries=tuple(seqs),
            attachments=tuple(attachments),
            queued=waiting.entries + waiting.attachments,
            oldest_ms=oldest,
            terminal=station.config.terminal,
            version=__version__,
            health=_health(station.closed, waiting.refused),
            photos_behind=behind,
        )
        return view.to_cbor()

    def _waiting(
        self, after: int, most: int, photos_after: int
    ) -> tuple[list[int], list[tuple[bytes, int]], int]:
        photos = self._outbox.attachments(PHOTOS_OF, photos_after)
        behind = self._outbox.entry_of(photos[-1][0]) if photos else photos_after
        return self._outbox.entries(after, most), photos, behind

    async def _down(self, kind: str, payload: bytes) -> str:
        try:
            answer = await self._station.in_ledger(self._station.standing.take, kind, payload)
        except LedgerUnfit as error:  # it would come again at once, and nothing else would pass
            return error.code
        if kind == "want":
            self._station.send_again()
        self._station.tell()
        return answer


def _health(closed: str | None, refused: int) -> str:
    told = [closed] if closed else []
    told += [f"{refused} refused"] if refused else []
    return ", ".join(told) or "ok"


def _mark(value: Cbor) -> int:
    mark = fields.integer(value, "mark")
    if not -1 <= mark <= MOST_NUMBER:
        raise Malformed("link: a mark that no entry has")
    return mark
