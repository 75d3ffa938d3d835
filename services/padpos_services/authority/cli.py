"""`padpos-authority`: the real-name authority's receiver and enrolment, in an operator's words."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import click

from padpos.wire.entry import MOST_SEQ
from padpos_services.authority import (
    asking,
    broker,
    carrier,
    enrolment,
    founding,
    policyfile,
    reports,
)
from padpos_services.authority import serve as serving
from padpos_services.authority.draw_cli import draw
from padpos_services.authority.errors import AuthorityError
from padpos_services.authority.home import Home
from padpos_services.authority.publishcommands import home_option, publish
from padpos_services.shared import commands


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
@click.option(
    "--training",
    is_flag=True,
    help="An authority for practice: it enrols training terminals and nothing else.",
)
def init(home: Home, host: str, training: bool) -> None:
    """Make the keys, the CA and the empty store. Done once; nothing is ever overwritten.

    Afterwards `opening/` (it opens Envelopes) and `office/` (it signs policies and certificates)
    belong on machines of their own; `serve` needs `ingest/`, `public/` and `store/` only.
    """
    founding.found(home, host, training=training)
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


main.add_command(publish)
main.add_command(draw)
