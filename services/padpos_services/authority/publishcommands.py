"""`padpos-authority publish`: signed documents for a terminal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from padpos.wire.ids import CHINA
from padpos.wire.policy import PPM
from padpos_services.authority import publishing
from padpos_services.authority.home import Home
from padpos_services.shared import commands

F = TypeVar("F", bound=Callable[..., Any])
home_option = commands.home_option(
    Home,
    envvar="PADPOS_AUTHORITY_HOME",
    help="The authority's directory (or set PADPOS_AUTHORITY_HOME).",
)


@click.group()
def publish() -> None:
    """Make a signed document for a terminal; a running `serve` sends it at once."""


def terminal_option(command: F) -> F:
    """Whom a document is for."""
    return click.option("--terminal", required=True, help="The terminal's id.")(command)


@publish.command("keys")
@home_option
@terminal_option
@click.option(
    "--days",
    type=click.IntRange(1, 7),
    default=7,
    show_default=True,
    help="How long the set is good for; a set with a label key never beyond 7 days.",
)
def publish_keys(home: Home, terminal: str, days: int) -> None:
    """Publish the key set: whom the terminal seals to, whose receipts it believes."""
    version = publishing.publish_keys(home.require(), terminal, days)
    click.echo(f"keys version {version} for {terminal} queued")


@publish.command("policy")
@home_option
@terminal_option
@click.option(
    "--draw-rate",
    type=click.IntRange(0, PPM),
    required=True,
    help="Contract parcels drawn for inspection, in parts per million.",
)
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Policy in TOML; without it the packaged policy.toml.",
)
@click.option(
    "--days",
    type=click.IntRange(0, 60),
    default=6,
    show_default=True,
    help="Days after today to commit draw keys for.",
)
@click.option(
    "--valid-days",
    type=click.IntRange(1, 3650),
    default=30,
    show_default=True,
    help="How long the policy stands.",
)
@click.option(
    "--from",
    "begins",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]),
    help="When it comes into force, in UTC+8; default: at once. Till then the last one holds.",
)
def publish_policy(  # noqa: PLR0917 - click hands each option over by name
    home: Home,
    terminal: str,
    draw_rate: int,
    file: Path | None,
    days: int,
    valid_days: int,
    begins: datetime | None,
) -> None:
    """Publish a policy with draw commitments, and prepare the draw keys.

    The sealed draw keys go out only once the terminal's own ledger says it accepted a policy
    that commits to those days.
    """
    start = int(begins.replace(tzinfo=CHINA).timestamp() * 1000) if begins else None
    version = publishing.publish_policy(
        home.require(), terminal, draw_rate=draw_rate, file=file, days=days, valid_days=valid_days,
        begins=start,
    )  # fmt: skip
    click.echo(f"policy version {version} for {terminal} queued")


@publish.command("waybills")
@home_option
@terminal_option
@click.option("--first", required=True, help="First number of the range.")
@click.option("--last", required=True, help="Last number of the range.")
@click.option("--expires-days", type=click.IntRange(1, 3650), default=90, show_default=True)
def publish_waybills(home: Home, terminal: str, first: str, last: str, expires_days: int) -> None:
    """Publish a further range of waybill numbers; earlier ranges stay until they expire."""
    version = publishing.publish_waybills(home.require(), terminal, first, last, expires_days)
    click.echo(f"waybills version {version} for {terminal} queued")


@publish.command("contracts")
@home_option
@terminal_option
@click.option(
    "--contract",
    "contracts",
    multiple=True,
    help="Id of a contract customer; repeat for each. The list replaces the last one.",
)
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Agreements in TOML, with validity, categories and responsible person.",
)
@click.option(
    "--days",
    type=click.IntRange(1, 3650),
    default=365,
    show_default=True,
    help="How long the agreements stand.",
)
def publish_contracts(
    home: Home, terminal: str, contracts: tuple[str, ...], days: int, file: Path | None
) -> None:
    """Publish the contract customers a terminal may serve as such."""
    if not contracts and file is None:
        raise click.UsageError("name the agreements by --contract or --file")
    version = publishing.publish_contracts(home.require(), terminal, contracts, days, file)
    click.echo(f"contracts version {version} for {terminal} queued")


@publish.command("leavers")
@home_option
@terminal_option
@click.option(
    "--clerk",
    "clerks",
    multiple=True,
    help="Pseudonym of a clerk who left; repeat for each. The list replaces the last one.",
)
def publish_leavers(home: Home, terminal: str, clerks: tuple[str, ...]) -> None:
    """Publish the clerks who may no longer sign in."""
    version = publishing.publish_leavers(home.require(), terminal, clerks)
    click.echo(f"leavers version {version} for {terminal} queued")
