"""A simulated printer in a process of its own, and labels to print."""

import json
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from padpos_drivers.printer import EscposPrinter, MonoRaster, TcpPrinterAddress


class SimulatedPrinter:
    def __init__(self, folder: Path, *options: str) -> None:
        self.out = folder / "paper"
        self._socket = folder / "control.sock"
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "padpos_drivers.printer.sim"),
                *("--listen", "127.0.0.1:0", "--out", str(self.out)),
                *("--control", str(self._socket), *options),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        self.port = int(self._process.stdout.readline().rsplit(":", 1)[1])

    def stop(self) -> None:
        self._process.terminate()
        assert self._process.wait(5) == 0
        assert self._process.stdout
        self._process.stdout.close()

    def do(self, what: str, **details: object) -> dict:
        with socket.socket(socket.AF_UNIX) as line, line.makefile("rw") as stream:
            line.connect(str(self._socket))
            stream.write(json.dumps({"do": what, **details}) + "\n")
            stream.flush()
            answer = json.loads(stream.readline())
        assert answer["ok"], answer
        return answer

    def papers(self) -> list[dict]:
        return self.do("papers")["papers"]

    def wait_for_papers(self, count: int) -> list[dict]:
        self.wait_until(lambda: len(self.papers()) >= count)
        return self.papers()

    def picture(self, paper: dict, width: int) -> MonoRaster:
        with Image.open(self.out / paper["png"]) as image:
            assert image.mode == "1"
            outside = image.crop((width, 0, image.width, image.height))
            assert outside.getextrema() == (255, 255), "ink beyond the label"
            return MonoRaster.from_image(image.crop((0, 0, width, image.height)))

    def commands(self, paper: dict) -> bytes:
        return (self.out / paper["escpos"]).read_bytes()

    def raw(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=5)

    def driver(self, **options: object) -> EscposPrinter:
        options = {"grace": 0.2, "preflight_timeout": 0.5, **options}
        return EscposPrinter(TcpPrinterAddress("127.0.0.1", self.port), **options)

    @staticmethod
    def wait_until(condition: Callable[[], bool], timeout: float = 10.0) -> None:
        deadline = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(0.01)


@pytest.fixture(scope="session")
def _process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedPrinter]:
    printer = SimulatedPrinter(tmp_path_factory.mktemp("printer"))
    yield printer
    printer.stop()


class Printer:
    """The one simulated printer, healed and emptied; `papers` are those of this test."""

    def __init__(self, process: SimulatedPrinter) -> None:
        self._process = process
        process.do("heal")
        process.do("power-cycle")
        self._seen = len(process.papers())
        self.do = process.do
        self.driver = process.driver
        self.raw = process.raw
        self.picture = process.picture
        self.commands = process.commands
        self.wait_until = process.wait_until
        self.port = process.port

    def papers(self) -> list[dict]:
        return self._process.papers()[self._seen :]

    def wait_for_papers(self, count: int) -> list[dict]:
        self.wait_until(lambda: len(self.papers()) >= count)
        return self.papers()


@pytest.fixture
def printer(_process: SimulatedPrinter) -> Printer:
    return Printer(_process)


@pytest.fixture
def slow_printer(tmp_path: Path) -> Iterator[SimulatedPrinter]:
    printer = SimulatedPrinter(tmp_path, "--head-speed", "150")
    yield printer
    printer.stop()


def _draw(width: int = 800, height: int = 1200, seed: int = 1) -> MonoRaster:
    """Blocks, rules, bars and a speckled square, about as dense as a parcel label."""
    chance = random.Random(seed)
    image = Image.new("1", (width, height), 1)
    pen = ImageDraw.Draw(image)
    for y in range(20, height * 2 // 3, 60):
        pen.rectangle((10, y, width - 10, y + 1), fill=0)
        for x in range(20, chance.randrange(width // 3, width * 3 // 4), 22):
            pen.rectangle((x, y + 12, x + chance.randrange(2, 16), y + 36), outline=0)
    for x in range(40, width // 2, 9):
        pen.rectangle((x, height * 3 // 4, x + chance.choice((2, 5)), height * 5 // 6), fill=0)
    for _ in range(4000):
        x = chance.randrange(width // 2, width * 3 // 4)
        pen.point((x, chance.randrange(height * 3 // 4, height - 10)), fill=0)
    return MonoRaster.from_image(image)


@pytest.fixture
def label() -> MonoRaster:
    return _draw()


@pytest.fixture
def draw_label() -> Callable[..., MonoRaster]:
    return _draw
