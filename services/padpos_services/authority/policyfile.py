"""Reads a policy out of TOML, which people write, into the value that is signed."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from padpos.wire.policy import (
    Choice,
    DocumentClass,
    Duty,
    Limit,
    MarkText,
    NumberRule,
    Policy,
    Prohibited,
    Requirement,
    Subject,
    Switch,
)
from padpos_services.authority.errors import NotPublished

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Frame:
    """What a policy needs beside the law itself. Times in ms since the Unix epoch."""

    version: int
    terminal: str
    valid_from: int
    valid_until: int
    draw_rate: int
    commitments: dict[str, bytes]


def template() -> str:
    """The packaged default policy, as it stands in its file."""
    return resources.files(__package__).joinpath("policy.toml").read_text("utf-8")


def read_policy(path: Path | None, frame: Frame) -> Policy:
    """A policy from the file, or from the packaged default. Raises NotPublished."""
    try:
        text = template() if path is None else path.read_text("utf-8")
        return _policy(_Table(tomllib.loads(text), "policy"), frame)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise NotPublished(f"the policy file does not hold a policy: {error}") from error


class _Table:
    """Takes values out of a TOML table; what is left over is refused, and named."""

    def __init__(self, table: Any, where: str) -> None:
        if not isinstance(table, dict):
            raise TypeError(f"{where}: not a table")
        self._table = dict(table)
        self._where = where

    def text(self, name: str, default: str | None = None) -> str:
        value = self._take(name, default)
        if not isinstance(value, str):
            raise TypeError(f"{self._where}: {name} is not a text")
        return value

    def number(self, name: str) -> int:
        found = self.maybe_number(name)
        if found is None:
            raise KeyError(f"{self._where}: {name} is missing")
        return found

    def maybe_number(self, name: str) -> int | None:
        value = self._table.pop(name, None)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise TypeError(f"{self._where}: {name} is not a whole number")
        return value

    def flag(self, name: str, default: bool | None = None) -> bool:
        value = self._take(name, default)
        if not isinstance(value, bool):
            raise TypeError(f"{self._where}: {name} is neither true nor false")
        return value

    def rows(self, name: str, read: Callable[[_Table], T]) -> tuple[T, ...]:
        found = []
        for index, row in enumerate(self._take(name, None), 1):
            table = _Table(row, f"{name} {index}")
            found.append(read(table))
            table.done()
        return tuple(found)

    def done(self) -> None:
        if self._table:
            raise ValueError(f"{self._where}: {next(iter(self._table))}: no such setting")

    def _take(self, name: str, default: Any) -> Any:
        value = self._table.pop(name, default)
        if value is None:
            raise KeyError(f"{self._where}: {name} is missing")
        return value


def _policy(law: _Table, frame: Frame) -> Policy:
    policy = Policy(
        version=frame.version,
        audience=(frame.terminal,),
        valid_from=frame.valid_from,
        valid_until=frame.valid_until,
        document_classes=law.rows("document_classes", _document_class),
        requirements=law.rows("requirements", _requirement),
        draw_rate=frame.draw_rate,
        commitments=frame.commitments,
        typed_per_day=law.number("typed_per_day"),
        freeze_hours=law.number("freeze_hours"),
        freeze_count=law.number("freeze_count"),
        prohibited=law.rows(
            "prohibited", lambda row: Prohibited(row.text("code"), row.text("zh"), row.text("en"))
        ),
        marks=law.rows(
            "marks",
            lambda row: MarkText(row.text("mark"), row.text("text"), row.text("region", "")),
        ),
        retention_days=law.number("retention_days"),
        limits=law.rows("limits", _limit),
        switches=law.rows("switches", _switch),
        guardian_under=law.number("guardian_under"),
        adult_at=law.number("adult_at"),
        visit_seconds=law.number("visit_seconds"),
    )
    law.done()
    return policy


def _document_class(row: _Table) -> DocumentClass:
    return DocumentClass(
        row.text("code"),
        row.text("zh"),
        row.text("en"),
        NumberRule(row.text("number")),
        row.flag("typed"),
    )


def _requirement(row: _Table) -> Requirement:
    return Requirement(
        row.text("customer"),
        row.text("step"),
        Duty(row.text("duty")),
        row.text("article"),
        row.flag("sure", True),
    )


def _limit(row: _Table) -> Limit:
    return Limit(
        Subject(row.text("subject")),
        row.maybe_number("prompt"),
        row.maybe_number("second"),
        row.maybe_number("refuse"),
    )


def _switch(row: _Table) -> Switch:
    return Switch(
        Choice(row.text("choice")), row.flag("on"), row.text("article"), row.flag("sure", True)
    )
