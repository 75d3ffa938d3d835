"""The link to the broker: MQTT 5 with paho, one fresh client for each connection.

paho is driven by `step` from the caller's own thread: no thread of its own that a fault in a
callback could kill unseen, and no acknowledgement that meets a later connection's packet ids.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from padpos_services.authority.errors import LinkDown
from padpos_services.authority.receiving import Incoming

RECEIVE_MAXIMUM = 200
SESSION_SECONDS = 14 * 24 * 3600
KEEPALIVE_SECONDS = 30
CONNECT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is and who we are to it."""

    host: str
    port: int
    identity: str
    ca: Path
    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """TLS 1.3 with our certificate, and none but our CA's broker."""
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(self.ca))
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(str(self.certificate), str(self.key))
        return context


class Link:
    """One connection: used from one thread, thrown away when it breaks."""

    def __init__(self, broker: Broker) -> None:
        self.received: list[Incoming] = []
        self.confirmed: list[int] = []
        self._up = False
        self._failure: str | None = None
        self._granted = 0
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=broker.identity,
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        self._client.tls_set_context(broker.context())
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        self._client.on_publish = self._on_publish
        self._client.on_subscribe = self._on_subscribe
        self._client.on_socket_open = _send_at_once
        self._connect(broker)

    def subscribe(self, filters: Sequence[str]) -> None:
        """Subscribe at QoS 1 and wait for the grants. Raises LinkDown."""
        options = SubscribeOptions(qos=1)
        self._client.subscribe([(topic, options) for topic in filters])
        deadline = time.monotonic() + CONNECT_SECONDS
        while self._granted < len(filters):
            if time.monotonic() > deadline:
                raise LinkDown("the broker does not answer the subscription")
            self.step(0.1)

    def step(self, timeout: float) -> None:
        """Read and write what the socket has, waiting at most `timeout` s. Raises LinkDown."""
        try:
            code = self._client.loop(timeout)
        except Exception as error:
            raise LinkDown(f"the MQTT client failed: {type(error).__name__}") from error
        if self._failure is not None:
            raise LinkDown(self._failure)
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise LinkDown(f"the connection to the broker broke ({mqtt.error_string(code)})")

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> int:
        """Hand a QoS 1 message to the client; its id turns up in `confirmed` once taken."""
        return self._client.publish(topic, payload, qos=1, retain=retain).mid

    def acknowledge(self, message: Incoming) -> None:
        """Tell the broker that a message is dealt with."""
        if message.qos:
            self._client.ack(message.mid, message.qos)

    def close(self) -> None:
        """Leave; the session, and what waits in it, stays at the broker."""
        try:
            self._client.disconnect()
            self._client.loop(0.1)
        except Exception:  # noqa: BLE001 - it is being thrown away
            return

    def _connect(self, broker: Broker) -> None:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho leaves it untyped
        properties.SessionExpiryInterval = SESSION_SECONDS
        properties.ReceiveMaximum = RECEIVE_MAXIMUM
        try:
            self._client.connect(
                broker.host, broker.port, KEEPALIVE_SECONDS,
                clean_start=False, properties=properties,
            )  # fmt: skip
        except (OSError, ValueError) as error:
            raise LinkDown(f"no connection to the broker ({type(error).__name__})") from error
        deadline = time.monotonic() + CONNECT_SECONDS
        while not self._up:
            if time.monotonic() > deadline:
                raise LinkDown("the broker does not answer")
            self.step(0.1)

    # paho's callback types carry Any for user data and properties.
    def _on_connect(self, _c: Any, _u: Any, _f: Any, code: ReasonCode, _p: Any) -> None:
        if code.is_failure:
            self._failure = f"the broker refuses us: {code}"
        self._up = not code.is_failure

    def _on_disconnect(self, _c: Any, _u: Any, _f: Any, code: ReasonCode, _p: Any) -> None:
        self._failure = f"the broker closed the connection: {code}"

    def _on_message(self, _c: Any, _u: Any, message: mqtt.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        self.received.append(Incoming(topic, bytes(message.payload), message.mid, message.qos))

    def _on_publish(self, _c: Any, _u: Any, mid: int, code: ReasonCode, _p: Any) -> None:
        # is_published() says yes to a refusal: only the reason code tells.
        if not code.is_failure:
            self.confirmed.append(mid)

    def _on_subscribe(self, _c: Any, _u: Any, _m: int, codes: list[ReasonCode], _p: Any) -> None:
        if any(code.is_failure for code in codes):
            self._failure = "the broker refuses the subscription"
        self._granted += len(codes)


def _send_at_once(_c: Any, _u: Any, opened: Any) -> None:
    # Small receipts must not wait for the acknowledgement of the one before (Nagle, 40 ms).
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
