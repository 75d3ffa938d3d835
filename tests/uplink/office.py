"""The other end of the line: a real mosquitto, and somebody who listens behind it and answers."""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from padpos.uplink.config import UplinkConfig
from padpos.wire import entry, receipt
from padpos.wire.messages import (
    EntryMessage,
    Part,
    TerminalStatus,
    down_topic,
    parse_topic,
)
from padpos.wire.receipt import AttachmentItem, EntryItem, Receipt, Status
from padpos.wire.want import Want, WantedAttachment
from padpos_services.authority.founding import IDENTITY
from padpos_services.authority.home import Home
from tests.services.conftest import Authority, Terminal
from tests.wire.vector_objects import START, TERMINAL, signer

ENTRY_KEY = signer("entry").public


@dataclass(slots=True)
class Heard:
    """What came in, in order: ("entry", seq), ("part", offset), ("proof", number) or
    ("status", health)."""

    messages: list[tuple[str, int | str]] = field(default_factory=list)
    entries: dict[int, bytes] = field(default_factory=dict)
    parts: dict[bytes, dict[int, bytes]] = field(default_factory=dict)
    sizes: dict[bytes, int] = field(default_factory=dict)
    ages: list[int] = field(default_factory=list)

    def note(self, kind: str, payload: bytes) -> None:
        """Take one message apart."""
        if kind == "entry":
            message = EntryMessage.from_bytes(payload)
            read, digest = entry.verify(message.entry, ENTRY_KEY)
            self.messages.append(("entry", read.seq))
            self.entries[read.seq] = digest
        elif kind == "part":
            part = Part.from_bytes(payload)
            self.messages.append(("part", part.offset))
            self.parts.setdefault(part.sha256, {})[part.offset] = part.data
            self.sizes[part.sha256] = part.size
        elif kind == "proof":
            proof, _ = receipt.verify(payload, (signer("receipt").public,))
            self.messages.append(("proof", proof.number))
        else:
            status = TerminalStatus.from_bytes(payload)
            self.ages += [status.oldest_ms] if status else []
            self.messages.append(("status", status.health if status else "offline"))

    def whole(self) -> list[bytes]:
        """The photos of which every piece has come."""
        return [
            sha256
            for sha256, parts in self.parts.items()
            if sum(map(len, parts.values())) == self.sizes[sha256]
        ]


class Office:
    """A broker with an enrolled terminal, and a listener with the authority's identity."""

    def __init__(self, root: Path) -> None:
        self.authority = Authority(root)
        self.broker = self.authority.broker
        self._home = Home(self.authority.home)
        self._terminal = Terminal(TERMINAL, root / "terminal")
        self._terminal.enrol(self.authority)
        self.heard = Heard()
        self._numbers = self._wants = 0
        self._client: mqtt.Client | None = None
        self.acl = self.broker.folder / "acl"
        self.resend_seconds = 0.5

    def config(self, link: Path) -> UplinkConfig:
        """The uplink's configuration."""
        folder = self._terminal.folder
        return UplinkConfig(
            link, "127.0.0.1", self.broker.port, folder / "ca.pem", folder / "tls.pem",
            folder / "tls-key.pem", resend_seconds=self.resend_seconds,
        )  # fmt: skip

    def listen(self) -> None:
        """Connect and hear everything; again by itself after the broker was away."""
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2, IDENTITY, protocol=MQTTProtocolVersion.MQTTv5
        )
        context = ssl.create_default_context(cafile=str(self._home.ca))
        context.load_cert_chain(self._home.ingest / "tls.pem", self._home.ingest / "tls-key.pem")
        client.tls_set_context(context)
        client.reconnect_delay_set(1, 1)
        client.on_connect = lambda c, *_: c.subscribe("padpos/1/up/#", 1)
        client.on_message = lambda _c, _u, m: self.heard.note(
            parse_topic(m.topic)[2], bytes(m.payload)
        )
        client.connect("127.0.0.1", self.broker.port)
        client.loop_start()
        self._client = client

    def _on_message(self, _c: mqtt.Client, _u: object, message: mqtt.MQTTMessage) -> None:
        self.heard.note(parse_topic(message.topic)[2], bytes(message.payload))

    def answer(self, chain: bytes) -> None:
        """Publish a receipt for everything heard so far."""
        assert self._client is not None
        self._client.publish(down_topic(TERMINAL, "receipt"), self.receipt(chain), qos=1)

    def say(self, payload: bytes) -> None:
        """Publish anything where receipts come."""
        assert self._client is not None
        self._client.publish(down_topic(TERMINAL, "receipt"), payload, qos=1)

    def receipt(self, chain: bytes) -> bytes:
        """Sign for everything heard so far."""
        self._numbers += 1
        entries = tuple(
            EntryItem(seq, digest, Status.STORED) for seq, digest in self.heard.entries.items()
        )
        attachments = tuple(AttachmentItem(sha256, Status.STORED) for sha256 in self.heard.whole())
        made = Receipt(TERMINAL, START, entries, attachments, chain, self._numbers)
        return made.sign(signer("receipt")).raw

    def want(self, chain: bytes, *entries: int, photos: tuple[WantedAttachment, ...] = ()) -> None:
        """Ask again for entries and photos."""
        assert self._client is not None
        self._wants += 1
        made = Want(TERMINAL, START + self._wants, chain, entries, photos)
        topic = down_topic(TERMINAL, "want")
        self._client.publish(topic, made.sign(signer("receipt")).raw, qos=1)

    def reload(self) -> None:
        """Let the broker read its rules anew."""
        os.kill(self.broker._process._child.pid, signal.SIGHUP)

    def close(self) -> None:
        """End listener and broker."""
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()
        self.broker.stop()


async def until(what: Callable[[], bool], seconds: float = 15) -> None:
    """Wait for something to become true."""
    async with asyncio.timeout(seconds):
        while not what():
            await asyncio.sleep(0.02)
