"""Promise: each row of a batch one entry and one valid label, whatever is killed; a slice of it.

The campaign itself is `python -m bench.batches`, with any numbers.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_a_killed_terminal_loses_and_doubles_no_label_of_a_batch() -> None:
    """Rules 2, 4 and 6, for a batch, at a whole counter; the oracle is tried as well."""
    driver = ROOT / ".cache/vpcd/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
    done = subprocess.run(
        [sys.executable, "-m", "bench.batches", "--seed", "4", "--parcels", "12", "--kills", "3"],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={"VPCD_DRIVER": str(driver), **os.environ},
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    assert "each row has one entry and one valid label" in done.stdout
    killed = re.search(r"(\d+) kills", done.stdout)
    assert killed is not None, done.stdout
    assert int(killed[1]) > 0, "nothing was tried"
