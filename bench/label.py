"""A 100×180 label from its content to its bytes, against python-escpos' own image path."""

import contextlib
import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import click
from escpos.printer import Dummy

from bench.frame import Fact, Plan, Ratio, Target, Way, each, run, told
from bench.show import options, show
from padpos.counter.masks import mask_address, mask_name, mask_phone
from padpos.label import ComposedLabel, LabelContent, MaskedParty, audit, compose
from padpos.wire import label_code
from padpos.wire.keys import Alg, sealing_public
from padpos.wire.label_code import LabelPlain
from padpos_drivers.printer import (
    EscposPrinter,
    MonoRaster,
    PrintOutcome,
    TcpPrinterAddress,
    scrubbed,
)
from padpos_drivers.printer.escpos import encode

WAYBILL = "PD2611000001"
RECIPIENT = ("测试乙", "13900001234", "广东省广州市天河区测试路8号5栋2单元1102室")
SENDER = ("测试甲", "13800005678", "湖南省长沙市芙蓉区测试路1号2栋303室")
_HEADER_BYTES = 8  # GS v 0 before a plain full raster
_END_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Subject:
    """One label, and every way to make it or a part of it."""

    content: LabelContent
    drawn: ComposedLabel = field(init=False)
    peer: "Peer" = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "drawn", self.draw())
        object.__setattr__(self, "peer", Peer(self.drawn.raster))

    def draw(self) -> ComposedLabel:
        """Compose it, as the head will burn it."""
        label = compose(self.content)
        return replace(label, raster=scrubbed(label.raster))

    def audit(self, label: ComposedLabel | None = None) -> None:
        """Judge a label, the one drawn before unless another is given."""
        audit(label or self.drawn, self.content, (*RECIPIENT, *SENDER))

    def encode(self) -> bytes:
        """The bytes of the label drawn before."""
        return encode(self.drawn.raster, "0001")

    def render_and_encode(self) -> bytes:
        """Compose and encode."""
        return encode(self.draw().raster, "0001")

    def render_for_peer(self) -> bytes:
        """Compose, and let python-escpos encode."""
        return Peer(self.draw().raster).encode()

    def judged(self) -> ComposedLabel:
        """Compose and audit: what goes to the printer."""
        label = self.draw()
        self.audit(label)
        return label

    def whole(self) -> bytes:
        """Compose, audit, encode."""
        return encode(self.judged().raster, "0001")


class Peer:
    """python-escpos printing the same dots with its `image`, into memory."""

    def __init__(self, raster: MonoRaster) -> None:
        self._image = raster.to_image()

    def encode(self) -> bytes:
        """The bytes it would send."""
        printer = Dummy()
        # It says on standard output that its default profile has no width of media.
        with contextlib.redirect_stdout(io.StringIO()):
            printer.image(self._image)
        sent: bytes = printer.output
        return sent


@contextmanager
def plan() -> Iterator[Plan]:
    """The label, its peer, and a simulated printer in a process of its own."""
    with _printer() as printer:
        yield _plan(Subject(_content()), printer)


def _plan(subject: Subject, printer: EscposPrinter) -> Plan:
    raster = subject.drawn.raster
    full = _HEADER_BYTES + len(raster.data)
    ours, theirs = len(subject.encode()), len(subject.peer.encode())
    return Plan(
        ways=(
            Way("compose", each(subject.draw)),
            Way("audit", each(subject.audit)),
            Way("encode", each(subject.encode)),
            Way("render + encode", each(subject.render_and_encode)),
            Way("render + audit + encode", each(subject.whole)),
            Way("python-escpos image()", each(subject.peer.encode)),
            Way("render + python-escpos image()", each(subject.render_for_peer)),
            Way("first byte after the request", told(_first_byte(subject, printer)), Target(0.120)),
        ),
        ratios=(
            Ratio(
                "python-escpos / render + encode",
                "python-escpos image()",
                "render + encode",
                Target(3, at_least=True),
            ),
            Ratio(
                "render + python-escpos / render + encode",
                "render + python-escpos image()",
                "render + encode",
            ),
            Ratio("python-escpos / encode alone", "python-escpos image()", "encode"),
            Ratio(
                "python-escpos / render + audit + encode",
                "python-escpos image()",
                "render + audit + encode",
            ),
        ),
        facts=(
            Fact("bytes on the wire / plain full raster", ours / full, "", Target(0.55)),
            Fact("bytes on the wire", ours, "bytes"),
            Fact("plain full raster", full, "bytes"),
            Fact("python-escpos", theirs, "bytes"),
        ),
        notes=(
            f"{raster.width} × {raster.height} dots. python-escpos alone is handed the finished"
            " picture; it draws nothing.",
            "First byte: compose, audit, encode, connect, ask the printer's state, send.",
        ),
    )


def _first_byte(subject: Subject, printer: EscposPrinter) -> Callable[[], float]:
    def seconds() -> float:
        started = time.perf_counter()
        label = subject.judged()
        drawn = time.perf_counter() - started
        result = printer.print(label.raster)
        if result.outcome is not PrintOutcome.PRINTED or result.milliseconds_to_first_byte is None:
            raise click.ClickException(f"the simulated printer did not print: {result.reason}")
        return drawn + result.milliseconds_to_first_byte / 1000

    return seconds


@contextmanager
def _printer() -> Iterator[EscposPrinter]:
    with tempfile.TemporaryDirectory(prefix="padpos-") as folder:
        place = Path(folder)
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "padpos_drivers.printer.sim", "--listen", "127.0.0.1:0"),
                *("--control", str(place / "control.sock"), "--out", str(place / "paper")),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        with process:
            try:
                assert process.stdout  # it was asked for
                port = int(process.stdout.readline().rpartition(":")[2])
                yield EscposPrinter(TcpPrinterAddress("127.0.0.1", port))
            finally:
                process.terminate()
                process.wait(_END_SECONDS)


def _content() -> LabelContent:
    code = label_code.seal(
        LabelPlain(WAYBILL, 1, *RECIPIENT), sealing_public(Alg.LABEL, bytes(range(32)))
    )
    return LabelContent(
        waybill=WAYBILL,
        route_code="470-B003-012",
        recipient=_masked(*RECIPIENT),
        sender=_masked(*SENDER),
        contents="书籍 3 本、文具",
        grams=1250,
        weight_from_scale=True,
        marks=("实名收寄", "收寄验视"),
        outlet="测试路网点 0731-07",
        area="湖南省长沙市芙蓉区",
        label_code=label_code.to_text(code, "HTTPS://L.EXAMPLE.CN/"),
        generation=1,
        training=False,
        printed_at="2026-11-23 20:41",
    )


def _masked(name: str, phone: str, address: str) -> MaskedParty:
    return MaskedParty(mask_name(name), mask_phone(phone), mask_address(address))


@click.command()
@options(count=5)
def main(rounds: int, count: int, as_json: bool) -> None:
    """Draw, judge and encode a label, against python-escpos printing the same picture."""
    with plan() as planned:
        show(run("label", planned, rounds, count), as_json)


if __name__ == "__main__":
    main()
