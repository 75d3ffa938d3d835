"""Every bench still runs on the code as it is; what its figures are is nobody's test."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from bench.__main__ import BENCHES

ROOT = Path(__file__).resolve().parents[2]
FRAME = {"__init__", "__main__", "frame", "show"}
ON_DISK = {"drain", "ledger", "memory", "start"}


def bench(*words: str) -> str:
    """What `python -m WORDS` prints; a process of its own, as PC/SC remembers its socket."""
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", BENCHES)
def test_a_bench_runs_and_gives_finite_figures(name: str, tmp_path: Path) -> None:
    place = ("--folder", str(tmp_path)) if name in ON_DISK else ()
    place += ("--consignments", "20") if name == "start" else ()

    report = json.loads(bench(f"bench.{name}", "--rounds", "1", "--count", "1", "--json", *place))

    assert (report["bench"], report["rounds"], report["count"]) == (name, 1, 1)
    assert report["ratios"]
    for figure in (*report["ratios"], *report["times"]):
        assert math.isfinite(figure["median"]), figure
        assert figure["median"] > 0, figure


def test_every_bench_is_listed_with_a_line_of_its_own() -> None:
    listed = bench("bench").splitlines()

    assert {f"bench.{path.stem}" for path in (ROOT / "bench").glob("*.py")} == {
        *(line.split()[0] for line in listed),
        *(f"bench.{name}" for name in FRAME),
    }
    assert all(len(line.split(maxsplit=1)) == 2 for line in listed)
