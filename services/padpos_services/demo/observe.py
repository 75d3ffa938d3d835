"""What the kernel says of the houses while they run: users, networks, open files."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from padpos_services.demo.stage import Stage


def observe(stage: Stage) -> dict[str, dict[str, Any]]:
    """By process: its user id, its network interfaces, and the demo's files it has open."""
    return {
        name: _look(running.pid, stage.layout.root)
        for name, running in stage.house.running.items()
        if running.pid is not None
    }


def _look(pid: int, root: Path) -> dict[str, Any]:
    process = Path("/proc") / str(pid)
    links = subprocess.run(
        ["nsenter", f"--net=/proc/{pid}/ns/net", "--", "ip", "-json", "link", "show"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    return {
        "user": process.stat().st_uid,
        "interfaces": sorted(link["ifname"] for link in json.loads(links)),
        "files": sorted(_open_files(process, root)),
    }


def _open_files(process: Path, root: Path) -> set[str]:
    found = set()
    for descriptor in (process / "fd").iterdir():
        try:
            target = descriptor.readlink()
        except OSError:  # closed meanwhile
            continue
        if target.is_relative_to(root):
            found.add(str(target.relative_to(root)))
    return found
