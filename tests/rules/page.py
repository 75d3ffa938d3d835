"""docs/rules.md: each of the seven rules, its guards, and the tests that fail without them."""

from __future__ import annotations

from tests.rules.guards import ROOT, Guard, guards, rules

PAGE = ROOT / "docs" / "rules.md"
HEAD = """\
# The seven rules and their guards 七条规则与守卫

What nothing may break, the lines of code that guard it, and the test that fails once such a line
is taken out. Written by `python -m tests.rules page --write` from `tests/rules/guards.toml`; a test
compares. `python -m tests.rules` takes each guard out on a copy of the tree, one at a time, and
runs the tests named here: all of them must fail, and all must pass on the code as it is. It takes a
few minutes; `--rule 4` or `--guard inspect` tries some. The suite tries one of each rule.

每条规则、守住它的代码行，以及去掉该行后必须失败的测试。
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for rule in rules():
        mine = [guard for guard in guards() if guard.rule == rule.number]
        parts += [f"\n## {rule.number}. {rule.english} {rule.chinese}\n\n"]
        parts += ["| guard | without it fails | in |\n|---|---|---|\n", *map(_row, mine)]
    return "".join(parts)


def _row(guard: Guard) -> str:
    tests = "<br>".join(f"`{name}`" for name in map(_short, guard.tests))
    return f"| {guard.what} | {tests} | `{guard.file}` |\n"


def _short(test: str) -> str:
    """A test's own name; its file is told where it stands alone."""
    return test.rpartition("::")[2].removeprefix("test_").replace("_", " ")
