"""Promise: the rules of CONTRIBUTING.md hold for every file, not for some."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.repo.tree import ROOT, files, texts

LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
HOME_PATH = re.compile(r"(?<![\w.*-])/(root|home|work)/")
PUT_OFF = re.compile(r"\b(TO[D]O|FIX[M]E|X[X]X)\b(?!: \S.{14})")


def found(pattern: re.Pattern[str]) -> list[str]:
    """Where a pattern stands: file:line."""
    return [
        f"{path}:{number}"
        for path, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def test_imports_run_one_way() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_a_lock_file_names_no_host_and_pins_every_package_by_hash(lock: Path) -> None:
    text = lock.read_text("utf-8")
    assert "://" not in text
    whole = text.replace("\\\n", " ").splitlines()
    requirements = [line for line in whole if line.strip() and not line.lstrip().startswith("#")]
    assert requirements
    wrong = [
        line.split()[0]
        for line in requirements
        if not re.fullmatch(
            r"[\w.\[\]-]+==\S+( +;.*?)?( +--hash=sha256:[0-9a-f]{64})+ *", line.strip()
        )
    ]
    assert wrong == []


def test_no_file_knows_a_path_of_somebodys_machine() -> None:
    assert found(HOME_PATH) == []


def test_what_is_put_off_says_what_and_why() -> None:
    assert found(PUT_OFF) == []


def test_no_two_test_files_share_a_name() -> None:
    names = Counter(path.name for path in files() if re.match(r"test_.*\.py$", path.name))
    assert [name for name, times in names.items() if times > 1] == []


# Written in another alphabet, or the searches would find them here.
@pytest.mark.parametrize("line", ["see |home|somebody|x", "cd |root|padpos", "x = '|work|'"])
def test_the_search_for_paths_finds_one(line: str) -> None:
    assert HOME_PATH.search(line.replace("|", "/"))


@pytest.mark.parametrize(
    "line", ["# TO-DO", "# FIX-ME: later", "# TO-DO later, when there is time"]
)
def test_the_search_for_what_is_put_off_finds_it(line: str) -> None:
    assert PUT_OFF.search(line.replace("-", ""))


def test_a_reason_makes_it_lawful_to_put_something_off() -> None:
    line = "# TO-DO: read the scale once its driver says that it is at rest"
    assert not PUT_OFF.search(line.replace("-", ""))
