"""Promise: what the documents name is there: links, commands, settings, codes, fields."""

from __future__ import annotations

import ast
import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from padpos import cli as terminal_cli
from padpos.counter import reasons
from padpos.uplink import config as uplink_config
from padpos_services.authority import cli as authority_cli
from padpos_services.authority.alarms import AlarmKind
from padpos_services.demo import __main__ as demo_main
from padpos_services.demo import scenario, summary
from padpos_services.demo.cards import Card
from padpos_services.demo.player import Played
from padpos_services.safenumber import cli as safenumber_cli
from tests.repo.tree import ROOT, files

PAGES = [path for path in files() if path.suffix == ".md"]
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
CONSOLE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
PROGRAMS: dict[str, click.Command] = {
    "padpos": terminal_cli.main,
    "padpos-authority": authority_cli.main,
    "padpos-safenumber": safenumber_cli.main,
}
SETUP_WORDS = {"demo", "test", "prepare", "escape", "help"}


def page(name: str) -> str:
    """A page of docs/."""
    return (ROOT / "docs" / name).read_text("utf-8")


def named(text: str) -> set[str]:
    """What stands in backquotes, quotation marks around it or not."""
    return {word.strip('"') for word in re.findall(r"`([^`\n]+)`", text)}


def anchors(path: Path) -> set[str]:
    """A page's headings as the names their links have."""
    headings = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands() -> Iterator[tuple[str, list[str]]]:
    """Every command of a console block: the page it stands in, its words."""
    for path in PAGES:
        for block in CONSOLE.findall(path.read_text("utf-8")):
            for line in block.splitlines():
                assert line.startswith("$ "), f"{path}: {line}: neither a command nor a comment"
                for part in line[2:].split("&&"):
                    yield str(path.relative_to(ROOT)), shlex.split(part)


def literals(file: str, *calls: str) -> set[str]:
    """The first text among the arguments of every call of these names in a source file."""
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            texts = [a.value for a in node.args if isinstance(a, ast.Constant)]
            if node.func.attr in calls and texts and isinstance(texts[0], str):
                found.add(texts[0])
    return found


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    for target in LINK.findall(path.read_text("utf-8")):
        if "://" in target or target.startswith("mailto:"):
            continue
        place, _, anchor = target.partition("#")
        there = (path.parent / place).resolve() if place else path
        assert there.exists(), target
        assert there.is_relative_to(ROOT), target
        if anchor:
            assert anchor in anchors(there), target


def test_every_command_in_the_documents_exists_with_the_options_it_is_given() -> None:
    seen = set()
    for where, words in commands():
        called, *rest = words[1:] if words[0] == "sudo" else words
        name = called.rpartition("/")[2]
        if name in PROGRAMS:
            seen.add(name)
            check_words(where, PROGRAMS[name], rest)
    assert seen == set(PROGRAMS)


def check_words(where: str, command: click.Command, words: list[str]) -> None:
    """A command's sub-commands and options are all there."""
    while isinstance(command, click.Group):
        assert words, f"{where}: {command.name} needs a sub-command"
        assert words[0] in command.commands, f"{where}: there is no {words[0]}"
        command, words = command.commands[words[0]], words[1:]
    known = {option for parameter in command.params for option in parameter.opts}
    for word in words:
        if word.startswith("-"):
            assert word in known, f"{where}: {command.name} has no {word}"
    given = [p for p in command.params if p.required and isinstance(p, click.Option)]
    for parameter in given:
        has = set(parameter.opts) & set(words) or parameter.envvar
        assert has, f"{where}: {command.name} needs {parameter.opts[0]}"


def test_every_module_and_script_that_is_run_in_the_documents_exists() -> None:
    ran = 0
    for where, words in commands():
        if words[:2] == ["python", "-m"]:
            assert importlib.util.find_spec(words[2]), f"{where}: {words[2]}"
            ran += 1
        if "./setup.sh" in words:
            given = words[words.index("./setup.sh") + 1 :]
            assert given[0] in SETUP_WORDS, f"{where}: {given[0]}"
            if given[0] == "demo":
                check_words(where, demo_main.main, [*given[1:], "--vpcd"])
            ran += 1
    assert ran > 3


