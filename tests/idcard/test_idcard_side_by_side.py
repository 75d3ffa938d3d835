"""Two terminals' test stacks on one machine: same ports, own namespaces, cards never mixed."""

import os
import subprocess
import sys

from tests.idcard.conftest import ROOT


def test_two_whole_stacks_run_side_by_side() -> None:
    """Each judges by its own hand's word: a document of the other's card would fail it."""
    environment = {key: value for key, value in os.environ.items() if key != "PCSCLITE_CSOCK_NAME"}
    command = [sys.executable, "-m", "tests.idcard.cycles", "--count", "5", "--restart-every", "3"]
    both = [
        subprocess.Popen(
            [*command, "--seed", str(seed)],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for seed in (11, 12)
    ]
    for process in both:
        out, _ = process.communicate(timeout=90)
        assert process.returncode == 0, out
        assert "'read':" in out
