"""A back office of real processes, and terminals made of the wire formats and paho."""

from __future__ import annotations

import json
import os
import queue
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from padpos.wire import receipt
from padpos.wire.entry import NO_PREVIOUS, Attachment, Entry, Sealed
from padpos.wire.facts import Facts, GenesisFacts, Kind
from padpos.wire.keys import Alg, PublicKey, SoftwareSigner, sealing_public
from padpos.wire.messages import EntryMessage, down_topic, up_topic
from padpos.wire.receipt import AttachmentItem, EntryItem, Receipt
from padpos_services.authority import enrolment
from padpos_services.authority.home import Home
from padpos_services.demo.ports import free_ports

BIN = Path(sys.executable).parent
CARRIER = "测试速递"


def wait_for(what: Callable[[], bool], message: str) -> None:
    deadline = time.monotonic() + 10
    while not what():
        assert time.monotonic() < deadline, f"waited in vain {message}"
        time.sleep(0.02)


def free_port() -> int:
    return free_ports(1)[0]


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Process:
    def __init__(self, arguments: list[str], log: Path) -> None:
        with log.open("ab") as output:
            self._child = subprocess.Popen(arguments, stdout=output, stderr=output)

    def tell(self, what: int) -> None:
        """Send it a signal that does not end it."""
        self._child.send_signal(what)

    def end(self, how: int = signal.SIGTERM) -> int:
        if self._child.poll() is None:
            os.kill(self._child.pid, how)
        return self._child.wait(15)


