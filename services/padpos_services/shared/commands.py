"""The shape of the services' commands: `--home` on each, and a sentence instead of a traceback."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def home_option(
    make: Callable[[Path], object],
    *,
    envvar: str,
    help: str,  # noqa: A002 - click's own word
) -> Callable[[F], F]:
    """The option that every command of a service has; `make` turns its path into the home."""

    def convert(_context: click.Context, _parameter: click.Parameter, value: Path) -> object:
        return make(value.resolve())

    return click.option(
        "--home",
        type=click.Path(file_okay=False, path_type=Path),
        required=True,
        envvar=envvar,
        callback=convert,
        help=help,
    )


def teaching(*errors: type[Exception]) -> type[click.Group]:
    """A group whose commands end with the error's sentence to the operator, not a traceback."""

    class Teaching(click.Group):
        """Turns the service's own errors into messages and exit code 1."""

        def invoke(self, ctx: click.Context) -> Any:
            """Run."""
            try:
                return super().invoke(ctx)
            except errors as error:
                raise click.ClickException(str(error)) from error

    return Teaching
