"""A backlog from ledger to signed receipt and durable delete, against mosquitto's own bridge."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from bench.frame import Fact, Measure, Plan, Ratio, Target, Way, run
from bench.haul.bridge import Bridge, bridged, filler
from bench.haul.stack import Stack, standing
from bench.sealing import PHOTO_BYTES
from bench.show import options, show

FOLDER = Path("/var/tmp")  # not /tmp, which is memory on many machines
ENTRIES_TO_A_PHOTO = 10  # a photograph is some eighty times an entry's bytes
A_FEW = 4
"""Messages under way at which the bridge is fastest: its brokers rewrite a file at each change,
with all that waits in it, so that it slows down under what is handed to it at once."""


@contextmanager
def plan(place: Path) -> Iterator[Plan]:
    """Both peers side by side in a new folder under `place`, running through all rounds."""
    with (
        tempfile.TemporaryDirectory(prefix="drain-", dir=place) as name,
        standing(Path(name) / "p") as stack,
    ):
        stack.start()
        entry = stack.fill(1, 0, 0)
        stack.drain()
        with bridged(Path(name) / "b", stack.home, stack.folder) as bridge:
            yield _plan(stack, bridge, entry)


def _plan(stack: Stack, bridge: Bridge, entry: int) -> Plan:
    return Plan(
        ways=(
            Way("padpos, an entry", _entries(stack)),
            Way("bridge, an entry", _carried(bridge, entry, 1, A_FEW)),
            Way("bridge, an entry of all at once", _carried(bridge, entry, 1, None)),
            Way("padpos, a photo", _photos(stack)),
            Way("bridge, a photo", _carried(bridge, PHOTO_BYTES, ENTRIES_TO_A_PHOTO, A_FEW)),
            Way(
                "bridge, a photo of all at once",
                _carried(bridge, PHOTO_BYTES, ENTRIES_TO_A_PHOTO, None),
            ),
        ),
        ratios=(
            Ratio("entries: bridge / padpos", "bridge, an entry", "padpos, an entry", _least(1)),
            Ratio(
                "entries: bridge, all at once / padpos",
                "bridge, an entry of all at once",
                "padpos, an entry",
            ),
            Ratio("photos: bridge / padpos", "bridge, a photo", "padpos, a photo", _least(0.6)),
            Ratio(
                "photos: bridge, all at once / padpos",
                "bridge, a photo of all at once",
                "padpos, a photo",
            ),
        ),
        facts=(Fact("an entry's message", entry, "bytes"), Fact("a photo", PHOTO_BYTES, "bytes")),
        notes=(
            "1 would be the bridge's speed; more is faster than the bridge.",
            "padpos: from the ledger over its link, TLS, broker, TLS, to the authority's store, and"
            " back as a signed receipt until the ledger has deleted it; real processes all.",
            "Bridge: from a publisher on the device over its broker, TLS, broker, TLS, to"
            " mosquitto_sub; both brokers with autosave_on_changes, as kill -9 demands.",
            f"The bridge is at its best with {A_FEW} messages under way; a backlog comes all at"
            " once. Photos pass the bridge whole, padpos in pieces, behind their entries.",
        ),
    )


def _entries(stack: Stack) -> Measure:
    def measure(count: int) -> float:
        stack.fill(count, 0, 0)
        return stack.drain() / count

    return measure


def _photos(stack: Stack) -> Measure:
    def measure(count: int) -> float:
        number = _fewer(count, ENTRIES_TO_A_PHOTO)
        pairs, single = divmod(number, 2)
        if pairs:
            stack.fill(pairs, 2, PHOTO_BYTES)
        else:
            stack.fill(single, 1, PHOTO_BYTES)
        return stack.drain() / (2 * pairs or single)

    return measure


def _carried(bridge: Bridge, size: int, each: int, ahead: int | None) -> Measure:
    def measure(count: int) -> float:
        payloads = [filler(size) for _ in range(_fewer(count, each))]
        return bridge.carry(payloads, ahead or len(payloads)) / len(payloads)

    return measure


def _fewer(count: int, each: int) -> int:
    return max(1, count // each)


def _least(limit: float) -> Target:
    return Target(limit, at_least=True)


@click.command()
@options(count=1000)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=FOLDER,
    show_default=True,
    help="Where to write: a folder on the disk in question, not in memory.",
)
def main(rounds: int, count: int, as_json: bool, folder: Path) -> None:
    """Carry a backlog to the authority's receipt, against mosquitto's bridge with its bytes."""
    with plan(folder) as planned:
        show(run("drain", planned, rounds, count), as_json)


if __name__ == "__main__":
    main()
