"""Each guard of the seven rules taken out on a copy; the tests named for it must fail.

Exits 0 only if every one was noticed, by tests that pass on the code as it is.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import click

from tests.rules import page
from tests.rules.guards import Guard, guards
from tests.rules.trial import Copy, Result, Verdict, trial


@click.group(invoke_without_command=True, help=__doc__)
@click.option("--rule", "numbers", type=click.IntRange(1, 7), multiple=True, help="Only this rule.")
@click.option("--guard", "names", multiple=True, help="Only the guard of this name.")
@click.pass_context
def main(context: click.Context, numbers: tuple[int, ...], names: tuple[str, ...]) -> None:
    if context.invoked_subcommand is not None:
        return
    chosen = [
        guard
        for guard in guards()
        if (not numbers or guard.rule in numbers) and (not names or guard.name in names)
    ]
    if not chosen:
        raise click.UsageError("no such guard")
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="padpos-rules-") as folder:
        results = list(_tried(Copy(Path(folder) / "copy"), chosen))
    noticed = sum(result.verdict is Verdict.NOTICED for result in results)
    seconds = time.monotonic() - started
    click.echo(f"{noticed} of {len(results)} guards taken out were noticed, {seconds:.0f} s")
    sys.exit(0 if noticed == len(results) else 1)


def _tried(copy: Copy, chosen: list[Guard]) -> list[Result]:
    names = sorted({test for guard in chosen for test in guard.tests})
    sound = copy.test(*names)
    if sound.failed or sound.broken or not sound.passed:
        raise click.ClickException(f"the tests fail on the code as it is: {sound.said}")
    click.echo(f"{sound.passed} tests pass on the code as it is")
    results = []
    for guard in chosen:
        result = trial(copy, guard)
        click.echo(f"{result.verdict:12} rule {guard.rule}  {guard.name:26} {result.seen[:80]}")
        results.append(result)
    return results


@main.command("page")
@click.option("--write", is_flag=True, help="Put it in its place, docs/rules.md.")
def write_page(write: bool) -> None:
    """The guards as a page of the docs."""
    if write:
        page.PAGE.write_text(page.page(), "utf-8")
    else:
        click.echo(page.page(), nl=False)


if __name__ == "__main__":
    main()
