"""`python -m bench.faults`: break everything that can break, and count what was lost."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import click

from bench.faults.cuts import cuts
from bench.faults.full import full
from bench.faults.kills import kills, links
from bench.faults.sabotage import Sabotage, applied
from bench.faults.score import Score, table

_MANY = click.IntRange(min=0)


@click.command()
@click.option("--seed", default=1, show_default=True, help="The same seed, the same choices.")
@click.option("--kills", "kill", type=_MANY, default=20, show_default=True, help="kill -9s.")
@click.option("--cuts", "cut", type=_MANY, default=100, show_default=True, help="Power cuts.")
@click.option("--full", "fill", type=_MANY, default=20, show_default=True, help="Full disks.")
@click.option("--links", "link", type=_MANY, default=20, show_default=True, help="Cut connections.")
@click.option(
    "--sabotage",
    type=click.Choice([str(name) for name in Sabotage]),
    help="Break the terminal on purpose: the campaign must then fail.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=Path(tempfile.gettempdir()),
    show_default=True,
    help="Where the worlds are made, and removed.",
)
def main(*, seed: int, folder: Path, sabotage: str | None, **numbers: int) -> None:
    """Break everything that can break, and count what was lost, doubled or altered.

    \b
    cuts   the power goes in mid-write: what was not synced is torn or gone
    full   the disk takes no write from one on, until there is room again
    kills  kill -9 of terminal, uplink, broker (it may forget all) and authority
    links  the connection between uplink and broker breaks after so many bytes

    The oracle keeps its own book of what returned calls have promised, and reads ledger and
    authority with its own eyes. Ends with 1 where anything at all is wrong.

    \b
    A quick look:        python -m bench.faults
    Does it notice?      python -m bench.faults --sabotage synchronous-normal --kills 0 --links 0
    """
    if not any(numbers.values()):
        raise click.UsageError("nothing to try: every number is 0")
    broken = Sabotage(sabotage) if sabotage else None
    campaigns: dict[str, Callable[[int], Score]] = {
        "cut": lambda number: cuts(seed, number, folder),
        "fill": lambda number: full(seed, number, folder),
        "kill": lambda number: kills(seed, number, folder, broken),
        "link": lambda number: links(seed, number, folder, broken),
    }
    with applied(broken):
        scores = [campaign(numbers[name]) for name, campaign in campaigns.items() if numbers[name]]
    click.echo(table(scores))
    if any(score.wrong for score in scores):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
