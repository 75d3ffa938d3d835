"""The CCID driver's bit for escape commands is found, set and cleared, and nothing else is."""

import plistlib
from pathlib import Path

import pytest
from click.testing import CliRunner

from padpos_drivers.idcard import ccid
from padpos_drivers.idcard.conditions import Condition, conditions

DEBIANS = Path("/etc/libccid_Info.plist")


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """A copy of the settings that Debian's own package has installed, the bit cleared."""
    path = tmp_path / "Info.plist"
    path.write_text(ccid.with_escape(DEBIANS.read_text("utf-8"), False), "utf-8")
    return path


def test_the_bit_is_set_and_cleared_and_nothing_else_is_changed(settings: Path) -> None:
    before = settings.read_text("utf-8")
    assert not ccid.escape_passes(before)
    after = ccid.with_escape(before, True)
    assert ccid.escape_passes(after)
    assert ccid.with_escape(after, False) == before
    changed = [
        (old, new)
        for old, new in zip(before.splitlines(), after.splitlines(), strict=True)
        if old != new
    ]
    assert [new.strip() for _, new in changed] == ["<string>0x0001</string>"]


def test_other_bits_stay_as_they_are(settings: Path) -> None:
    text = settings.read_text("utf-8").replace("<string>0x0000</string>", "<string>0x0030</string>")
    assert plistlib.loads(ccid.with_escape(text, True).encode())["ifdDriverOptions"] == "0x0031"


def test_the_command_changes_the_file_once_and_says_how_it_stands(settings: Path) -> None:
    run = CliRunner().invoke
    assert "do not pass" in run(ccid.main, ["--file", str(settings)]).output
    assert "restart pcscd" in run(ccid.main, ["--on", "--file", str(settings)]).output
    assert "restart" not in run(ccid.main, ["--on", "--file", str(settings)]).output
    assert ccid.escape_passes(settings.read_text("utf-8"))
    assert not list(settings.parent.glob("*.padpos"))


@pytest.mark.parametrize("text", ["", "<plist/>", "<plist><dict/></plist>", "no settings at all"])
def test_a_file_that_is_no_such_settings_is_refused_and_left_alone(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "Info.plist"
    path.write_text(text)
    result = CliRunner().invoke(ccid.main, ["--on", "--file", str(path)])
    assert result.exit_code == 1
    assert "not libccid's settings" in result.output
    assert path.read_text() == text


def test_a_serial_port_that_is_missing_is_told(tmp_path: Path) -> None:
    assert conditions(f"serial:{tmp_path}/none") == (Condition.PORT_MISSING,)
    (tmp_path / "port").touch()
    assert conditions(f"serial:{tmp_path}/port") == ()


def test_a_setting_without_a_place_names_no_reader() -> None:
    for setting in ("", "serial:", "escape: ", "pcsc:"):
        with pytest.raises(ValueError, match="a reader is NAME"):
            conditions(setting)