def cli(program: str, *arguments: object) -> str:
    done = subprocess.run(
        [str(BIN / program), *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{program} {arguments[0]}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


def public_key(home: Path, use: str) -> PublicKey:
    listed = json.loads((home / "public" / "keys.json").read_text())
    item = next(item for item in listed if item["use"] == use)
    return PublicKey(Alg(item["alg"]), bytes.fromhex(item["public"]))


class Broker:
    """A real mosquitto with the configuration that padpos-authority wrote."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.port = free_port()
        self.folder = folder
        self._configuration = cli(
            "padpos-authority", "broker-config", "--home", home, "--port", self.port,
            "--out", folder,
        )  # fmt: skip
        self.start()

    def start(self) -> None:
        log = self.folder / "stdout.log"
        self._process = Process(["mosquitto", "-c", self._configuration], log)
        wait_for(lambda: is_listening(self.port), "for mosquitto")

    def save(self) -> None:
        """Let it write what it holds to its file (mosquitto(8), SIGUSR1)."""
        self._process.tell(signal.SIGUSR1)

    def stand_still(self) -> None:
        """Answer nothing, the connections kept."""
        self._process.tell(signal.SIGSTOP)

    def go_on(self) -> None:
        self._process.tell(signal.SIGCONT)

    def stop(self, how: int = signal.SIGTERM) -> None:
        self._process.end(how)


class Authority:
    def __init__(self, root: Path) -> None:
        self.home = root / "authority"
        self.kept = root / "kept"
        cli("padpos-authority", "init", "--home", self.home, "--host", "127.0.0.1")
        self.broker = Broker(self.home, root / "broker")
        self.feed_port = free_port()
        self.receipt_key = self.public("receipt")
        self.policy_key = self.public("policy")

    def start(self) -> None:
        self._log = self.home / "serve.log"
        before = self._log.read_text().count("connected") if self._log.exists() else 0
        self._process = Process(
            [
                str(BIN / "padpos-authority"), "serve", "--home", str(self.home),
                "--broker", f"127.0.0.1:{self.broker.port}", "--feed-port", str(self.feed_port),
                "--keep-messages", str(self.kept), "--ask-after", "0.3",
            ],
            self._log,
        )  # fmt: skip
        wait_for(lambda: self._log.read_text().count("connected") > before, "for serve")
        wait_for(lambda: is_listening(self.feed_port), "for the feed")

    def stop(self, how: int = signal.SIGTERM) -> int:
        return self._process.end(how)

    def run(self, *arguments: object) -> str:
        return cli("padpos-authority", *arguments, "--home", self.home)

    def public(self, use: str) -> PublicKey:
        return public_key(self.home, use)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        database = sqlite3.connect(self.home / "store" / "authority.db")
        try:
            return database.execute(query, values).fetchall()
        finally:
            database.close()

    def counted(self, name: str, terminal: str = "") -> int:
        query = "SELECT sum(count) FROM counter WHERE name = ? AND terminal = ?"
        return self.rows(query, name, terminal)[0][0] or 0


class Terminal:
    """A terminal's wire side: keys, chain, link."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder
        folder.mkdir()
        self.entry_key = ec.generate_private_key(ec.SECP256R1())
        self.tls_key = ec.generate_private_key(ec.SECP256R1())
        self.signer = SoftwareSigner(self.entry_key)
        self.inbox_secret = os.urandom(32)
        self.inbox = sealing_public(Alg.X25519, self.inbox_secret)
        self.chain = os.urandom(16)
        self.seq, self.prev = 0, NO_PREVIOUS
        self.received: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.receipts: list[Receipt] = []
        self.genesis, _ = self.make(GenesisFacts("test 1", self.inbox.raw))
        write_key(folder / "tls-key.pem", self.tls_key)
        write_key(folder / "entry-key.pem", self.entry_key)

    def request(self) -> dict[str, str]:
        return {
            "terminal": self.name,
            "entry_csr": csr(self.name, self.entry_key),
            "tls_csr": csr(self.name, self.tls_key),
            "inbox_key": self.inbox.raw.hex(),
            "chain": self.chain.hex(),
            "genesis": self.genesis.hex(),
        }

    def enrol(self, authority: Authority) -> None:
        """Enrol by the function behind the command, which has its own tests; it saves a start."""
        file = self.folder / "request.json"
        file.write_text(json.dumps(self.request()))
        enrolment.enrol(Home(authority.home), file, self.folder)
        self.authority = authority

    def make(
        self,
        facts: Facts,
        kind: str | None = None,
        *,
        sealed: bytes | None = None,
        carrier: bytes | None = None,
        attachments: tuple[bytes, ...] = (),
        **changes: Any,
    ) -> tuple[bytes, bytes]:
        """The next entry of the chain: (message or, for genesis, bare entry; hash)."""
        fields: dict[str, Any] = {
            "terminal": self.name, "seq": self.seq, "prev": self.prev,
            "time": time.time_ns() // 10**6, "synchronised": True,
            "kind": Kind(str(kind or getattr(facts, "kind", ""))), "facts": facts,
            "sealed": Sealed.of(sealed) if sealed else None,
            "attachments": tuple(
                Attachment(Sealed.of(a).sha256, len(a), "image/jpeg") for a in attachments
            ),
            "chain": self.chain, "carrier": Sealed.of(carrier) if carrier else None,
        }  # fmt: skip
        made = Entry(**{**fields, **changes}).sign(self.signer)
        if not changes:
            self.seq, self.prev = self.seq + 1, made.hash
        if fields["kind"] is Kind.GENESIS:
            return made.raw, made.hash
        return EntryMessage(made.raw, sealed, carrier).to_bytes(), made.hash

    def connect(self) -> None:
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2, self.name, protocol=MQTTProtocolVersion.MQTTv5
        )
        context = ssl.create_default_context(cafile=str(self.folder / "ca.pem"))
        context.load_cert_chain(self.folder / "tls.pem", self.folder / "tls-key.pem")
        self.client.tls_set_context(context)
        self.client.on_connect = lambda c, *_: c.subscribe(down_topic(self.name, "#"), 1)
        subscribed = threading.Event()
        self.client.on_subscribe = lambda *_: subscribed.set()
        self.client.on_message = lambda _c, _u, m: self.received.put((m.topic, bytes(m.payload)))
        self.client.connect("127.0.0.1", self.authority.broker.port)
        self.client.loop_start()
        assert subscribed.wait(10)

    def disconnect(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def publish(self, kind: str, payload: bytes) -> None:
        self.client.publish(up_topic(self.name, kind), payload, qos=1)

    def next_of(self, kind: str, seconds: float = 10.0) -> bytes:
        """The next message of a kind; receipts met on the way are kept."""
        deadline = time.monotonic() + seconds
        while True:
            topic, payload = self.received.get(timeout=max(0.01, deadline - time.monotonic()))
            if topic == down_topic(self.name, "receipt"):
                read, _ = receipt.verify(payload, (self.authority.receipt_key,))
                self.receipts.append(read)
            if topic == down_topic(self.name, kind):
                return payload

    def word_on(self, digest: bytes, seconds: float = 10.0) -> tuple[int, str | None]:
        """The last receipt's status and reason for an entry or attachment."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for read in reversed(self.receipts):
                items: list[EntryItem | AttachmentItem] = [*read.entries, *read.attachments]
                for item in items:
                    if item.hash == digest:
                        return int(item.status), item.reason
            self.next_of("receipt", deadline - time.monotonic())
        raise AssertionError("no word on it")

    def send(self, facts: Facts, kind: str | None = None, **more: Any) -> tuple[int, str | None]:
        """Make and publish an entry: the authority's word on it."""
        message, digest = self.make(facts, kind, **more)
        self.publish("entry", message)
        return self.word_on(digest)


def csr(name: str, key: ec.EllipticCurvePrivateKey) -> str:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject)
    return request.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


class SafeNumbers:
    def __init__(self, root: Path) -> None:
        self.home = root / "safenumber"
        cli("padpos-safenumber", "init", "--home", self.home, "--carrier", CARRIER)
        self.port = free_port()

    def start(self, authority: Authority) -> None:
        self._process = Process(
            [
                str(BIN / "padpos-safenumber"), "serve", "--home", str(self.home),
                "--feed", f"http://127.0.0.1:{authority.feed_port}/feed",
                "--feed-token", str(authority.home / "ingest" / "feed.token"),
                "--feed-key", str(authority.home / "public" / "keys.json"),
                "--port", str(self.port), "--per-minute", "30",
            ],
            self.home / "serve.log",
        )  # fmt: skip
        wait_for(lambda: is_listening(self.port), "for the safe-number service")

    def stop(self, how: int = signal.SIGTERM) -> int:
        return self._process.end(how)

    def key(self, use: str) -> PublicKey:
        return public_key(self.home, use)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    """An authority at work: broker, ingest and feed are real processes."""
    made = Authority(tmp_path_factory.mktemp("office"))
    made.start()
    yield made
    made.stop()
    made.broker.stop()


@pytest.fixture(scope="session")
def safe_numbers(
    authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SafeNumbers]:
    """A safe-number service that follows the authority's feed."""
    made = SafeNumbers(tmp_path_factory.mktemp("carrier"))
    authority.run("carrier-keys", made.home / "public" / "keys.json")
    made.start(authority)
    yield made
    made.stop()


@pytest.fixture
def new_terminal(authority: Authority, tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Makes terminals: enrolled and connected unless told otherwise."""
    made: list[Terminal] = []

    def make(*, connected: bool = True) -> Terminal:
        name = f"t-{os.urandom(4).hex()}"
        terminal = Terminal(name, tmp_path / name)
        if connected:
            terminal.enrol(authority)
            terminal.connect()
            made.append(terminal)
        return terminal

    yield make
    for terminal in made:
        terminal.disconnect()


@pytest.fixture
def terminal(new_terminal: Callable[..., Terminal]) -> Terminal:
    """One enrolled, connected terminal that has sent its genesis entry."""
    made = new_terminal()
    made.publish("entry", EntryMessage(made.genesis, None, None).to_bytes())
    assert made.word_on(made.prev) == (0, None)
    return made
