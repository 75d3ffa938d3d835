"""Promise: each guard of the seven rules has a test that fails once the guard is taken out.

`python -m tests.rules` tries all of them; here each list is checked, and one of each rule tried.
"""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from tests.rules import page
from tests.rules.guards import ROOT, Guard, guards, rules
from tests.rules.trial import Copy, Verdict, trial

pytestmark = pytest.mark.timeout(240)
BY_NAME = {guard.name: guard for guard in guards()}
SLICE = (
    "plaintext-gone", "record-before-print", "our-chain-only", "inspect", "inspected",
    "unknown-is-no-success", "closed-folder",
)  # fmt: skip


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """One copy of the tree for all trials."""
    return Copy(tmp_path_factory.mktemp("rules") / "copy")


@cache
def functions(path: str) -> frozenset[str]:
    """The tests of a file, by name."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize("guard", guards(), ids=lambda guard: guard.name)
def test_each_guard_stands_where_the_list_says_and_so_do_its_tests(guard: Guard) -> None:
    changed = guard.taken_out((ROOT / guard.source).read_text("utf-8"))
    ast.parse(changed)
    assert guard.tests
    for test in guard.tests:
        path, _, name = test.partition("::")
        assert name in functions(path), test


def test_every_rule_has_guards_and_every_guard_a_name_of_its_own() -> None:
    assert [rule.number for rule in rules()] == [1, 2, 3, 4, 5, 6, 7]
    assert set(Counter(guard.rule for guard in guards()).values()) <= {*range(4, 30)}
    assert len(BY_NAME) == len(guards())
    assert {BY_NAME[name].rule for name in SLICE} == {1, 2, 3, 4, 5, 6, 7}


def test_the_page_of_the_rules_is_what_the_list_says_today() -> None:
    assert page.PAGE.read_text("utf-8") == page.page(), "run: python -m tests.rules page --write"


@pytest.mark.parametrize("name", SLICE)
def test_a_guard_taken_out_is_noticed(copy: Copy, name: str) -> None:
    """Rules 1 to 7, one guard of each."""
    result = trial(copy, BY_NAME[name])
    assert result.verdict is Verdict.NOTICED, result.seen


def test_the_trial_is_no_rubber_stamp(copy: Copy) -> None:
    """A change that alters nothing passes unnoticed, one that can't be made is told as such."""
    guard = BY_NAME["inspected"]
    same = replace(guard, after=f"{guard.before}  # as before")
    assert trial(copy, same).verdict is Verdict.MISSED
    assert trial(copy, replace(guard, before="no such line")).verdict is Verdict.UNFIT
    assert trial(copy, replace(guard, after="    if (:")).verdict is Verdict.UNFIT
    gone = replace(guard, tests=(f"{guard.tests[0]}_of_old",))
    assert trial(copy, gone).verdict is Verdict.UNFIT


def test_the_tests_in_the_copy_see_the_copy(copy: Copy) -> None:
    for package in ("padpos.counter", "padpos_drivers", "padpos_services"):
        assert copy.imported_from(package).is_relative_to(copy.root)
    assert not copy.root.is_relative_to(Path(ROOT))
