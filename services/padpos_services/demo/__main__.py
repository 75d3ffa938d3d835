"""Run the demo: python -m padpos_services.demo --help; `./setup.sh demo` prepares and calls it."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
from pathlib import Path

import click

from padpos_services.demo import cards
from padpos_services.demo.errors import DemoError
from padpos_services.demo.once import play_once
from padpos_services.demo.open_house import keep_open
from padpos_services.demo.play import Scenario
from padpos_services.demo.reach import close_door, interpreter
from padpos_services.demo.scenario import find, load

_FILE = click.Path(path_type=Path, dir_okay=False)
VPCD = Path(__file__).parents[3] / ".cache/vpcd/usr/lib/pcsc/drivers/serial/libifdvpcd.so"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--once", is_flag=True, help="Play a scenario without a person, then exit.")
@click.option("--scenario", help="A TOML file of [[consignment]] tables, or `day`; implies --once.")
@click.option(
    "--cards", "card_files", type=_FILE, multiple=True, help="A further card file (JSON)."
)
@click.option(
    "--keep",
    type=click.Path(path_type=Path, file_okay=False),
    help="Leave everything in this folder, summary.json first.",
)
@click.option(
    "--head-speed",
    type=click.FloatRange(0),
    help="Speed of the printer's head in mm/s, 0 for no limit; else 150, with --once 0.",
)
@click.option(
    "--vpcd",
    type=_FILE,
    envvar="VPCD_DRIVER",
    default=VPCD,
    help="libifdvpcd.so, the virtual reader; ./setup.sh prepare puts it where it is looked for.",
)
def main(
    *,
    once: bool,
    scenario: str | None,
    card_files: tuple[Path, ...],
    keep: Path | None,
    head_speed: float | None,
    vpcd: Path,
) -> None:
    """A whole parcel counter on this machine: no Pi, no hardware, every step real.

    Without --once it keeps running and opens a workbench page on which you play the outside
    world. With --once it plays a scenario and exits 0 only if all ended as expected.

    \b
    A scenario:
      draw_rate = 0                      # contract parcels drawn, in parts per million
      [[consignment]]
      customer = "walk-in"               # or "contract", with contract = "C-1001" or "C-1002"
      card = "测试丙"                     # a name of a card file, or hex of a storage image
      sender = { phone = "13900000011" } # the name comes from the card, if there is one
      recipient = { name = "样例收", phone = "13800005678", address = "湖南省永州市…" }
      contents = "书籍"
      grams = 850
      photos = 1
      faults = ["paper-out"]             # see docs/demo.md; each perhaps with @step
      expected = "accepted"              # or "refused", "abandoned", "voided", "not-begun"
    """
    try:
        known = cards.load(cards.packaged(), *card_files)
        plays = load(find(scenario), known)
        if not vpcd.exists():
            raise DemoError(f"{vpcd}: no virtual card reader there: run ./setup.sh prepare")
        if os.geteuid() != 0:
            raise DemoError("the demo gives each house a user of its own, and only root can")
        ok = _run(plays if once or scenario else None, known, vpcd, head_speed, keep)
    except DemoError as error:
        click.echo(f"demo: {error}", err=True)
        sys.exit(2)
    sys.exit(0 if ok else 1)


def _run(
    plays: Scenario | None,
    known: dict[str, cards.Card],
    vpcd: Path,
    head_speed: float | None,
    keep: Path | None,
) -> bool:
    if keep and keep.exists() and any(keep.iterdir()):
        raise DemoError(f"{keep}: not empty; what is there stays as it is")
    work = Path(tempfile.mkdtemp(prefix="padpos-demo-", dir="/var/tmp"))
    try:
        python = interpreter()
        if plays is not None:
            ok = asyncio.run(play_once(work, plays, vpcd, head_speed or 0.0, python))
        else:
            speed = 150.0 if head_speed is None else head_speed
            ok = asyncio.run(keep_open(work, known, vpcd, speed, python))
        if keep:
            _keep(work, keep)
    finally:
        close_door()
        shutil.rmtree(work, ignore_errors=True)
    return ok


def _keep(work: Path, keep: Path) -> None:
    _without_sockets(work)
    shutil.copytree(work, keep, dirs_exist_ok=True)
    if owner := os.environ.get("SUDO_UID"):  # it belongs to the person, not to root
        for path in (keep, *keep.rglob("*")):
            os.chown(path, int(owner), int(os.environ.get("SUDO_GID", owner)))


def _without_sockets(work: Path) -> None:
    for path in work.rglob("*"):
        if path.is_socket() or path.is_fifo():
            path.unlink()


if __name__ == "__main__":
    main()
