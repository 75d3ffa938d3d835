"""The real uplink, but for its longest wait: hundreds of cuts take minutes, not hours."""

from pathlib import Path

import click

from padpos.uplink import forwarder
from padpos.uplink.main import main as run

LONGEST_WAIT = 0.5  # seconds; the product's is half a minute


@click.command()
@click.option("--config", required=True, type=click.Path(path_type=Path))
def main(config: Path) -> None:
    """Run the uplink."""
    forwarder.LAST_BACKOFF = LONGEST_WAIT
    run(config)


if __name__ == "__main__":
    main()
