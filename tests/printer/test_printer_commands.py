"""Promise: a head is told what the Epson reference says, and setting up takes no time."""

import os
import subprocess
import sys
from pathlib import Path

from padpos_drivers.printer import commands

SET_UP = """
import os
from padpos_drivers.printer import commands
assert commands.initialise() == bytes.fromhex("1b40")
from escpos.capabilities import CAPABILITIES
print(*CAPABILITIES["profiles"])
assert "ESCPOS_CAPABILITIES_FILE" not in os.environ
"""


def test_the_commands_are_spelled_as_in_the_reference() -> None:
    assert commands.initialise() == bytes.fromhex("1b40")
    assert commands.feed_and_cut() == bytes.fromhex("1d564200")
    assert commands.feed_lines(3) == bytes.fromhex("1b6403")


def test_setting_up_parses_one_profile_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """The library's own database is a fifth of a second of every cold start."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ESCPOS")}
    said = subprocess.run(
        [sys.executable, "-c", SET_UP], env={**kept, "TMPDIR": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (said.returncode, said.stdout.split()) == (0, ["default"]), said.stderr
    assert not list(tmp_path.iterdir())
