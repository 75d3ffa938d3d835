"""What the uplink holds in memory while thousands of consignments wait behind it."""

import os
import platform
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from bench.drain import FOLDER
from bench.faults.world import wait_for
from bench.frame import Fact, Report, Row, Target
from bench.haul.stack import Stack, standing
from bench.show import ROUNDS, show

CONSIGNMENTS = 10_000
SMALL_PHOTO = 4_000
LIMIT_MB = 60.0
DIALS = 3.0  # seconds of looking for a broker that is not there
RESEND_SECONDS = 5.0  # oftener than the product's 30: more to do, and less to wait for
LONGEST = 600.0
CONNECTED = "connected, "  # the uplink's own word for it
NOTES = (
    "Peak resident set of the uplink process (VmHWM), one process through all stages but the first:"
    " with one consignment; no broker; a broker that takes everything while nobody signs; the"
    " authority back, until the last receipt.",
    f"A consignment is an entry of two Envelopes and a photo of {SMALL_PHOTO:,} bytes.",
    "Memory does not vary with chance: one round, whatever --rounds says.",
)


@contextmanager
def stage(place: Path) -> Iterator[Stack]:
    """A running stack in a new folder under `place`."""
    with (
        tempfile.TemporaryDirectory(prefix="memory-", dir=place) as name,
        standing(Path(name) / "p", RESEND_SECONDS) as stack,
    ):
        stack.start()
        yield stack


def measure(stack: Stack, count: int) -> Report:
    """Go through the stages with `count` consignments."""
    stack.fill(1, 1, SMALL_PHOTO)
    stack.drain()
    small = peak(stack)
    os.kill(stack.broker.pid, signal.SIGUSR1)  # save: it must know whom to keep messages for
    time.sleep(1)
    for part in (stack.uplink, stack.authority, stack.broker):
        part.end()
    stack.fill(count, 1, SMALL_PHOTO)
    stack.uplink.start()
    time.sleep(DIALS)
    dead = peak(stack)
    stack.broker.start()
    settle(stack)
    unsigned = peak(stack)
    stack.authority.start()
    stack.drain()
    whole = peak(stack)
    limit = Target(LIMIT_MB)
    return Report(
        bench="memory",
        machine=f"{platform.machine()}, Python {platform.python_version()}",
        rounds=1,
        count=count,
        times=(),
        ratios=(Row.of("peak with the backlog / with one", [whole / small], Target(1.5)),),
        facts=(
            Fact("with one consignment", small, "MB", limit),
            Fact("with no broker", dead, "MB", limit),
            Fact("with nobody who signs", unsigned, "MB", limit),
            Fact("when all is signed for", whole, "MB", limit),
        ),
        notes=NOTES,
    )


def peak(stack: Stack) -> float:
    """Megabytes that the uplink has had in memory at most."""
    for line in Path(f"/proc/{stack.uplink.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise click.ClickException("the uplink ended")


def settle(stack: Stack) -> None:
    """Wait until the uplink has connected and then has had next to nothing to do for a while."""
    log = stack.root / "uplink.log"
    before = log.read_text().count(CONNECTED)
    wait_for(lambda: log.read_text().count(CONNECTED) > before, LONGEST)
    deadline, quiet, last = time.monotonic() + LONGEST, 0, _ticks(stack.uplink.pid)
    while quiet < 4 and time.monotonic() < deadline:
        time.sleep(0.5)
        now = _ticks(stack.uplink.pid)
        quiet, last = (quiet + 1 if now - last < 5 else 0), now


def _ticks(pid: int) -> int:
    """Processor time, in hundredths of a second."""
    numbers = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(numbers[11]) + int(numbers[12])


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead.")
@click.option(
    "--count",
    type=click.IntRange(min=1),
    default=CONSIGNMENTS,
    show_default=True,
    help="Consignments that wait.",
)
@click.option(
    "--rounds", type=click.IntRange(min=1), default=ROUNDS, help="As of the others; it takes one."
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=FOLDER,
    show_default=True,
    help="Where to write: a folder on the disk in question, not in memory.",
)
def main(count: int, rounds: int, as_json: bool, folder: Path) -> None:  # noqa: ARG001 - a frame's option
    """Let 10,000 consignments wait behind the uplink, and read its peak memory."""
    with stage(folder) as stack:
        show(measure(stack, count), as_json)


if __name__ == "__main__":
    main()
