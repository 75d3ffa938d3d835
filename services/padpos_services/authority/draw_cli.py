"""`padpos-authority draw`: spot checks that anyone can re-compute, once their day is over."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from padpos.wire.draw_audit import GOOD
from padpos_services.authority import draws
from padpos_services.authority.home import Home
from padpos_services.shared import commands

_home = commands.home_option(
    Home,
    envvar="PADPOS_AUTHORITY_HOME",
    help="The authority's directory (or set PADPOS_AUTHORITY_HOME).",
)
_terminal = click.option("--terminal", required=True, help="The terminal's id.")


@click.group()
def draw() -> None:
    """Disclose the keys of days gone by, and re-compute the stored draws."""


@draw.command("disclose")
@_home
@_terminal
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="Where to write the JSON file.",
)
def disclose(home: Home, terminal: str, out: Path) -> None:
    """Write what `padpos draw verify` takes: keys of days that are over, and the policies."""
    told = draws.disclose(home.require(), terminal)
    out.write_text(json.dumps(told, indent=1))
    click.echo(f"{len(told['keys'])} days, {len(told['policies'])} policies: {out}")


@draw.command("verify")
@_home
@_terminal
def verify(home: Home, terminal: str) -> None:
    """Re-compute the draws in the store; fails if a row says otherwise."""
    rows = draws.verify(home.require(), terminal)
    wrong = [row for row in rows if row.verdict not in GOOD]
    for row in wrong:
        click.echo(f"entry {row.seq}: {row.day or '-'} {row.contract} n={row.n}: {row.verdict}")
    click.echo(f"{len(rows)} rows, {len(wrong)} do not agree")
    if wrong:
        sys.exit(1)
