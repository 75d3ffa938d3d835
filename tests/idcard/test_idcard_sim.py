"""The virtual card is proven on the shared vectors before anything is proven on it."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from padpos_drivers.idcard.decode import decode_storage, decode_text
from padpos_drivers.idcard.errors import NumberInvalid
from padpos_drivers.idcard.sim import bench as sim_bench
from padpos_drivers.idcard.sim import card as sim_card
from padpos_drivers.idcard.sim import image as sim_image
from padpos_drivers.idcard.sim import pcscd as sim_pcscd

STORAGE_ATR = "3B8F8001804F0CA00000030607FFB00000000020"
PACKAGED: list[dict[str, Any]] = json.loads(sim_image.CARDS_FILE.read_text(encoding="utf-8"))[
    "cards"
]


def test_the_builder_makes_each_vectors_text_block_byte_for_byte(vectors: dict[str, Any]) -> None:
    for card in vectors["cards"]:
        assert sim_image.text_block(card["expect"]).hex() == card["text_block"]


def test_the_builder_frames_the_text_as_the_vectors_do(vectors: dict[str, Any]) -> None:
    for card in vectors["cards"]:
        image = sim_image.storage_image(card["expect"])
        wanted = bytes.fromhex(card["storage_image"])
        assert image[:260] == wanted[:260]
        assert len(image) == len(wanted)


def test_a_text_too_long_is_refused(vectors: dict[str, Any]) -> None:
    fields = vectors["cards"][0]["expect"] | {"name": "测" * 16}
    with pytest.raises(ValueError, match="name holds at most 15"):
        sim_image.text_block(fields)


def test_the_packaged_card_file_is_fresh() -> None:
    assert sim_image.CARDS_FILE.read_text(encoding="utf-8") == sim_image.render()


def test_the_packaged_atr_is_that_of_the_vectors(vectors: dict[str, Any]) -> None:
    assert sim_image.cards()["storage_atr"] == vectors["storage_atr"].upper() == STORAGE_ATR


def test_packaged_cards_decode_to_what_they_expect_but_the_wrong_number() -> None:
    refused = []
    for card in PACKAGED:
        try:
            document = decode_storage(bytes.fromhex(card["storage_image"]))
        except NumberInvalid:
            refused.append(card["name"])
            continue
        assert document.as_dict() == card["expect"]
        assert decode_text(bytes.fromhex(card["text_block"])) == document
    assert refused == ["错号"]


def test_packaged_people_are_many_kinds_and_none_could_be_alive() -> None:
    kinds = [card["kind"] for card in PACKAGED]
    assert len(set(kinds)) == 4
    assert len({card["name"] for card in PACKAGED}) == len(PACKAGED) >= 10
    assert all(card["expect"]["birth"] < "19100101" for card in PACKAGED)
    names = [card["expect"]["name"] for card in PACKAGED]
    assert any(ord(character) > 0xFFFF for name in names for character in name)
    assert any("·" in name for name in names)
    assert any(len(name) == 15 for name in names)
    assert any(card["expect"]["valid_until"] is None for card in PACKAGED)


@pytest.mark.parametrize(
    ("apdu", "answer"),
    [
        ("FFB0010000", "image[256:512]"),
        ("FFB0050000", "image[1280:]"),
        ("FFB0000010", "image[:16]"),
        ("FFB0060000", "6A82"),
        ("FFB0000100", "6A82"),
        ("FFCA000000", "6D00"),
        ("00A40000023F00", "6E00"),
        ("FFB000", "6700"),
    ],
)
def test_the_card_answers_like_a_storage_card(
    images: dict[str, bytes], apdu: str, answer: str
) -> None:
    image = images["citizen"]
    pages = {
        "image[256:512]": image[256:512],
        "image[1280:]": image[1280:],
        "image[:16]": image[:16],
    }
    wanted = pages[answer] + b"\x90\x00" if answer in pages else bytes.fromhex(answer)
    assert sim_card.answer_apdu(image, bytes.fromhex(apdu)) == wanted


class Vpcd:
    """The reader's end of the wire, written from the protocol: listens, and asks."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(10)
        self.port = self.listener.getsockname()[1]

    def accept(self) -> socket.socket:
        peer = self.listener.accept()[0]
        peer.settimeout(10)
        return peer


def ask_card(peer: socket.socket, payload: bytes) -> bytes:
    """Send one message and return the answer; b"" when the card hangs up."""
    peer.sendall(len(payload).to_bytes(2, "big") + payload)
    lines = peer.makefile("rb")
    header = lines.read(2)
    return lines.read(int.from_bytes(header, "big")) if header else b""


