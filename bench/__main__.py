"""`python -m bench`: which benches there are; with --all, every one of them in turn."""

import importlib
import subprocess
import sys

import click

from bench.show import ROUNDS

BENCHES = (
    "card_read",
    "counter",
    "drain",
    "label",
    "ledger",
    "memory",
    "reconnect",
    "sealing",
    "start",
)


def summary(name: str) -> str:
    """A bench's own first line of help."""
    command = importlib.import_module(f"bench.{name}").main
    assert isinstance(command, click.Command)  # what each bench's `main` is
    return command.get_short_help_str(limit=100)


def measure(name: str, rounds: int, as_json: bool) -> bool:
    """Run one bench in a process of its own, so that none warms or clutters the next."""
    options = ["--rounds", str(rounds), *(["--json"] if as_json else [])]
    command = [sys.executable, "-m", f"bench.{name}", *options]
    return subprocess.run(command, check=False).returncode == 0


@click.command()
@click.option("--all", "everything", is_flag=True, help="Run every bench, one after the other.")
@click.option(
    "--rounds",
    type=click.IntRange(min=1),
    default=ROUNDS,
    show_default=True,
    help="Rounds of each bench.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line and bench.")
def main(everything: bool, rounds: int, as_json: bool) -> None:
    """List the benches, or run them all. Figures are ratios: see each bench's own --help.

    Run one with: python -m bench.NAME
    """
    if not everything:
        for name in BENCHES:
            click.echo(f"bench.{name:<12}{summary(name)}")
        return
    failed = [name for name in BENCHES if not measure(name, rounds, as_json)]
    if failed:
        raise click.ClickException(f"did not run: {', '.join(failed)}")


if __name__ == "__main__":
    main()
