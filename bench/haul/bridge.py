"""The peer: mosquitto's own bridge between two brokers that survive kill -9, and a subscriber."""

import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import click

from bench.faults.world import Child, wait_for
from bench.haul.packets import Publisher, publish
from bench.haul.stack import TERMINAL
from padpos_services.authority.home import Home
from padpos_services.demo.ports import free_ports

TOPIC = "bench/up"
STARTS_WITHIN = 10.0
_DURABLE = """\
set_tcp_nodelay true
max_inflight_messages 200
max_queued_messages 0
sys_interval 0
persistence true
autosave_on_changes true
autosave_interval 1
log_type error
log_type warning
"""


class Bridge:
    """Device broker → bridge over mutual TLS → office broker → mosquitto_sub over TLS.

    The keys and certificates are those of the padpos stack beside it.
    """

    def __init__(self, root: Path, home: Home, terminal: Path) -> None:
        self._device, self._office = free_ports(2)
        root.mkdir()
        office = _office(self._office, home) + _kept(root / "office.d")
        device = _device(self._device, self._office, terminal) + _kept(root / "device.d")
        self._brokers = [_broker("office", office, root), _broker("device", device, root)]
        tls = home.ingest
        self._listen = [
            "stdbuf", "-oL", "mosquitto_sub", "-h", "127.0.0.1", "-p", str(self._office),
            "-q", "1", "-t", TOPIC, "-F", "%l", "--cafile", str(home.ca),
            "--cert", str(tls / "tls.pem"), "--key", str(tls / "tls-key.pem"),
        ]  # fmt: skip
        self._subscriber: subprocess.Popen[bytes] | None = None
        self._publisher: Publisher | None = None

    def start(self) -> None:
        """Start everything; returns when a message has gone through."""
        for broker, port in zip(self._brokers, (self._office, self._device), strict=True):
            broker.start()
            if not wait_for(partial(_listens, port), STARTS_WITHIN):
                raise click.ClickException("a broker of the bridge does not start")
        self._publisher = Publisher(self._device)
        self._subscriber = subprocess.Popen(self._listen, stdout=subprocess.PIPE)
        time.sleep(1)  # until bridge and subscriber stand
        self.carry([b"probe"], 1)

    def carry(self, payloads: list[bytes], ahead: int) -> float:
        """Seconds from the first publish to the last arrival; at most `ahead` under way."""
        assert self._publisher is not None and self._subscriber is not None
        assert self._subscriber.stdout is not None
        packets = [publish(TOPIC, number, payload) for number, payload in enumerate(payloads)]
        started, under_way = time.monotonic(), 0
        for packet in packets:
            if under_way == ahead:
                self._arrive()
                under_way -= 1
            self._publisher.send(packet)
            under_way += 1
        for _ in range(under_way):
            self._arrive()
        spent = time.monotonic() - started
        self._publisher.taken(len(packets))
        return spent

    def close(self) -> None:
        """End every process."""
        if self._publisher is not None:
            self._publisher.close()
        if self._subscriber is not None:
            self._subscriber.kill()
            self._subscriber.wait()
        for broker in self._brokers:
            broker.end()

    def _arrive(self) -> None:
        assert self._subscriber is not None and self._subscriber.stdout is not None
        if not self._subscriber.stdout.readline():
            raise click.ClickException("the subscriber behind the bridge ended")


@contextmanager
def bridged(root: Path, home: Home, terminal: Path) -> Iterator[Bridge]:
    """A running bridge whose processes end with the block."""
    bridge = Bridge(root, home, terminal)
    try:
        bridge.start()
        yield bridge
    finally:
        bridge.close()


def filler(size: int) -> bytes:
    """Bytes that nothing can squeeze, as sealed ones are."""
    return secrets.token_bytes(size)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _broker(name: str, text: str, root: Path) -> Child:
    path = root / f"{name}.conf"
    path.write_text(text)
    return Child(name, ["mosquitto", "-c", str(path)], root)


def _kept(folder: Path) -> str:
    folder.mkdir()
    return f"{_DURABLE}user root\npersistence_location {folder}/\n"


def _office(port: int, home: Home) -> str:
    return f"""\
listener {port} 127.0.0.1
cafile {home.ca}
certfile {home.broker}/server.pem
keyfile {home.broker}/server-key.pem
tls_version tlsv1.3
require_certificate true
use_identity_as_username true
"""


def _device(port: int, office: int, terminal: Path) -> str:
    return f"""\
listener {port} 127.0.0.1
allow_anonymous true
connection {TERMINAL}
address 127.0.0.1:{office}
bridge_cafile {terminal}/uplink/ca.pem
bridge_certfile {terminal}/uplink/tls.pem
bridge_keyfile {terminal}/uplink/tls.key.pem
bridge_tls_version tlsv1.3
topic {TOPIC} out 1
cleansession false
restart_timeout 1
"""
