"""One run of the whole demo, kept, for all tests that look at what it left behind."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def run_demo(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the demo as setup.sh does."""
    driver = ROOT / ".cache/vpcd/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
    environment = {"VPCD_DRIVER": str(driver), **os.environ}
    return subprocess.run(
        [sys.executable, "-m", "padpos_services.demo", *words],
        capture_output=True, text=True, env=environment, timeout=400, check=False,
    )  # fmt: skip


@pytest.fixture(scope="session")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that `demo --once --keep` left, after exiting 0."""
    folder = tmp_path_factory.mktemp("demo") / "OUT"
    done = run_demo("--once", "--keep", str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="session")
def summary(out: Path) -> dict[str, Any]:
    """Its summary."""
    made: dict[str, Any] = json.loads((out / "summary.json").read_text("utf-8"))
    return made
