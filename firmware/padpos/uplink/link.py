"""The uplink's end of the link to the counter."""

from __future__ import annotations

import asyncio
from pathlib import Path

from padpos.wire import cbor, fields, link
from padpos.wire.cbor import Cbor
from padpos.wire.link import Again, Operation, OutboxView


class Link:
    """One connection. Requests may be made side by side: they are answered one after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._turn = asyncio.Lock()  # a fair one: answers are read in the order of the requests

    @classmethod
    async def connect(cls, path: Path) -> Link:
        """Raises OSError where the counter does not listen."""
        return cls(*await asyncio.open_unix_connection(path, limit=link.LIMIT))

    async def outbox(self, after: int, most: int, photos_after: int = -1) -> OutboxView:
        """What waits: entries behind `after`, and some photos of entries behind `photos_after`."""
        return OutboxView.from_cbor(await self._ask(Operation.OUTBOX, after, most, photos_after))

    async def entry(self, seq: int) -> bytes | None:
        """The entry message of a sequence number."""
        return fields.optional(await self._ask(Operation.ENTRY, seq), fields.octets, "entry")

    async def part(self, sha256: bytes, offset: int) -> bytes | None:
        """A piece of an attachment."""
        answer = await self._ask(Operation.PART, sha256, offset)
        return fields.optional(answer, fields.octets, "part")

    async def down(self, kind: str, payload: bytes) -> str:
        """Hand a message from the authority to the counter: "ok", or why it was not accepted."""
        return fields.text(await self._ask(Operation.DOWN, kind, payload), "answer")

    async def wait(self, milliseconds: int) -> None:
        """Return when something new waits to be sent, or after that time."""
        await self._ask(Operation.WAIT, milliseconds)

    async def again(self) -> Again:
        """What the authority asked for since the last time."""
        return Again.from_cbor(await self._ask(Operation.AGAIN))

    async def proof(self, digest: bytes) -> bytes | None:
        """The receipt of that hash."""
        return fields.optional(await self._ask(Operation.PROOF, digest), fields.octets, "proof")

    def close(self) -> None:
        """Close the connection."""
        self._writer.close()

    async def _ask(self, operation: Operation, *arguments: Cbor) -> Cbor:
        self._writer.write(link.frame([int(operation), *arguments]))
        try:
            async with self._turn:
                await self._writer.drain()
                length = link.body_length(await self._reader.readexactly(link.HEADER))
                body = await self._reader.readexactly(length)
        except BaseException:
            self._writer.close()  # an answer that nobody takes would pass for the next one's
            raise
        return cbor.loads(body, link.LIMIT)