@pytest.fixture
def vpcd() -> Iterator[Vpcd]:
    vpcd = Vpcd()
    yield vpcd
    vpcd.listener.close()


@pytest.fixture
def control(vpcd: Vpcd, tmp_path: Path) -> Iterator[Path]:
    """A card process dialling in to that vpcd."""
    path = tmp_path / "card.sock"
    command = [sys.executable, "-m", "padpos_drivers.idcard.sim.card"]
    process = subprocess.Popen([*command, "--port", str(vpcd.port), "--control", str(path)])
    sim_bench.wait_until(lambda: sim_bench.connects(path), process, "card")
    yield path
    process.terminate()
    process.wait(5)


def test_the_card_speaks_vpcds_protocol_and_counts_apdus(
    vpcd: Vpcd, control: Path, images: dict[str, bytes]
) -> None:
    image = images["citizen"]
    assert sim_bench.ask(control, {"do": "lay", "image": image.hex()}) == {"ok": True}
    with vpcd.accept() as peer:
        peer.sendall(b"\0\1\1" + b"\0\1\2")  # power on and reset have no answer
        assert ask_card(peer, b"\x04").hex().upper() == STORAGE_ATR
        assert ask_card(peer, bytes.fromhex("FFB0000000")) == image[:256] + b"\x90\x00"
        status = sim_bench.ask(control, {"do": "status"})
        assert status == {"ok": True, "present": True, "connected": True, "apdus": 1}
        assert sim_bench.ask(control, {"do": "lift"}) == {"ok": True}
        assert peer.recv(1) == b""
    assert not sim_bench.ask(control, {"do": "status"})["present"]


def test_the_card_can_be_lifted_between_two_apdus(
    vpcd: Vpcd, control: Path, images: dict[str, bytes]
) -> None:
    lay = {"do": "lay", "image": images["citizen"].hex(), "lift_after_apdus": 1}
    sim_bench.ask(control, lay)
    with vpcd.accept() as peer:
        assert ask_card(peer, bytes.fromhex("FFB0000000")).endswith(b"\x90\x00")
        assert ask_card(peer, bytes.fromhex("FFB0010000")) == b""


def test_the_card_dials_again_when_the_reader_went_away(
    vpcd: Vpcd, control: Path, images: dict[str, bytes]
) -> None:
    sim_bench.ask(control, {"do": "lay", "image": images["citizen"].hex()})
    vpcd.accept().close()
    with vpcd.accept() as peer:
        assert ask_card(peer, b"\x04").hex().upper() == STORAGE_ATR


@pytest.mark.parametrize(
    "request_line",
    [
        {"do": "dance"},
        {"do": "lay"},
        {"do": "lay", "image": "zz"},
        {"do": "lay", "image": "00", "lift_after_apdus": -1},
    ],
)
def test_a_wrong_request_is_refused_with_a_reason(
    control: Path, request_line: dict[str, object]
) -> None:
    answer = sim_bench.ask(control, request_line)
    assert answer["ok"] is False
    assert answer["error"]


def test_the_control_socket_is_for_its_owner_only(control: Path) -> None:
    assert control.stat().st_mode & 0o777 == 0o600


@pytest.fixture
def outside_namespace() -> Iterator[str]:
    """A network namespace with an address that is not loopback."""
    assert os.geteuid() == 0, "these tests make network namespaces and need root"
    name = f"padpos-o-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        for command in ("tuntap add out0 mode tun", "address add 192.0.2.1/24 dev out0"):
            subprocess.run(["ip", "-n", name, *command.split()], check=True)
        yield name
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=True)


def test_the_reader_refuses_to_start_where_the_network_can_reach_it(
    outside_namespace: str, tmp_path: Path
) -> None:
    driver = tmp_path / "driver.so"
    driver.touch()
    command = [sys.executable, "-m", "padpos_drivers.idcard.sim.pcscd"]
    options = ["--run", str(tmp_path), "--port", "35963", "--driver", str(driver)]
    result = subprocess.run(
        ["ip", "netns", "exec", outside_namespace, *command, *options],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert result.returncode == 1
    assert "out0" in result.stderr
    assert not (tmp_path / "conf").exists()


def test_both_of_vpcds_ports_must_be_free() -> None:
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        assert sim_pcscd.busy_ports(port - 1)[-1] == port
        assert sim_pcscd.busy_ports(port)[0] == port


@pytest.mark.parametrize("main", [sim_card.main, sim_pcscd.main, sim_image.main])
def test_help_explains_itself(main: Any) -> None:
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    assert len(result.output.splitlines()) > 5
