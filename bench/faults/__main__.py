"""`python -m bench.faults`: break everything that can break, and count what was lost."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import click

from bench.faults.backlog import backlog
from bench.faults.campaign import Plan, run
from bench.faults.clocks import clocks
from bench.faults.cuts import cuts
from bench.faults.full import full
from bench.faults.kills import kills
from bench.faults.lies import Lie
from bench.faults.links import links
from bench.faults.lying import Liar, lies, mixed
from bench.faults.sabotage import Sabotage, applied
from bench.faults.score import Score, table
from bench.faults.wire import Ends, Wire
from bench.faults.world import Setting, World, proxied
from padpos_services.authority import keyfiles

_MANY = click.IntRange(min=0)


def _liar(world: World, ends: Ends) -> Wire:
    receipt = keyfiles.load_private(world.home.ingest / "private.json", "receipt")
    return Liar(ends, world.chance, receipt.signer)


@click.command()
@click.option("--seed", default=1, show_default=True, help="The same seed, the same choices.")
@click.option("--kills", "kill", type=_MANY, default=20, show_default=True, help="kill -9s.")
@click.option("--cuts", "cut", type=_MANY, default=100, show_default=True, help="Power cuts.")
@click.option("--full", "fill", type=_MANY, default=20, show_default=True, help="Full disks.")
@click.option("--links", "link", type=_MANY, default=20, show_default=True, help="Broken links.")
@click.option(
    "--lies", "tell", type=_MANY, default=20, show_default=True, help="Lies of each kind."
)
@click.option(
    "--lie",
    "kinds",
    multiple=True,
    type=click.Choice([str(lie) for lie in Lie]),
    help="Only these lies; repeat for each.",
)
@click.option("--mixed", "mix", type=_MANY, default=20, show_default=True, help="Any lies.")
@click.option("--clocks", "jump", type=_MANY, default=20, show_default=True, help="Clock jumps.")
@click.option(
    "--backlog",
    "queue",
    type=_MANY,
    default=0,
    show_default=True,
    help="Consignments queued behind a dead broker.",
)
@click.option(
    "--sabotage",
    type=click.Choice([str(name) for name in Sabotage]),
    help="Break the product on purpose: the campaign must then fail.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=Path(tempfile.gettempdir()),
    show_default=True,
    help="Where the worlds are made, and removed.",
)
def main(
    *, seed: int, folder: Path, sabotage: str | None, kinds: tuple[str, ...], **numbers: int
) -> None:
    """Break everything that can break, and count what was lost, doubled or altered.

    \b
    cuts   the power goes in mid-write: what was not synced is torn or gone
    full   the disk takes no write from one on, until there is room again
    kills  kill -9 of terminal, uplink, broker (it may forget all) and authority
    links  a connection to the broker, uplink's or authority's, breaks at any byte
    lies   the broker drops, doubles, reorders, delays, refuses, hangs up, falls silent, corrupts,
           forges, and repeats, to uplink and authority; a row for each kind of lie
    mixed  the same lies, all kinds at once
    clocks the wall clocks of all four jump by minutes, days, years, and back
    backlog (not unless asked for) a week of consignments behind a dead broker, then it comes back

    The oracle keeps its own book of what returned calls have promised, and reads ledger and
    authority with its own eyes. Ends with 1 where anything at all is wrong.

    \b
    A quick look:        python -m bench.faults
    Does it notice?      python -m bench.faults --sabotage synchronous-normal --kills 0 --links 0
    """
    if not any(numbers.values()):
        raise click.UsageError("nothing to try: every number is 0")
    told = [Lie(kind) for kind in kinds] or list(Lie)
    broken = Sabotage(sabotage) if sabotage else None
    campaigns: dict[str, Callable[[int], list[Score]]] = {
        "cut": lambda number: [cuts(seed, number, folder)],
        "fill": lambda number: [full(seed, number, folder)],
        "kill": lambda number: run(kills(number), Plan("kills", seed, folder, broken, proxied)),
        "link": lambda number: run(links(number), Plan("links", seed, folder, broken, proxied)),
        "tell": lambda number: run(lies(number, told), Plan("lies", seed, folder, broken, _liar)),
        "mix": lambda number: run(mixed(number), Plan("mixed", seed, folder, broken, _liar)),
        "jump": lambda number: run(
            clocks(number), Plan("clocks", seed, folder, broken, _liar, Setting(skewed=True))
        ),
        "queue": lambda number: run(
            backlog(number), Plan("backlog", seed, folder, broken, proxied, Setting(patient=True))
        ),
    }
    scores: list[Score] = []
    with applied(broken):
        for name, campaign in campaigns.items():
            if numbers[name]:
                scores += campaign(numbers[name])
    click.echo(table(scores))
    if any(score.wrong for score in scores):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
