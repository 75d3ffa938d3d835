"""The terminal's configuration file (TOML): where things are, never who anybody is."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from padpos.ledger.room import MIB, Limits
from padpos.terminal.clerks import is_hash
from padpos.wire.keys import Alg
from padpos_drivers.idcard.places import parse_place

_PERSON = re.compile(r"[a-z0-9-]{1,32}")


class ConfigError(Exception):
    """The configuration has a mistake; the message names file and place."""


@dataclass(frozen=True, slots=True)
class TerminalConfig:
    """One terminal. Paths are absolute once loaded.

    `pins` maps a clerk to a PIN's hash, `service` a technician; `volatile` is a memory-backed
    folder, None for this process's memory alone; `csca` is a file or folder of root certificates.
    """

    terminal: str
    carrier: str
    outlet: str
    area: str
    state: Path
    keys: Path
    readers: tuple[str, ...]
    printer_host: str
    printer_port: int
    camera: Path
    link: Path
    listen: tuple[str, ...]
    label_prefix: str
    least_suite: Alg
    pins: dict[str, str]
    limits: Limits = field(default_factory=Limits)
    service: dict[str, str] = field(default_factory=dict)
    volatile: Path | None = None
    csca: Path | None = None


def load(path: Path) -> TerminalConfig:
    """Read the file; paths are relative to its folder. Raises ConfigError."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    return _Reader(path).read(table)


class _Reader:
    """Takes settings one by one and refuses what is left over."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, table: dict[str, Any]) -> TerminalConfig:
        host, port = self._endpoint(table)
        config = TerminalConfig(
            terminal=self._take(table, "terminal", str),
            carrier=self._take(table, "carrier", str),
            outlet=self._take(table, "outlet", str),
            area=self._take(table, "area", str),
            state=self._file(table, "state"),
            keys=self._file(table, "keys"),
            readers=self._readers(table),
            printer_host=host,
            printer_port=port,
            camera=self._file(table, "camera"),
            link=self._file(table, "link"),
            listen=self._listen(table),
            label_prefix=self._take(table, "label_prefix", str),
            least_suite=self._suite(table),
            pins=self._pins("clerks", self._take(table, "clerks", dict)),
            service=self._pins("service", table.pop("service", {})),
            volatile=self._file(table, "volatile") if "volatile" in table else None,
            csca=self._file(table, "csca") if "csca" in table else None,
            limits=Limits(
                least_free=self._mebibytes("least_free_mib", table.pop("least_free_mib", 64)),
                quota=self._mebibytes("quota_mib", table.pop("quota_mib", 4096)),
            ),
        )
        if table:
            raise ConfigError(f"{self._path}: {next(iter(table))}: no such setting")
        if both := config.pins.keys() & config.service.keys():
            raise ConfigError(f"{self._path}: service: {min(both)}: is a clerk; nobody is both")
        return config

    def _take(self, table: dict[str, Any], name: str, kind: type) -> Any:
        value = table.pop(name, None)
        if not isinstance(value, kind):
            raise ConfigError(f"{self._path}: {name}: missing, or not a {kind.__name__}")
        return value

    def _file(self, table: dict[str, Any], name: str) -> Path:
        place: str = self._take(table, name, str)
        return (self._path.parent / place).resolve()

    def _readers(self, table: dict[str, Any]) -> tuple[str, ...]:
        named = table.pop("reader", None)
        readers = named if isinstance(named, list) else [named]
        try:
            if not readers or not all(isinstance(reader, str) for reader in readers):
                raise ValueError("the name of a reader, or a list of them")
            for reader in readers:
                parse_place(reader)
        except ValueError as error:
            raise ConfigError(f"{self._path}: reader: {error}") from error
        return tuple(readers)

    def _endpoint(self, table: dict[str, Any]) -> tuple[str, int]:
        host, _, port = self._take(table, "printer", str).rpartition(":")
        if not host or not port.isdecimal():
            raise ConfigError(f"{self._path}: printer: not a HOST:PORT")
        return host, int(port)

    def _listen(self, table: dict[str, Any]) -> tuple[str, ...]:
        places = self._take(table, "listen", list)
        for place in places:
            if not re.fullmatch(r"127\.0\.0\.1:[0-9]+|unix:.+", str(place)):
                raise ConfigError(
                    f"{self._path}: listen: only 127.0.0.1:PORT or unix:PATH, nothing the "
                    "network can reach"
                )
        return tuple(self._place(str(place)) for place in places)

    def _place(self, place: str) -> str:
        if not place.startswith("unix:"):
            return place
        return f"unix:{(self._path.parent / place.removeprefix('unix:')).resolve()}"

    def _suite(self, table: dict[str, Any]) -> Alg:
        name = table.pop("least_suite", "x-wing")
        suites = {"x-wing": Alg.XWING, "x25519": Alg.X25519}
        if name not in suites:
            raise ConfigError(f"{self._path}: least_suite: x-wing or x25519")
        return suites[name]

    def _mebibytes(self, name: str, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 1 << 20:
            raise ConfigError(f"{self._path}: {name}: a whole number of MiB")
        return value * MIB

    def _pins(self, table: str, pins: Any) -> dict[str, str]:
        if not isinstance(pins, dict):
            raise ConfigError(f"{self._path}: {table}: not a table")
        for person, pin in pins.items():
            if not _PERSON.fullmatch(person) or not isinstance(pin, str) or not is_hash(pin):
                raise ConfigError(
                    f"{self._path}: {table}: {person}: a pseudonym and a PIN's hash, as"
                    " `padpos provision pin` prints it"
                )
        return pins
