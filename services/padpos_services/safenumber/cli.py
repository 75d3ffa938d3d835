"""`padpos-safenumber`: the carrier's safe-number service, in an operator's words."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import click

from padpos_services.safenumber import couriers, keyring, reports, serve, store
from padpos_services.safenumber.errors import SafeNumberError
from padpos_services.safenumber.home import Home
from padpos_services.shared import commands

home_option = commands.home_option(
    Home,
    envvar="PADPOS_SAFENUMBER_HOME",
    help="The service's directory (or set PADPOS_SAFENUMBER_HOME).",
)


@click.group(cls=commands.teaching(SafeNumberError))
def main() -> None:
    """The safe-number service: a courier reaches a person whose number he never sees.

    \b
    Step by step:
      padpos-safenumber init --home S --carrier NAME
      (hand S/public/keys.json to the authority: padpos-authority carrier-keys)
      padpos-safenumber courier add --home S c-17
      padpos-safenumber serve --home S --feed http://127.0.0.1:8890/feed \\
        --feed-token A/ingest/feed.token --feed-key A/public/keys.json --port 8891
    """


@main.command()
@home_option
@click.option("--carrier", required=True, help="The carrier's name, as the feed will say it.")
def init(home: Home, carrier: str) -> None:
    """Make the label key and the carrier key. Done once; nothing is ever overwritten."""
    keyring.found(home, carrier)
    store.connect(home.database).close()
    click.echo(f"service of {carrier} founded in {home.root}")


@main.group()
def courier() -> None:
    """Couriers and their tokens."""


@courier.command("add")
@home_option
@click.argument("name")
def courier_add(home: Home, name: str) -> None:
    """Enrol courier NAME (a pseudonymous id such as c-17) and print the token, this once."""
    database = store.connect(home.require().database)
    click.echo(couriers.add(database, name))


@main.command("serve")
@home_option
@click.option("--feed", required=True, metavar="URL", help="The authority's feed, without query.")
@click.option(
    "--feed-token",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="File with the feed's bearer token.",
)
@click.option(
    "--feed-key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="The authority's public/keys.json; its receipt key signs the feed.",
)
@click.option("--port", type=click.IntRange(1, 65535), required=True, help="Loopback port.")
@click.option(
    "--per-minute",
    type=click.IntRange(1, 6000),
    default=60,
    show_default=True,
    help="Look-ups a courier may make in a minute.",
)
def serve_command(  # noqa: PLR0917 - click hands each option over by name
    home: Home, feed: str, feed_token: Path, feed_key: Path, port: int, per_minute: int
) -> None:
    """Follow the feed and answer couriers: POST /api/resolve. Ends cleanly on SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    serve.run(serve.Options(home.require(), feed, feed_token, feed_key, port, per_minute))


@main.command()
@home_option
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def status(home: Home, as_json: bool) -> None:
    """Say how far the feed is read, what was looked up, and whether the log is whole."""
    found = reports.status(home.require())
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
        return
    for name, value in found.items():
        click.echo(f"{name}: {value}")
