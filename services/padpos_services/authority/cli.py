"""`padpos-authority`: the real-name authority's receiver and enrolment, in an operator's words."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from padpos.wire.entry import MOST_SEQ
from padpos.wire.ids import CHINA
from padpos.wire.policy import PPM
from padpos_services.authority import (
    asking,
    broker,
    carrier,
    enrolment,
    founding,
    policyfile,
    publishing,
    reports,
)
from padpos_services.authority import serve as serving
from padpos_services.authority.errors import AuthorityError
from padpos_services.authority.home import Home
from padpos_services.shared import commands

F = TypeVar("F", bound=Callable[..., Any])
home_option = commands.home_option(
    Home,
    envvar="PADPOS_AUTHORITY_HOME",
    help="The authority's directory (or set PADPOS_AUTHORITY_HOME).",
)


@click.group(cls=commands.teaching(AuthorityError))
def main() -> None:
    """The real-name authority: enrols terminals, receives their sealed ledgers, signs receipts.

    \b
    A first authority, step by step:
      padpos-authority init --home A --host 127.0.0.1
      padpos-authority broker-config --home A --port 8883 --out BROKER
      mosquitto -c BROKER/mosquitto.conf
      padpos-authority carrier-keys --home A SAFENUMBER/public/keys.json
      padpos-authority enrol --home A request.json --out PAPERS
      padpos-authority publish keys --home A --terminal T
      padpos-authority publish policy --home A --terminal T --draw-rate 100000
      padpos-authority serve --home A --broker 127.0.0.1:8883 --feed-port 8890
    """


@main.command()
@home_option
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Name or address at which terminals reach the broker; its certificate says so.",
)
def init(home: Home, host: str) -> None:
    """Make the keys, the CA and the empty store. Done once; nothing is ever overwritten.

    Afterwards `opening/` (it opens Envelopes) and `office/` (it signs policies and certificates)
    belong on machines of their own; `serve` needs `ingest/`, `public/` and `store/` only.
    """
    founding.found(home, host)
    click.echo(f"authority founded in {home.root}")


@main.command("carrier-keys")
@home_option
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def carrier_keys(home: Home, file: Path) -> None:
    """Take in FILE, the public keys that a carrier's safe-number service exported.

    The next `publish keys` hands them to a terminal.
    """
    name, number = carrier.take_keys(home.require(), file)
    click.echo(f"{number} keys of carrier {name} taken in")


@main.command()
@home_option
@click.argument("request", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder for the terminal's papers.",
)
def enrol(home: Home, request: Path, out: Path) -> None:
    """Enrol the terminal whose REQUEST file this is, and write its papers to --out.

    REQUEST is JSON: terminal, entry_csr and tls_csr (PEM), inbox_key, chain and genesis (hex).
    Papers: entry.pem, tls.pem, ca.pem, policy-key.json, genesis.cbor.
    """
    terminal = enrolment.enrol(home.require(), request, out)
    click.echo(f"{terminal} enrolled; its papers are in {out}")


@main.group()
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


@main.command("policy-template")
def policy_template() -> None:
    """Print the packaged policy: a file to change and publish with `--file`."""
    click.echo(policyfile.template(), nl=False)


@main.command("broker-config")
@home_option
@click.option("--port", type=click.IntRange(1, 65535), required=True, help="Loopback TLS port.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder for configuration, certificates, ACL, data and log.",
)
@click.option(
    "--user",
    help="Account mosquitto shall run as; default: yours. As root, the folder"
    " is handed to it, and every folder above must let it through.",
)
def broker_config(home: Home, port: int, out: Path, user: str | None) -> None:
    """Write a complete mosquitto configuration: TLS 1.3, client certificates, one ACL per name.

    Start it with `mosquitto -c OUT/mosquitto.conf`.
    """
    click.echo(str(broker.write_configuration(home.require(), port, out, user)))


def _address(_context: click.Context, _parameter: click.Parameter, value: str) -> tuple[str, int]:
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal():
        raise click.BadParameter("an address looks like 127.0.0.1:8883")
    return host, int(port)


@main.command()
@home_option
@click.option(
    "--broker", "address", required=True, callback=_address, metavar="HOST:PORT", help="The broker."
)
@click.option(
    "--keep-messages",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep each uploaded payload as NNNNNN-TERMINAL-KIND.cbor in this folder.",
)
@click.option(
    "--feed-port",
    type=click.IntRange(1, 65535),
    help="Serve the safe-number feed on this loopback port.",
)
@click.option(
    "--ask-after",
    type=click.FloatRange(0.1, 600),
    default=5.0,
    show_default=True,
    help="Ask a terminal for what is missing once it was silent for so many seconds.",
)
def serve(
    home: Home,
    address: tuple[str, int],
    keep_messages: Path | None,
    feed_port: int | None,
    ask_after: float,
) -> None:
    """Receive: verify, store, sign receipts, publish documents. Ends cleanly on SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    target = serving.broker_at(home.require(), *address)
    options = serving.Options(home, target, keep_messages, feed_port, ask_after)
    serving.Service(options).run()


@main.command()
@home_option
@click.argument("terminal")
@click.option("--refused", is_flag=True, help="Also every entry that was refused.")
@click.option(
    "--seq",
    "seqs",
    type=click.IntRange(0, MOST_SEQ),
    multiple=True,
    help="Also the entry of this number; repeat for each.",
)
def want(home: Home, terminal: str, refused: bool, seqs: tuple[int, ...]) -> None:
    """Ask TERMINAL again for what is missing, now.

    A running `serve` asks by itself, less and less often; this begins anew. What was refused is
    asked for only here: first mend why it was refused.
    """
    found = asking.ask(home.require(), terminal, refused=refused, seqs=seqs)
    if found == asking.Asked(0, 0):
        click.echo(f"nothing of {terminal} is missing")
        return
    click.echo(
        f"{terminal} will be asked for {found.entries} entries and {found.attachments} attachments"
        " as soon as it is online"
    )


@main.command()
@home_option
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def status(home: Home, as_json: bool) -> None:
    """Say what is stored, what was refused, and which alarms are open."""
    found = reports.status(home.require())
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
        return
    for terminal in found["terminals"]:
        chain = terminal["chains"][-1]
        click.echo(
            f"{terminal['terminal']}: entries without a gap up to {chain['next_seq'] - 1},"
            f" highest {chain['highest']}, receipts {terminal['receipts']}"
        )
    click.echo(
        f"{found['entries']} entries, {found['attachments_stored']} of"
        f" {found['attachments_named']} attachments, {found['receipts']} receipts"
    )
    for state, number in found["unsettled"].items():
        click.echo(f"entries {state}: {number}")
    for alarm in found["alarms_open"]:
        click.echo(f"ALARM {alarm['kind']}: {alarm['terminal']} at seq {alarm['seq']}")
    for name, number in found["counters"].items():
        click.echo(f"{name}: {number}")


@main.command()
@home_option
@click.argument("entry", type=int)
def show(home: Home, entry: int) -> None:
    """Show the head and facts of stored ENTRY (its row number), as JSON. Nothing is opened."""
    click.echo(json.dumps(reports.show(home.require(), entry), ensure_ascii=False, indent=1))
