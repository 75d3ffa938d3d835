"""Takes a guard out of a copy of the tree, and asks the tests named for it whether they notice."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tests.rules.guards import ROOT, Guard

PARTS = ("firmware", "drivers", "services", "tests", "bench")
FOLDERS = tuple(part for part in PARTS if part not in ("tests", "bench"))
SECONDS = 300


class Verdict(StrEnum):
    """What became of a trial."""

    NOTICED = "noticed"
    MISSED = "NOT NOTICED"
    UNFIT = "UNFIT"  # the tests could not be run, or failed without the change as well


@dataclass(frozen=True, slots=True)
class Result:
    """The verdict on one guard, and what was seen."""

    guard: Guard
    verdict: Verdict
    seen: str


@dataclass(frozen=True, slots=True)
class Ran:
    """How a run of tests ended: how many passed, failed, and did not come to a verdict."""

    passed: int
    failed: int
    broken: int
    said: str


class Copy:
    """A copy of the tree, in which tests run against that copy and nothing else."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for part in PARTS:
            ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
            shutil.copytree(ROOT / part, root / part, ignore=ignored)
        shutil.copy(ROOT / "pyproject.toml", root)

    def test(self, *names: str) -> Ran:
        """Run the tests of these names."""
        report = self.root / "report.xml"
        report.unlink(missing_ok=True)
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider", f"--junitxml={report}",
             *names],
            cwd=self.root, env=self._environment(), capture_output=True, text=True, check=False,
            timeout=SECONDS,
        )  # fmt: skip
        return _ran(report, done.stdout + done.stderr)

    def imported_from(self, package: str) -> Path:
        """Where the tests in the copy get a package from."""
        done = subprocess.run(
            [sys.executable, "-c", f"import {package}; print({package}.__file__)"],
            cwd=self.root, env=self._environment(), capture_output=True, text=True, check=True,
        )  # fmt: skip
        return Path(done.stdout.strip())

    @contextmanager
    def without(self, guard: Guard) -> Iterator[None]:
        """The copy with a guard taken out. Raises ValueError where that is no longer possible."""
        path = self.root / guard.source
        kept = path.read_text("utf-8")
        changed = guard.taken_out(kept)
        ast.parse(changed)  # what can't even be read would be noticed by any test
        path.write_text(changed, "utf-8")
        try:
            yield
        finally:
            path.write_text(kept, "utf-8")

    def _environment(self) -> dict[str, str]:
        # No compiled files: two changes within a second would pass for one another.
        return {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(str(self.root / folder) for folder in FOLDERS),
            "PYTHONDONTWRITEBYTECODE": "1",
        }


def trial(copy: Copy, guard: Guard) -> Result:
    """Take one guard out, and see whether its tests fail."""
    try:
        with copy.without(guard):
            ran = copy.test(*guard.tests)
    except (ValueError, SyntaxError, subprocess.TimeoutExpired) as error:
        return Result(guard, Verdict.UNFIT, str(error))
    if ran.broken or not ran.passed + ran.failed:
        return Result(guard, Verdict.UNFIT, ran.said)
    return Result(guard, Verdict.NOTICED if ran.failed else Verdict.MISSED, ran.said)


def _ran(report: Path, output: str) -> Ran:
    last = (output.strip().splitlines() or ["it said nothing"])[-1]
    if not report.exists():
        return Ran(0, 0, 1, last)
    suites = list(ET.parse(report).getroot().iter("testsuite"))

    def count(name: str) -> int:
        return sum(int(suite.get(name, 0)) for suite in suites)

    failed, broken, skipped = count("failures"), count("errors"), count("skipped")
    reasons = [f.get("message", "") for f in ET.parse(report).getroot().iter("failure")]
    said = reasons[0].splitlines()[0][:100] if reasons and reasons[0] else last
    return Ran(count("tests") - failed - broken - skipped, failed, broken, said)
