"""The real uplink and the real authority, but for their longest waits: minutes, not hours."""

from pathlib import Path

import click

from bench.faults.sabotage import Sabotage, applied
from padpos.uplink import broker, forwarder, upward
from padpos.uplink import main as uplink_main
from padpos_services.authority import link, serve
from padpos_services.authority.cli import main as authority_cli

LONGEST_WAIT = 0.5  # seconds; the products' are half a minute and ten seconds
KEEPALIVE = 2  # seconds; 20 and 30
STALLED = 3.0  # seconds; a minute
UNANSWERED = 6.0  # seconds; ten minutes
EXPIRE = 1.0  # seconds; ten minutes

_sabotage = click.option("--sabotage", type=click.Choice([str(name) for name in Sabotage]))


@click.group()
def main() -> None:
    """Run one of the two."""


@main.command()
@click.option("--config", "file", required=True, type=click.Path(path_type=Path))
@_sabotage
def uplink(file: Path, sabotage: str | None) -> None:
    """Run the uplink."""
    forwarder.LAST_BACKOFF = LONGEST_WAIT
    upward.STALLED_SECONDS = STALLED
    upward.UNANSWERED_SECONDS = UNANSWERED
    broker.KEEPALIVE_SECONDS = KEEPALIVE
    with applied(Sabotage(sabotage) if sabotage else None):
        uplink_main.main(file)


@main.command()
@click.option("--home", required=True)
@click.option("--broker", required=True)
@click.option("--ask-after", default="1")
@_sabotage
def authority(home: str, broker: str, ask_after: str, sabotage: str | None) -> None:
    """Run the authority."""
    serve.LONGEST_WAIT = LONGEST_WAIT
    serve.EXPIRE_SECONDS = EXPIRE
    link.KEEPALIVE_SECONDS = KEEPALIVE
    with applied(Sabotage(sabotage) if sabotage else None):
        options = ["--home", home, "--broker", broker, "--ask-after", ask_after]
        authority_cli(["serve", *options], standalone_mode=False)


if __name__ == "__main__":
    main()
