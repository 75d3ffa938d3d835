"""The uplink's configuration file (TOML)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path


class ConfigError(Exception):
    """The configuration has a mistake; the message names file and place."""


@dataclass(frozen=True, slots=True)
class UplinkConfig:
    """Where the counter's socket is, where the broker is, and how to be known there."""

    link: Path
    host: str
    port: int
    ca: Path
    certificate: Path
    key: Path
    window: int = 32
    resend_seconds: float = 30.0


_REQUIRED = {"link": str, "host": str, "port": int, "ca": str, "certificate": str, "key": str}
_OPTIONAL = {"window": int, "resend_seconds": float}


def load(path: Path) -> UplinkConfig:
    """Read the file; paths are relative to its folder. Raises ConfigError."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    for name in table.keys() - _REQUIRED.keys() - _OPTIONAL.keys():
        raise ConfigError(f"{path}: {name}: no such setting")
    for name, kind in _REQUIRED.items():
        if not isinstance(table.get(name), kind):
            raise ConfigError(f"{path}: {name}: missing, or not a {kind.__name__}")
    for name, kind in _OPTIONAL.items():
        if name in table and not isinstance(table[name], kind):
            raise ConfigError(f"{path}: {name}: not a {kind.__name__}")
    files = {name: path.parent / table[name] for name in ("link", "ca", "certificate", "key")}
    return UplinkConfig(**{**table, **files})
