"""TOML tables that people write: each value taken by name and type, what is left over refused."""

from __future__ import annotations

from typing import Any

from padpos_services.demo.errors import DemoError


class Table:
    """Takes values out of a TOML table and refuses what is left over."""

    def __init__(self, table: Any, where: str) -> None:
        if not isinstance(table, dict):
            raise DemoError(f"{where}: not a table")
        self._table = dict(table)
        self._where = where

    def take(self, name: str, kind: type, default: Any = ...) -> Any:
        """A value of a type, or the default. Raises DemoError."""
        value = self._table.pop(name, default)
        if value is ...:
            raise DemoError(f"{self._where}: {name} is missing")
        wrong = not isinstance(value, kind) or (kind is int and isinstance(value, bool))
        if value is not default and wrong:
            raise DemoError(f"{self._where}: {name} is not a {kind.__name__}")
        return value

    def choice(self, name: str, choices: tuple[str, ...], default: Any = ...) -> Any:
        """A value out of a closed set. Raises DemoError."""
        value = self.take(name, str, default)
        if value is not default and value not in choices:
            raise DemoError(f"{self._where}: {name} is not one of {', '.join(choices)}")
        return value

    def within(self, name: str, least: int, most: int, default: Any = ...) -> Any:
        """A whole number between two, or the default. Raises DemoError."""
        value = self.take(name, int, default)
        if value is not default and not least <= value <= most:
            raise DemoError(f"{self._where}: {name} is not {least} to {most}")
        return value

    def done(self) -> None:
        """Raises DemoError where something was not taken."""
        if self._table:
            raise DemoError(f"{self._where}: {next(iter(self._table))}: no such setting")
