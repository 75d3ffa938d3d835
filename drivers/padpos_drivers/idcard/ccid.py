"""The bit of libccid's settings without which it lets no escape command through.

libccid passes SCardControl(SCARD_CTL_CODE(1)) on as PC_to_RDR_Escape only while bit 0 of
``ifdDriverOptions`` is set (its SCARDCONTROL.md). Debian ships it cleared, and it should stay so
where no reader needs it: with it, any program may send a reader anything.
"""

import os
import plistlib
import re
import sys
from pathlib import Path
from typing import Final

import click

SETTINGS: Final = Path("/etc/libccid_Info.plist")
_ESCAPE: Final = 0x0001
_KEY: Final = "ifdDriverOptions"
_LINE: Final = re.compile(rf"(<key>{_KEY}</key>\s*<string>)[^<]*(</string>)")


class SettingsError(Exception):
    """The file is not libccid's settings, or cannot be read or written; the message says which."""


def escape_passes(text: str) -> bool:
    """Tell whether these settings let escape commands through. Raises SettingsError."""
    return bool(_options(text) & _ESCAPE)


def with_escape(text: str, passes: bool) -> str:
    """Return the settings with the bit set or cleared and nothing else changed."""
    options = _options(text)
    options = options | _ESCAPE if passes else options & ~_ESCAPE
    changed = _LINE.sub(rf"\g<1>0x{options:04X}\g<2>", text, count=1)
    if _options(changed) != options:
        raise SettingsError(f"{_KEY} does not stand where it can be changed")
    return changed


def _options(text: str) -> int:
    try:
        value = plistlib.loads(text.encode("utf-8"))[_KEY]
        return int(value, 0)
    except Exception as error:  # noqa: BLE001 - plistlib's, expat's, or a key's: none holds it
        raise SettingsError(f"not libccid's settings: {type(error).__name__}") from None


def _replace(path: Path, text: str) -> None:
    """Write a file anew beside the old one, with the same rights."""
    path = path.resolve()
    beside = path.with_name(f"{path.name}.padpos")
    beside.write_text(text, encoding="utf-8")
    beside.chmod(path.stat().st_mode & 0o777)
    os.replace(beside, path)  # noqa: PTH105 - over a file that is there


@click.command()
@click.option("--on", "wanted", flag_value="on", help="Let escape commands through.")
@click.option("--off", "wanted", flag_value="off", help="Let none through (Debian's own setting).")
@click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=SETTINGS,
    show_default=True,
)
def main(wanted: str | None, path: Path) -> None:
    """Say whether libccid lets escape commands through to a reader, or change it.

    pcscd reads the file when it starts, so restart it after a change.
    """
    try:
        text = path.read_text(encoding="utf-8")
        if wanted is not None and escape_passes(text) != (wanted == "on"):
            text = with_escape(text, wanted == "on")
            _replace(path, text)
            click.echo(f"{path}: changed; restart pcscd")
        click.echo(f"escape commands: {'pass' if escape_passes(text) else 'do not pass'}")
    except (OSError, SettingsError) as error:
        click.echo(f"{path}: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
