"""`padpos batch`: files of recipients, checked here or handed to the running terminal."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import NoReturn

import click

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def batch() -> None:
    """Files of a contract customer's recipients (批量收寄), CSV or XLSX."""


@batch.command("check")
@click.argument("file", type=_FILE)
@click.option("--category", multiple=True, help="A category the agreement names; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def check(file: Path, category: tuple[str, ...], as_json: bool) -> None:
    """Check FILE row by row; fails if a row is wrong. Needs no terminal, keeps nothing."""
    from padpos.upkeep import batch as upkeep  # noqa: PLC0415

    try:
        told = upkeep.check(file, category).as_dict()
    except (upkeep.NotTaken, OSError) as error:
        _fail(error)
    del told["preview"]  # a technician's window is no place for it
    lines = "\n".join(upkeep.as_lines(told))
    click.echo(json.dumps(told, ensure_ascii=False) if as_json else lines)
    if told["faulty"]:
        sys.exit(1)


@batch.command("import")
@click.argument("file", type=_FILE)
@click.option("--config", required=True, type=_FILE, help="The terminal's TOML file.")
@click.option("--contract", required=True, help="The customer's agreement.")
@click.option("--rows", default="", help="Only these rows, as in 2-15,20.")
def import_(file: Path, config: Path, contract: str, rows: str) -> None:
    """Have the running terminal seal FILE's rows; a clerk must be signed in there.

    Asks for the sender's name, phone and address: what stands in a command is kept by the shell.
    """
    from padpos.terminal.config import ConfigError  # noqa: PLC0415
    from padpos.upkeep import batch as upkeep  # noqa: PLC0415
    from padpos.upkeep.screen import NoTerminal  # noqa: PLC0415
    from padpos.wire.personal import Party  # noqa: PLC0415

    asked = (click.prompt(what) for what in ("Sender 寄件人", "Phone 电话", "Address 地址"))
    try:
        told = upkeep.hand_over(file, config, contract, Party(*asked), rows)
    except (upkeep.NotTaken, NoTerminal, ConfigError, OSError) as error:
        _fail(error)
    click.echo("\n".join(upkeep.as_lines(told)))
    click.echo("sealed 已加密导入" if told.get("sealed") else "nothing imported 未导入")
    if not told.get("sealed"):
        sys.exit(1)


def _fail(error: Exception) -> NoReturn:
    click.echo(f"padpos: {error}", err=True)
    sys.exit(1)
