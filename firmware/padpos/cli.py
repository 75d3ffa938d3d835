"""The `padpos` command. Sub-commands import what they need when they run: a Pi starts slowly."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import NoReturn

import click

from padpos import __version__
from padpos.upkeep.batch_cli import batch
from padpos.upkeep.reader_cli import reader

_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """The parcel counter terminal: real name at the back, privacy at the front.

    后台实名制，前台隐私化：包裹收寄终端。
    """


@main.command()
@click.option("--config", required=True, type=_FILE, help="The terminal's TOML file.")
def terminal(config: Path) -> None:
    """Run the counter process (收寄终端主进程). It needs no network but loopback."""
    from padpos.terminal import daemon  # noqa: PLC0415
    from padpos.terminal.config import ConfigError  # noqa: PLC0415
    from padpos.terminal.keys import KeysMissing  # noqa: PLC0415
    from padpos.terminal.volatile import NotVolatile  # noqa: PLC0415
    from padpos.wire.keys import CannotSign  # noqa: PLC0415

    try:
        daemon.main(config)
    except (ConfigError, NotVolatile, KeysMissing, CannotSign) as error:
        _fail(error)


@main.command()
@click.option("--config", required=True, type=_FILE, help="The uplink's TOML file.")
def uplink(config: Path) -> None:
    """Run the uplink process (上传进程): sealed bytes up, receipts down, no plaintext."""
    from padpos.uplink import main as uplink_main  # noqa: PLC0415
    from padpos.uplink.config import ConfigError  # noqa: PLC0415

    try:
        uplink_main.main(config)
    except ConfigError as error:
        _fail(error)


@main.group()
def provision() -> None:
    """Make a terminal known to the authority (入网)."""


@provision.command("request")
@click.argument("terminal_id")
@click.option("--keys", required=True, type=_FOLDER, help="The counter's keys; made here.")
@click.option("--uplink", "uplink_keys", required=True, type=_FOLDER, help="The uplink's keys.")
@click.option("--state", required=True, type=_FOLDER, help="The ledger's folder; begun here.")
@click.option("--out", required=True, type=_FILE, help="Where to write the request.")
@click.option(
    "--tpm",
    is_flag=False,
    flag_value="device:/dev/tpmrm0",
    metavar="[TCTI]",
    help="Make the entry key in a TPM 2.0 (default: device:/dev/tpmrm0).",
)
@click.option(
    "--training",
    is_flag=True,
    help="For practice (培训): keys, chain, state and numbers of its own; the id begins training-.",
)
def provision_request(
    *,
    terminal_id: str,
    keys: Path,
    uplink_keys: Path,
    state: Path,
    out: Path,
    tpm: str | None,
    training: bool,
) -> None:
    """Make keys and the first ledger entry, and write the request for the authority."""
    from padpos.ledger.errors import LedgerError  # noqa: PLC0415
    from padpos.ledger.ledger import Clock  # noqa: PLC0415
    from padpos.terminal.clock import now_ms, synchronised  # noqa: PLC0415
    from padpos.upkeep import provision as upkeep  # noqa: PLC0415

    clock = Clock(now_ms, synchronised)
    try:
        asked = upkeep.request(
            terminal_id, keys, uplink_keys, state, clock, tcti=tpm, training=training
        )
        out.write_bytes(asked)
    except (upkeep.ProvisioningError, LedgerError, OSError) as error:
        _fail(error)
    click.echo(f"request written: {out}")


@provision.command("accept")
@click.argument("answer", type=_FOLDER)
@click.option("--keys", required=True, type=_FOLDER, help="The counter's keys.")
@click.option("--uplink", "uplink_keys", required=True, type=_FOLDER, help="The uplink's keys.")
def provision_accept(answer: Path, keys: Path, uplink_keys: Path) -> None:
    """Take the authority's ANSWER folder: certificates and the key to pin."""
    from padpos.upkeep import provision as upkeep  # noqa: PLC0415

    try:
        upkeep.accept(answer, keys, uplink_keys)
    except upkeep.ProvisioningError as error:
        _fail(error)
    click.echo("accepted")


@provision.command("pin")
@click.option("--pin", prompt=True, hide_input=True, confirmation_prompt=True)
def provision_pin(pin: str) -> None:
    """Print the hash of a clerk's PIN, for `clerks` in the terminal's TOML file."""
    from padpos.terminal.clerks import hash_pin  # noqa: PLC0415

    click.echo(hash_pin(pin))


@main.group()
def ledger() -> None:
    """Look after a terminal's ledger (台账). All but `status` need the terminal stopped."""


