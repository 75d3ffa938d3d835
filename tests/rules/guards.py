"""The guards of the seven rules as data: what each is, how it is taken out, who must notice."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIST = Path(__file__).parent / "guards.toml"


@dataclass(frozen=True, slots=True)
class Rule:
    """One of the seven rules, in both languages."""

    number: int
    chinese: str
    english: str


@dataclass(frozen=True, slots=True)
class Guard:
    """One guard: `before` stands once in `file`, `after` in its place takes the guard out."""

    rule: int
    name: str
    what: str
    file: Path
    before: str
    after: str
    tests: tuple[str, ...]

    @property
    def source(self) -> Path:
        """Its file, relative to the root."""
        return Path("firmware") / self.file

    def taken_out(self, text: str) -> str:
        """The file's text without the guard. Raises ValueError where it does not stand there."""
        found = text.count(self.before)
        if found != 1:
            raise ValueError(f"{self.name}: its line stands {found} times in {self.source}")
        return text.replace(self.before, self.after)


def rules() -> tuple[Rule, ...]:
    """The seven."""
    listed = tomllib.loads(LIST.read_text("utf-8"))["rules"]
    return tuple(Rule(int(number), *words) for number, words in listed.items())


def guards() -> tuple[Guard, ...]:
    """All guards, rule by rule."""
    listed = tomllib.loads(LIST.read_text("utf-8"))["guard"]
    return tuple(
        Guard(
            one["rule"], one["name"], one["what"], Path(one["file"]), one["from"], one["to"],
            tuple(one["tests"]),
        )
        for one in listed
    )  # fmt: skip
