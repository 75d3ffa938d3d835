"""Promise: who listens at the broker's port, or reads its files, learns nothing of a person."""

from __future__ import annotations

import asyncio
import base64
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from padpos.terminal.link_server import LinkServer
from padpos_services.authority.founding import IDENTITY
from padpos_services.authority.home import Home
from padpos_services.demo.ports import free_ports
from tests.services.conftest import BIN, Process
from tests.terminal.counters import CARD, PICTURE, SENDER_PHONE, Counter, counter
from tests.uplink.capture import ENCODINGS, LEAST, Capture, found, needles
from tests.uplink.office import Office, until
from tests.wire.vector_objects import RECIPIENT, START

CONTENTS = "文具"  # what `walk_in` declares
TEXTS = (
    CARD.name, CARD.number, CARD.address or "", SENDER_PHONE, RECIPIENT.name, RECIPIENT.phone,
    RECIPIENT.address, CONTENTS,
)  # fmt: skip
PHOTO = (PICTURE[:48], PICTURE[len(PICTURE) // 2 :][:48])
FORMS = needles(TEXTS, PHOTO)
PARCELS = 3
TLS_HANDSHAKE = b"\x16\x03"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A broker of this test's own."""
    made = Office(tmp_path)
    yield made
    made.close()


def capture(port: int) -> Capture:
    made = Capture(port)
    try:
        with made:
            pass
    except PermissionError:
        pytest.skip("raw sockets are not permitted here (CAP_NET_RAW)")
    return Capture(port)


def hold_a_session(office: Office) -> None:
    """The authority was connected once: from now on the broker keeps for it what comes."""
    home = Home(office.authority.home)
    command = [
        "mosquitto_sub", "-h", "127.0.0.1", "-p", str(office.broker.port), "-V", "5", "-q", "1",
        "-i", IDENTITY, "-c", "-x", "3600", "-E", "-t", "padpos/1/up/#", "--cafile", str(home.ca),
        "--cert", str(home.ingest / "tls.pem"), "--key", str(home.ingest / "tls-key.pem"),
    ]  # fmt: skip
    subprocess.run(command, check=True, timeout=10)


def files_of(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()]


def holds(file: Path, pieces: list[bytes]) -> bool:
    content = file.read_bytes() if file.exists() else b""
    return all(piece in content for piece in pieces)


def saved(office: Office, database: Path, pieces: list[bytes]) -> bool:
    """The broker saves its file seldom: ask for it until the pieces are in it."""
    office.broker.save()
    return holds(database, pieces)


def uplink(office: Office, folder: Path, link: Path) -> Process:
    """The uplink's own process."""
    config = office.config(link)
    file = folder / "uplink.toml"
    paths = {"link": link, "ca": config.ca, "certificate": config.certificate, "key": config.key}
    lines = [f'{name} = "{path}"' for name, path in paths.items()]
    lines += [f'host = "{config.host}"', f"port = {config.port}", "resend_seconds = 1.0"]
    file.write_text("\n".join(lines))
    return Process([str(BIN / "padpos"), "uplink", "--config", str(file)], folder / "uplink.log")


async def parcels(c: Counter, office: Office, folder: Path) -> None:
    """Whole consignments: queued at a broker whose authority is away, then taken and receipted."""
    link = c.folder / "link.sock"
    serving = asyncio.create_task(LinkServer(c.station, c.ledger, lambda: START).serve(link))
    await until(link.exists)
    running = uplink(office, folder, link)
    try:
        for _ in range(PARCELS):
            await c.walk_in()
        database = office.broker.folder / "data" / "mosquitto.db"
        newest = await c.station.in_ledger(c.ledger.message, c.ledger._seq)
        assert newest is not None
        sealed = c.folder / "state" / "attachments"
        last_words = [newest.entry, *(path.read_bytes()[-64:] for path in sealed.iterdir())]
        await until(lambda: saved(office, database, last_words))
        (folder / "queued.db").write_bytes(database.read_bytes())
        office.listen()
        await until(lambda: len(office.heard.entries) == 2 + 3 * PARCELS)
        await until(lambda: len(office.heard.whole()) == PARCELS)
        office.answer(c.ledger.chain)
        await until(lambda: c.station.waiting.entries == 0)
    finally:
        await asyncio.to_thread(running.end)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


def test_neither_the_line_nor_the_brokers_files_hold_anything_readable(
    tmp_path: Path, office: Office
) -> None:
    """Rules 1 and 7, seen from outside, while everything of some parcels goes by."""
    hold_a_session(office)

    async def run() -> None:
        async with counter(tmp_path / "counter") as c:
            await parcels(c, office, tmp_path)

    with capture(office.broker.port) as taken:
        asyncio.run(run())

    assert taken.dropped == 0
    carried = sum(map(len, taken.streams))
    assert carried > 2 * len((tmp_path / "queued.db").read_bytes()), "to the broker and from it"
    assert all(stream.startswith(TLS_HANDSHAKE) for stream in taken.streams)
    assert found(taken.streams, FORMS) == []
    files = files_of(office.broker.folder)
    assert sum(map(len, files)) > 1000
    assert found([*files, (tmp_path / "queued.db").read_bytes()], FORMS) == []


def test_the_search_finds_every_form_of_everything_on_an_open_line(tmp_path: Path) -> None:
    """The test above has teeth: the same capture, the same search, and nothing sealed."""
    (port,) = free_ports(1)
    server = socket.create_server(("127.0.0.1", port))
    said = b"\0".join(FORMS) + bytes(200_000)
    heard: list[bytes] = []

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            while data := connection.recv(1 << 16):
                heard.append(data)

    with capture(port) as taken:
        thread = threading.Thread(target=serve)
        thread.start()
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for at in range(0, len(said), 777):  # no form starts where a packet does
                client.sendall(said[at : at + 777])
        thread.join(10)
    server.close()
    (tmp_path / "a file").write_bytes(said)

    assert taken.dropped == 0
    assert taken.streams == [b"".join(heard)] == [said]
    assert found(taken.streams, FORMS) == sorted(set(FORMS.values()))
    assert found(files_of(tmp_path), FORMS) == sorted(set(FORMS.values()))
    for plain in (text.encode(encoding) for text in TEXTS for encoding in ENCODINGS):
        assert found([b"<" + plain + b">"], FORMS) or len(plain) < LEAST, plain
        assert found([base64.b64encode(b"<" + plain + b">")], FORMS) or len(plain) < 2 * LEAST, (
            plain
        )