def test_every_option_of_the_demo_is_told() -> None:
    told = named(page("demo.md"))
    for parameter in demo_main.main.params:
        assert any(word.split()[0] == parameter.opts[0] for word in told), parameter.opts[0]


def test_every_key_of_a_scenario_is_told_and_no_other() -> None:
    keys = literals("services/padpos_services/demo/scenario.py", "take", "choice", "within")
    keys |= {"name", "phone", "address"}
    text = page("demo.md")
    assert len(keys) > 15
    assert keys - {"consignment"} <= named(text)
    rows = re.findall(r"^\| `(\w+)`(?: \(top\))? \|", text.partition("## Scenario")[2]
                      .partition("A fault happens")[0], re.MULTILINE)  # fmt: skip
    assert set(rows) <= keys


def test_every_fault_is_told_with_the_steps_it_can_happen_at() -> None:
    table = page("demo.md").partition("| fault |")[2].partition("\n\n")[0]
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| ([a-z, ]+) \|", table, re.MULTILINE))
    assert rows == {fault: ", ".join(steps) for fault, steps in scenario.FAULTS.items()}


def test_every_outcome_and_every_place_to_leave_is_told() -> None:
    assert {*scenario.OUTCOMES, *scenario.STEPS} <= named(page("demo.md"))


def test_every_field_of_the_summary_is_told() -> None:
    play = scenario.load(scenario.DEFAULT, _any_cards()).plays[0]
    made = summary.summarise((play,), [Played("t", "refused")], [], {})
    label = {"generation", "status", "said_by", "reason", "png", "escpos"}
    fields = {*made, *made["consignments"][0], *made["paths"], *label}
    fields |= {"houses", "personal_data_found", "day", "lines", "owed", "adds_up"}
    assert fields <= named(page("demo.md"))
    assert set(summary.MACHINE_STEPS) <= named(page("demo.md"))


def _any_cards() -> dict[str, Card]:
    text = scenario.DEFAULT.read_text("utf-8")
    names = re.findall(r'^card = "(.+)"$', text, re.MULTILINE)
    return {name: Card(name, "", "00") for name in names}


def test_every_setting_of_the_terminal_is_told_and_no_other() -> None:
    source = "firmware/padpos/terminal/config.py"
    keys = literals(source, "_take", "_file", "pop") - {"name"}
    text = page("technician.md").partition("## terminal.toml")[2].partition("\n## ")[0]
    assert {"terminal", "printer", "listen", "least_suite", "clerks"} <= keys
    assert set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) == keys


def test_every_setting_of_the_uplink_is_told() -> None:
    text = page("technician.md").partition("## uplink.toml")[2].partition("\n## ")[0]
    assert set(uplink_config.UplinkConfig.__slots__) <= named(text)


def test_every_problem_a_clerk_may_meet_is_told_to_the_technician() -> None:
    table = page("technician.md").partition("## What a problem means")[2]
    refused_by_people = {"document-not-shown", "inspection-refused", "prohibited-goods"}
    codes = {*reasons.PROBLEMS, *reasons.REFUSALS, *reasons.CLOSED, *reasons.CONCERNS}
    codes |= {*reasons.VOIDS, *reasons.TYPED_REASONS, *reasons.BATCH}
    codes -= refused_by_people
    assert codes <= named(table)


def test_every_alarm_is_told_to_the_operator() -> None:
    assert {str(kind) for kind in AlarmKind} <= named(page("operator.md"))


def test_the_formats_are_pointed_to() -> None:
    assert "(formats.cddl)" in page("integrator.md")
    assert (ROOT / "docs" / "formats.cddl").read_text("utf-8").startswith("; padpos formats")


def test_decisions_are_short_and_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = set(LINK.findall((folder / "README.md").read_text("utf-8")))
    pages = {path.name for path in folder.glob("0*.md")}
    assert pages == listed
    assert all(len((folder / name).read_text("utf-8").splitlines()) <= 20 for name in pages)
