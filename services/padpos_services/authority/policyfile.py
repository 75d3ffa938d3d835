"""Reads a policy out of TOML, which people write, into the value that is signed."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from padpos.wire.policy import Duty, MarkText, Policy, Prohibited, Requirement
from padpos_services.authority.errors import NotPublished


@dataclass(frozen=True, slots=True)
class Frame:
    """What a policy needs beside the law itself. Times in ms since the Unix epoch."""

    version: int
    terminal: str
    valid_from: int
    valid_until: int
    draw_rate: int
    commitments: dict[str, bytes]


def read_policy(path: Path | None, frame: Frame) -> Policy:
    """A policy from the file, or from the packaged default. Raises NotPublished."""
    try:
        if path is None:
            text = resources.files(__package__).joinpath("policy.toml").read_text("utf-8")
        else:
            text = path.read_text("utf-8")
        return _policy(tomllib.loads(text), frame)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise NotPublished(f"the policy file does not hold a policy: {error}") from error


def _policy(law: dict[str, Any], frame: Frame) -> Policy:
    return Policy(
        version=frame.version,
        audience=(frame.terminal,),
        valid_from=frame.valid_from,
        valid_until=frame.valid_until,
        document_classes=tuple(law["document_classes"]),
        requirements=tuple(
            Requirement(r["customer"], r["step"], Duty(r["duty"]), r["article"])
            for r in law["requirements"]
        ),
        draw_rate=frame.draw_rate,
        commitments=frame.commitments,
        typed_per_day=law["typed_per_day"],
        freeze_hours=law["freeze_hours"],
        freeze_count=law["freeze_count"],
        prohibited=tuple(Prohibited(g["code"], g["zh"], g["en"]) for g in law["prohibited"]),
        marks=tuple(MarkText(mark, text) for mark, text in law["marks"].items()),
        retention_days=law["retention_days"],
    )
