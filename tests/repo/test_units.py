"""Promise: systemd knows every setting of the units, and each sandbox is as strict as said."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.repo.tree import ROOT

UNITS = ROOT / "systemd"
needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None,
    reason="systemd-analyze is not on this machine (Debian: package systemd)",
)


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the folder's own check."""
    return subprocess.run([folder / "check"], capture_output=True, text=True, check=False)


def changed(tmp_path: Path, unit: str, old: str, new: str) -> Path:
    """A copy of the units in which one line of one unit is another."""
    folder = tmp_path / "systemd"
    shutil.copytree(UNITS, folder)
    text = (folder / unit).read_text("utf-8")
    assert old in text
    (folder / unit).write_text(text.replace(old, new), "utf-8")
    return folder


@needs_systemd
def test_systemd_has_nothing_to_say_about_the_units() -> None:
    done = check(UNITS)
    assert done.returncode == 0, done.stderr


@needs_systemd
def test_the_check_finds_a_misspelt_setting(tmp_path: Path) -> None:
    folder = changed(tmp_path, "padpos-uplink.service", "ProtectSystem=", "ProtectSystm=")
    assert "ProtectSystm" in check(folder).stderr


@needs_systemd
def test_the_check_finds_a_sandbox_that_was_opened(tmp_path: Path) -> None:
    folder = changed(tmp_path, "padpos-safenumber.service", "User=", "#")
    text = (folder / "padpos-safenumber.service").read_text("utf-8")
    (folder / "padpos-safenumber.service").write_text(
        text.replace("SystemCallFilter", "#"), "utf-8"
    )
    done = check(folder)
    assert done.returncode != 0
    assert "padpos-safenumber.service is more exposed" in done.stderr


@needs_systemd
def test_the_counter_stays_as_strict_when_it_is_let_at_its_tpm(tmp_path: Path) -> None:
    dropped = (UNITS / "padpos-terminal.service.d" / "tpm.conf.example").read_text("utf-8")
    assert [line for line in dropped.splitlines() if line.startswith("DeviceAllow")] == [
        "DeviceAllow=/dev/tpmrm0 rw"
    ]
    settings = dropped.partition("[Service]\n")[2]
    folder = changed(tmp_path, "padpos-terminal.service", "\n[Install]", settings + "\n[Install]")
    done = check(folder)
    assert done.returncode == 0, done.stderr


def test_the_counter_has_a_network_of_its_own_and_the_proxy_reaches_nobody_by_default() -> None:
    counter = (UNITS / "padpos-terminal.service").read_text("utf-8").splitlines()
    assert "PrivateNetwork=yes" in counter
    socket = (UNITS / "padpos-printer-proxy.socket").read_text("utf-8").splitlines()
    assert {"PrivateNetwork=yes", "JoinsNamespaceOf=padpos-terminal.service"} <= set(socket)
    proxy = (UNITS / "padpos-printer-proxy.service").read_text("utf-8").splitlines()
    assert "IPAddressDeny=any" in proxy
    assert not any(line.startswith("IPAddressAllow") for line in proxy)


def test_the_uplink_opens_no_device_and_the_counter_may_ask_for_the_clock() -> None:
    uplink = (UNITS / "padpos-uplink.service").read_text("utf-8").splitlines()
    assert {"PrivateDevices=yes", "DevicePolicy=closed"} <= set(uplink)
    counter = (UNITS / "padpos-terminal.service").read_text("utf-8").splitlines()
    assert any(line.startswith("SystemCallFilter=adjtimex clock_adjtime") for line in counter)
    assert not any(line.startswith("ProtectClock") for line in counter)
