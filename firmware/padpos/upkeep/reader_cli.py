"""The commands of `padpos reader`; what they do is imported when they run."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from padpos_drivers.idcard.interface import Access

_READERS = click.option(
    "--reader",
    "named",
    multiple=True,
    help="As in terminal.toml: NAME, pcsc:NAME, escape:NAME or serial:/dev/PORT; may be repeated.",
)
_CONFIG = click.option(
    "--config", type=click.Path(path_type=Path, dir_okay=False), help="Take it from this file."
)


@click.group()
def reader() -> None:
    """Look after the ID-card reader (读卡器): list, watch, test."""


@reader.command("list")
def list_readers() -> None:
    """List readers and serial ports, and what stands in their way (列出读卡器)."""
    from padpos.upkeep import readers  # noqa: PLC0415

    for line in readers.listing():
        click.echo(line)


@reader.command()
@_READERS
@_CONFIG
@click.option("--seconds", type=click.FloatRange(0), help="Stop after so long; else Ctrl-C.")
def watch(named: tuple[str, ...], config: Path | None, seconds: float | None) -> None:
    """Show cards and readers as they come and go (实时显示读卡器事件)."""
    from padpos.upkeep import readers  # noqa: PLC0415

    settings = _settings(named, config)
    with contextlib.suppress(KeyboardInterrupt):
        readers.watch(settings, click.echo, seconds)


@reader.command()
@_READERS
@_CONFIG
@click.option("--wait", default=30.0, show_default=True, help="Seconds to wait for a card.")
@click.option("--count", type=click.IntRange(1, 100), default=1, show_default=True)
@click.option("--document", is_flag=True, help="A passport or permit: asks for what opens it.")
@click.option("--csca", type=click.Path(path_type=Path), help="Root certificates: file or folder.")
def test(
    *,
    named: tuple[str, ...],
    config: Path | None,
    wait: float,
    count: int,
    document: bool,
    csca: Path | None,
) -> None:
    """Read a card COUNT times: timing, what was proven, masked data only (读卡测试)."""
    from padpos.upkeep import readers  # noqa: PLC0415

    settings = _settings(named, config)
    access = _ask_access() if document else None
    try:
        readers.test(settings, click.echo, wait, count, access=access, csca_path=csca)
    except readers.ReaderTestFailed as error:
        _fail(error)


def _ask_access() -> Access:
    """Ask for what is printed on the document: never an argument, which other users could see."""
    from padpos_drivers.idcard.interface import Access  # noqa: PLC0415

    given: str = click.prompt(
        "机读码各行连写，或“号码 出生 到期”，或正面六位数字 /"
        " the lines as one, or NUMBER BIRTH EXPIRY, or the six digits",
        hide_input=True,
    )
    return Access.given(given)


def _settings(named: tuple[str, ...], config: Path | None) -> tuple[str, ...]:
    """The readers that were named, or the configuration's; tells what stands in their way."""
    from padpos.terminal.config import ConfigError, load  # noqa: PLC0415
    from padpos.upkeep import readers  # noqa: PLC0415

    try:
        settings = named or (load(config).readers if config else ())
        if not settings:
            raise click.UsageError("name a reader with --reader, or a file with --config")
        for setting in settings:
            for line in readers.obstacles(setting):
                click.echo(line, err=True)
    except (ConfigError, ValueError) as error:
        _fail(error)
    return settings


def _fail(error: Exception) -> None:
    click.echo(f"padpos: {error}", err=True)
    sys.exit(1)
