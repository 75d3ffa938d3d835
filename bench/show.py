"""What every bench's command shares: its options, and a report printed for a person or as JSON."""

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import TypeVar

import click

from bench.frame import Fact, Report, Row, Target

ROUNDS = 7
_MET = {None: "", True: "met", False: "MISSED"}
_WIDTHS = (44, 11, 22, 13)
_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))

Command = TypeVar("Command", bound=Callable[..., None])


def options(*, count: int) -> Callable[[Command], Command]:
    """Add the options all benches have; `count` is the default of --count."""
    added = (
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead."),
        click.option(
            "--count",
            type=click.IntRange(min=1),
            default=count,
            show_default=True,
            help="How often each way is done in a round.",
        ),
        click.option(
            "--rounds",
            type=click.IntRange(min=1),
            default=ROUNDS,
            show_default=True,
            help="Rounds in which all ways come by turns.",
        ),
    )

    def decorate(command: Command) -> Command:
        for option in added:
            command = option(command)
        return command

    return decorate


def show(report: Report, as_json: bool) -> None:
    """Print a report."""
    click.echo(json.dumps(asdict(report), ensure_ascii=False) if as_json else table(report))


def table(report: Report) -> str:
    """The report as text: ratios first, since they are what counts."""
    head = f"{report.bench}: median of {report.rounds} rounds × {report.count}, {report.machine}"
    blocks = (
        [head],
        [_row("ratio", "median", "lowest – highest", "target")],
        [_figure(row, _plain) for row in report.ratios],
        [_row("time", "median", "lowest – highest", "target")],
        [_figure(row, _time) for row in report.times],
        [_fact(fact) for fact in report.facts],
        [f"  · {note}" for note in report.notes],
    )
    return "\n".join(line for block in blocks for line in block)


def _figure(row: Row, text: Callable[[float], str]) -> str:
    span = f"{text(row.lowest)} – {text(row.highest)}"
    return _row(row.name, text(row.median), span, _bound(row.target, text), _MET[row.met])


def _fact(fact: Fact) -> str:
    bound = _bound(fact.target, _plain)
    met = None if fact.target is None else fact.target.met_by(fact.value)
    return _row(fact.name, f"{_plain(fact.value)} {fact.unit}".strip(), "", bound, _MET[met])


def _row(name: str, *cells: str) -> str:
    padded = [cell.rjust(width) for cell, width in zip(cells, _WIDTHS[1:], strict=False)]
    return "  ".join(("  " + name.ljust(_WIDTHS[0]), *padded, *cells[len(padded) :])).rstrip()


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def _time(seconds: float) -> str:
    size, unit = next((pair for pair in _UNITS if seconds >= pair[0]), _UNITS[-1])
    return f"{seconds / size:.3g} {unit}"


def _bound(target: Target | None, text: Callable[[float], str]) -> str:
    return f"{'≥' if target.at_least else '≤'} {text(target.limit)}" if target else ""