@ledger.command("list")
@click.option("--config", required=True, type=_FILE, help="The terminal's TOML file.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def ledger_list(config: Path, as_json: bool) -> None:
    """List the entries: number, kind, hash, receipt. Nothing personal is in it."""
    from padpos.upkeep.inspect import Row, rows  # noqa: PLC0415

    def line(row: Row) -> str:
        receipt = "-" if row.receipt is None else f"receipt {row.receipt}"
        return f"{row.seq:6} {row.kind:12} {row.hash[:16]} {receipt} {row.refused or ''}".rstrip()

    try:
        found = rows(config)
    except Exception as error:  # noqa: BLE001 - whatever it is, the technician gets the sentence
        _fail(error)
    if as_json:
        click.echo(json.dumps([row.as_dict() for row in found]))
    else:
        click.echo("\n".join(map(line, found)))


@ledger.command("verify")
@click.option("--config", required=True, type=_FILE, help="The terminal's TOML file.")
def ledger_verify(config: Path) -> None:
    """Check all there is: signatures, links, sealed bytes, photos, the file's structure."""
    from padpos.upkeep.ledger import verify  # noqa: PLC0415

    try:
        click.echo(f"{verify(config, _checked)} entries, the chain holds")
    except Exception as error:  # noqa: BLE001 - whatever it is, the technician gets the sentence
        _fail(error)


@ledger.command("status")
@click.option("--config", required=True, type=_FILE, help="The terminal's TOML file.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def ledger_status(config: Path, as_json: bool) -> None:
    """Tell how the ledger stands (台账状态): what waits, what was refused, room on the disk."""
    from padpos.upkeep import ledger as upkeep  # noqa: PLC0415

    try:
        told = upkeep.status(config)
    except Exception as error:  # noqa: BLE001 - whatever it is, the technician gets the sentence
        _fail(error)
    click.echo(json.dumps(told) if as_json else "\n".join(upkeep.lines(told)))
    sys.exit(1 if "unusable" in told else 0)


@ledger.command("set-aside")
@click.option("--config", required=True, type=_FILE, help="The terminal's TOML file.")
def ledger_set_aside(config: Path) -> None:
    """Move a damaged ledger out of the way (移存损坏的台账). Nothing of it is deleted."""
    from padpos.upkeep import ledger as upkeep  # noqa: PLC0415

    try:
        click.echo(f"set aside: {upkeep.set_aside(config)}")
    except Exception as error:  # noqa: BLE001 - whatever it is, the technician gets the sentence
        _fail(error)


@ledger.command("restore")
@click.argument("name")
@click.option("--config", required=True, type=_FILE, help="The terminal's TOML file.")
def ledger_restore(name: str, config: Path) -> None:
    """Put back the ledger set aside under NAME, if all of it holds (恢复已移存的台账)."""
    from padpos.upkeep import ledger as upkeep  # noqa: PLC0415

    try:
        click.echo(f"{upkeep.restore(config, name, _checked)} entries, the chain holds; put back")
    except Exception as error:  # noqa: BLE001 - whatever it is, the technician gets the sentence
        _fail(error)


@ledger.command("day")
@click.option("--config", required=True, type=_FILE, help="The terminal's TOML file.")
@click.option("--day", help="YYYY-MM-DD in China's time; without it, the day of the newest entry.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def ledger_day(config: Path, day: str | None, as_json: bool) -> None:
    """Sum up a day (日结): by clerk and for the outlet, and what is still owed."""
    from padpos.counter import summary_text  # noqa: PLC0415
    from padpos.upkeep import inspect  # noqa: PLC0415

    try:
        title, found = inspect.day(config, day)
    except Exception as error:  # noqa: BLE001 - whatever it is, the technician gets the sentence
        _fail(error)
    if as_json:
        click.echo(json.dumps(summary_text.as_json(found, title), ensure_ascii=False))
    else:
        click.echo(summary_text.as_text(found, title))


@ledger.command("export")
@click.option("--config", required=True, type=_FILE, help="The terminal's TOML file.")
@click.option("--out", required=True, type=_FILE, help="Where to write the entries.")
def ledger_export(config: Path, out: Path) -> None:
    """Write the signed entries, one a line, for others to check; nothing sealed goes along."""
    from padpos.upkeep.draws import export  # noqa: PLC0415

    try:
        click.echo(f"{export(config, out)} entries written: {out}")
    except Exception as error:  # noqa: BLE001 - whatever it is, the technician gets the sentence
        _fail(error)


@main.group()
def draw() -> None:
    """The spot checks' draw (抽查摇号): anyone can re-compute it."""


@draw.command("verify")
@click.option("--disclosed", required=True, type=_FILE, help="What the authority disclosed (JSON).")
@click.option("--config", type=_FILE, help="The terminal's TOML file: judge its own ledger.")
@click.option("--entries", type=_FILE, help="Or an exported ledger, with the next two:")
@click.option("--certificate", type=_FILE, help="The terminal's entry.pem.")
@click.option("--policy-key", type=_FILE, help="The authority's policy-key.json.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def draw_verify(
    *,
    disclosed: Path,
    config: Path | None,
    entries: Path | None,
    certificate: Path | None,
    policy_key: Path | None,
    as_json: bool,
) -> None:
    """Re-compute every draw of the disclosed days; fails if a row says otherwise."""
    from padpos.upkeep import draws  # noqa: PLC0415

    try:
        told = draws.read_disclosed(disclosed)
        if config is not None and entries is None:
            finding = draws.verify_own(config, told)
        elif config is None and entries and certificate and policy_key:
            finding = draws.verify_exported(entries, certificate, policy_key, told)
        else:
            raise click.UsageError("either --config, or --entries, --certificate and --policy-key")
    except click.UsageError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, the technician gets the sentence
        _fail(error)
    click.echo(json.dumps(finding.as_dict()) if as_json else finding.as_text())
    if finding.wrong:
        sys.exit(1)


def _checked(entries: int) -> None:
    click.echo(f"{entries} entries checked so far 校验中", err=True)


main.add_command(batch)
main.add_command(reader)


def _fail(error: Exception) -> NoReturn:
    click.echo(f"padpos: {error}", err=True)
    sys.exit(1)
