"""The counter's end of the link: hands sealed bytes to the uplink, and takes what comes back."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from pathlib import Path

from padpos import __version__
from padpos.ledger.errors import LedgerError
from padpos.ledger.ledger import Ledger
from padpos.ledger.outbox import Outbox
from padpos.terminal.station import Station
from padpos.wire import fields, link
from padpos.wire.cbor import Cbor
from padpos.wire.errors import Malformed, WireError
from padpos.wire.link import Operation, OutboxView

log = logging.getLogger("padpos.terminal")

MOST_WAIT_MS = 10_000
MOST_ATTACHMENTS = 20
MOST_NUMBER = (1 << 63) - 1  # SQLite's largest integer


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
            while True:
                try:
                    length = link.body_length(await reader.readexactly(link.HEADER))
                    body = await reader.readexactly(length)
                    answer = link.frame(await self._answer(*link.read_request(body)))
                except WireError as error:
                    log.warning("the uplink asked for what the link does not have: %s", error.what)
                    break
                except LedgerError as error:
                    log.warning("the uplink can't be answered now: %s", error)
                    break
                writer.write(answer)
                await writer.drain()

    async def _answer(self, operation: Operation, arguments: list[Cbor]) -> Cbor:
        match operation, arguments:
            case Operation.OUTBOX, [after, most]:
                mark = fields.integer(after, "after")
                if not -1 <= mark <= MOST_NUMBER:
                    raise Malformed("link: a mark that no entry has")
                return await self._view(mark, fields.uint(most, "most", 1000))
            case Operation.DOWN, [kind, payload]:
                return await self._down(
                    fields.text(kind, "kind", 16), fields.octets(payload, "payload")
                )
            case Operation.WAIT, [milliseconds]:
                wait = fields.uint(milliseconds, "wait", MOST_WAIT_MS)
                await self._station.outbox_changed(wait / 1000)
                return None
        return await self._sealed(operation, arguments)

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
            case Operation.AGAIN, []:
                return (await in_ledger(wants.told)).to_cbor()
            case Operation.PROOF, [digest]:
                return await in_ledger(wants.proof, fields.octets(digest, "hash", 32))
        raise Malformed("link: arguments that are not the operation's")

    async def _view(self, after: int, most: int) -> Cbor:
        station = self._station
        seqs = await station.in_ledger(self._outbox.entries, after, most)
        attachments = await station.in_ledger(self._outbox.attachments, MOST_ATTACHMENTS)
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
        )
        return view.to_cbor()

    async def _down(self, kind: str, payload: bytes) -> str:
        answer = await self._station.in_ledger(self._station.standing.take, kind, payload)
        if kind == "want":
            self._station.send_again()
        self._station.tell()
        return answer


def _health(closed: str | None, refused: int) -> str:
    told = [closed] if closed else []
    told += [f"{refused} refused"] if refused else []
    return ", ".join(told) or "ok"
