"""One MQTT 5 connection over paho, with our own window and the broker's own words on each publish.

paho's queue is memory only, and its `is_published()` says yes to a refusal; here a publish is
sent when the broker's PUBACK says success, and nothing is deleted even then.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from padpos.uplink.config import UplinkConfig
from padpos.wire import messages

SESSION_SECONDS = 7 * 24 * 3600
KEEPALIVE_SECONDS = 20
CONNECT_SECONDS = 10.0
MOST_DOWN = 16  # messages that may come down before one is dealt with: the Receive Maximum
DOWN_ROOM = 8 << 20  # bytes of them at most, whatever the broker makes of that
MESSAGE_COST = 500  # bytes of memory beside a payload
DOWN_LIMIT = (256 << 10) + (4 << 10)  # the largest document of formats §1, and its head
NOBODY_LISTENS = 0x10  # MQTT 5 §3.4.2.1: a success, and yet the message is gone
ANSWERED = frozenset({"entry", "part"})  # what a receipt answers


class BrokerLost(Exception):
    """The connection ended, or never came to be; the message says how."""


@dataclass(frozen=True, slots=True)
class Message:
    """Something that came down; it comes again on the next connection, unless acknowledged."""

    topic: str
    payload: bytes
    mid: int
    qos: int


class Broker:
    """A fresh client for one connection; not to be used again after it ends."""

    def __init__(self, config: UplinkConfig, terminal: str) -> None:
        self._config = config
        self._terminal = terminal
        self._loop = asyncio.get_running_loop()
        self._connected: asyncio.Future[None] = self._loop.create_future()
        self._lost: asyncio.Future[None] = self._loop.create_future()
        self._acks: dict[int, asyncio.Future[ReasonCode]] = {}
        self._unanswered: float | None = None
        self._answered = 0.0
        self.down: asyncio.Queue[Message] = asyncio.Queue()
        self._undone = 0  # bytes in `down`, or taken from it and not acknowledged
        self.window = config.window
        self.packet_limit = 1 << 28
        self._client = self._make()

    async def connect(self) -> None:
        """Connect and subscribe. Raises BrokerLost."""
        wishes = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        wishes.SessionExpiryInterval = SESSION_SECONDS
        wishes.ReceiveMaximum = MOST_DOWN
        wishes.MaximumPacketSize = DOWN_LIMIT
        host, port = self._config.host, self._config.port
        try:
            await asyncio.to_thread(
                self._client.connect,
                host,
                port,
                KEEPALIVE_SECONDS,
                clean_start=False,
                properties=wishes,
            )
        except (OSError, ValueError) as error:
            raise BrokerLost(f"can't connect: {error}") from error
        self._client.loop_start()
        await self._or_lost(asyncio.wait_for(asyncio.shield(self._connected), CONNECT_SECONDS))

    async def publish(self, kind: str, payload: bytes, *, retain: bool = False) -> bool:
        """Publish with QoS 1: True if the broker took it, False if it refused.

        Raises BrokerLost, also where the broker took it for nobody: the authority's session is
        gone, and whatever else were sent now would be, too.
        """
        topic, started = messages.up_topic(self._terminal, kind), time.monotonic()
        info = self._client.publish(topic, payload, qos=1, retain=retain)
        ack = self._acks.setdefault(info.mid, self._loop.create_future())
        try:
            code: ReasonCode = await self._or_lost(ack)
        finally:
            self._acks.pop(info.mid, None)
        if kind not in ANSWERED:
            return not code.is_failure
        if code.value == NOBODY_LISTENS:
            self._end("the authority does not listen there")
            self._lost.result()
        if not code.is_failure and self._unanswered is None and self._answered < started:
            self._unanswered = started
        return not code.is_failure

    @property
    def unanswered(self) -> float:
        """Seconds since the broker took what should bring a receipt, and none has come; or 0."""
        return 0.0 if self._unanswered is None else time.monotonic() - self._unanswered

    def acknowledge(self, message: Message) -> None:
        """Tell the broker that a message from `down` is dealt with."""
        self._undone -= len(message.payload) + MESSAGE_COST
        if message.qos:
            self._client.ack(message.mid, message.qos)

    async def lost(self) -> None:
        """Wait until the connection ends; then raises BrokerLost."""
        await asyncio.shield(self._lost)

    async def close(self) -> None:
        """Leave without a word, so that the last will speaks for the terminal."""
        if not self._lost.done():
            self._lost.set_exception(BrokerLost("closed"))
        self._lost.exception()  # looked at, so that asyncio need not complain
        await asyncio.to_thread(self._stop)

    def _stop(self) -> None:
        self._client.disconnect(ReasonCode(PacketTypes.DISCONNECT, "Disconnect with will message"))
        self._client.loop_stop()

    def _make(self) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"uplink-{self._terminal}",
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        context = ssl.create_default_context(cafile=str(self._config.ca))
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(str(self._config.certificate), str(self._config.key))
        client.tls_set_context(context)
        client.will_set(messages.up_topic(self._terminal, "status"), messages.OFFLINE, 1, True)
        client.on_socket_open = _no_delay
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    # paho calls these in its own thread; an exception there would kill it silently, so each only
    # hands its facts to the event loop.

    def _on_connect(
        self, client: Client, _: Any, flags: ConnectFlags, code: ReasonCode, said: Properties | None
    ) -> None:
        if code.is_failure:
            self._hand(self._end, f"the broker refused: {code}")
            return
        limits = said.json() if said else {}  # type: ignore[no-untyped-call]
        self._hand(self._begin, limits, flags.session_present)
        client.subscribe(messages.down_topic(self._terminal, "+"), qos=1)

    def _on_disconnect(
        self, _c: Client, _u: Any, _f: DisconnectFlags, code: ReasonCode, _p: Properties | None
    ) -> None:
        self._hand(self._end, f"disconnected: {code}")

    def _on_publish(
        self, _c: Client, _u: Any, mid: int, code: ReasonCode, _p: Properties | None
    ) -> None:
        self._hand(self._acknowledge, mid, code)

    def _on_subscribe(
        self, _c: Client, _u: Any, _m: int, codes: list[ReasonCode], _p: Properties | None
    ) -> None:
        if any(code.is_failure for code in codes):
            self._hand(self._end, "the broker refused the subscription")

    def _on_message(self, _c: Client, _u: Any, message: MQTTMessage) -> None:
        self._hand(
            self._take, Message(message.topic, bytes(message.payload), message.mid, message.qos)
        )

    def _hand(self, call: Callable[..., None], *arguments: Any) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call, *arguments)

    def _take(self, message: Message) -> None:
        if message.topic == messages.down_topic(self._terminal, "receipt"):
            self._unanswered, self._answered = None, time.monotonic()
        # mosquitto 2.0.11 overruns a Receive Maximum: that alone bounds nothing.
        self._undone += len(message.payload) + MESSAGE_COST
        if self._undone > DOWN_ROOM:
            self._end("more came down than there is room for")
        else:
            self.down.put_nowait(message)

    def _begin(self, limits: dict[str, int], _session: bool) -> None:
        self.window = min(self.window, limits.get("ReceiveMaximum", self.window))
        self.packet_limit = limits.get("MaximumPacketSize", self.packet_limit)
        if not self._connected.done():
            self._connected.set_result(None)

    def _end(self, how: str) -> None:
        if not self._lost.done():
            self._lost.set_exception(BrokerLost(how))

    def _acknowledge(self, mid: int, code: ReasonCode) -> None:
        ack = self._acks.setdefault(mid, self._loop.create_future())
        if not ack.done():
            ack.set_result(code)

    async def _or_lost(self, awaitable: Any) -> Any:
        task = asyncio.ensure_future(awaitable)
        done, _ = await asyncio.wait({task, self._lost}, return_when=asyncio.FIRST_COMPLETED)
        if task in done:
            try:
                return task.result()
            except TimeoutError as error:
                raise BrokerLost("no answer from the broker") from error
        task.cancel()
        self._lost.result()
        return None


def _no_delay(_client: Client, _userdata: Any, connection: Any) -> None:
    # Nagle's algorithm would hold a small publish back for the 40 ms of a delayed ACK.
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
