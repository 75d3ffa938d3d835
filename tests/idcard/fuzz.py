"""Bad input for every parser of cards and readers: python -m tests.idcard.fuzz --help

A target swallows our errors and lets all else out. With --guided the search follows coverage
(atheris, where it is installed); without, seeds are mutated. A million inputs in all are a matter
of minutes: `python -m tests.idcard.fuzz --all --count 200000`.
"""

import importlib
import importlib.util
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

LONGEST = 8192  # bytes of one input
MODULES = ("tests.idcard.fuzz_cards", "tests.idcard.fuzz_emrtd")


@dataclass(frozen=True)
class Target:
    """One parser: inputs to begin with, and what takes one input."""

    seeds: Sequence[bytes]
    run: Callable[[bytes], None]


def targets() -> Mapping[str, Target]:
    """All targets, by name."""
    found: dict[str, Target] = {}
    for name in MODULES:
        if importlib.util.find_spec(name) is not None:
            found |= importlib.import_module(name).TARGETS
    return found


def mutated(seeds: Sequence[bytes], count: int, seed: int) -> Iterator[bytes]:
    """Yield inputs made from seeds: cut, joined, bits and bytes changed; the same for a seed."""
    chance = random.Random(seed)
    for _ in range(count):
        data = bytearray(chance.choice(seeds))
        for _ in range(chance.choice((1, 1, 2, 4, 8))):
            _mutate(data, chance, seeds)
        yield bytes(data[:LONGEST])


def _mutate(data: bytearray, chance: random.Random, seeds: Sequence[bytes]) -> None:
    place, how = chance.randint(0, len(data)), chance.randrange(6)
    if how == 0:
        del data[place : place + chance.randint(1, 16)]
    elif how == 1:
        data[place:place] = chance.randbytes(chance.randint(1, 8))
    elif how == 2:
        other = chance.choice(seeds)
        cut = chance.randint(0, len(other))
        data[place:place] = other[cut : cut + chance.randint(1, 64)]
    elif data and how == 3:
        data[place % len(data)] ^= 1 << chance.randrange(8)
    elif data:
        data[place % len(data)] = chance.choice((0, 0x20, 0x7F, 0xAA, 0xD8, 0xFF, place & 0xFF))


def plain(name: str, target: Target, count: int, seed: int) -> None:
    """Mutate seeds, and stop at the first input that is not stood."""
    started = time.monotonic()
    for data in mutated(target.seeds, count, seed):
        try:
            target.run(data)
        except BaseException:
            click.echo(f"{name}: not stood: {data.hex()}")
            raise
    took = time.monotonic() - started
    click.echo(f"{name}: {count} inputs stood, seed {seed}, {took:.0f} s")


def guided(name: str, count: int, seed: int) -> None:
    """Search by coverage with atheris, which ends the process when it is done."""
    import atheris

    with atheris.instrument_imports(include=["padpos_drivers"]):
        target = targets()[name]
    with tempfile.TemporaryDirectory() as corpus:
        for number, data in enumerate(target.seeds):
            (Path(corpus) / str(number)).write_bytes(data)
        limits = [
            f"-max_len={LONGEST}",
            "-timeout=10",
            "-rss_limit_mb=1024",
            "-print_final_stats=1",
        ]
        atheris.Setup([sys.argv[0], f"-runs={count}", f"-seed={seed}", *limits, corpus], target.run)
        atheris.Fuzz()


def _each_apart(count: int, seed: int, by_coverage: bool) -> bool:
    """Give every target a process of its own; whether all stood."""
    options = ["--count", str(count), "--seed", str(seed), *(["--guided"] if by_coverage else [])]
    command = [sys.executable, "-m", "tests.idcard.fuzz", *options]
    codes = [
        subprocess.run([*command, "--target", name], check=False).returncode for name in targets()
    ]
    return not any(codes)


@click.command()
@click.option("--target", default="", help="One parser, by its name.")
@click.option("--all", "every", is_flag=True, help="Every parser in turn.")
@click.option("--count", type=click.IntRange(1), default=10_000, show_default=True)
@click.option("--seed", type=click.IntRange(1), default=1, show_default=True)
@click.option("--guided", "by_coverage", is_flag=True, help="Search by coverage, with atheris.")
def main(target: str, every: bool, count: int, seed: int, by_coverage: bool) -> None:
    """Give parsers so many bad inputs each; ends with an error at the first not stood.

    Without --target and --all, lists the parsers.
    """
    if not (target or every):
        click.echo("\n".join(targets()))
    elif every:
        raise SystemExit(0 if _each_apart(count, seed, by_coverage) else 1)
    elif by_coverage:
        guided(target, count, seed)
    else:
        plain(target, targets()[target], count, seed)


if __name__ == "__main__":
    main()
