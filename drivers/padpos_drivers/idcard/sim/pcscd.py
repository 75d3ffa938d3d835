"""The real pcscd with vpcd's virtual reader, shut into namespaces of its own.

vpcd listens on all interfaces, so that anyone on the network could present a card: it is only ever
run where the network namespace has nothing but loopback. pcscd's run directory is fixed, so it
gets a mount namespace in which that is a directory of ours.
"""

import json
import os
import socket
import subprocess
from pathlib import Path
from typing import Final

import click

_CONFIG: Final = """\
FRIENDLYNAME "Virtual PCD"
DEVICENAME   /dev/null:0x{port:X}
LIBPATH      {driver}
CHANNELID    0x{port:X}
"""
# The arguments: run directory, configuration directory. exec keeps the process id.
_SCRIPT: Final = (
    'mkdir -p /run/pcscd && mount --bind "$1" /run/pcscd'
    ' && exec pcscd --foreground --critical --config "$2"'
)


def outside_interfaces() -> list[str]:
    """Return the names of interfaces, other than loopback, that have an address."""
    listing = subprocess.run(
        ["ip", "-json", "address", "show"], check=True, capture_output=True, text=True
    ).stdout
    return [
        link["ifname"]
        for link in json.loads(listing)
        if "LOOPBACK" not in link["flags"] and link.get("addr_info")
    ]


def busy_ports(port: int) -> list[int]:
    """Return which of the two ports that vpcd opens, one a slot, are taken."""
    return [number for number in (port, port + 1) if not _is_free(number)]


def prepare(run: Path, port: int, driver: Path) -> tuple[Path, Path]:
    """Write the reader's configuration; return pcscd's run and configuration directories."""
    sockets, config = run / "run", run / "conf"
    for directory in (sockets, config):
        directory.mkdir(parents=True, exist_ok=True)
    (run / "usb").mkdir(exist_ok=True)
    (config / "vpcd").write_text(_CONFIG.format(port=port, driver=driver), encoding="ascii")
    return sockets, config


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError:
            return False
        return True


def _refuse_if_unsafe(port: int) -> None:
    if os.geteuid() != 0:
        raise click.ClickException("only root can make the mount namespace that pcscd needs")
    if names := outside_interfaces():
        raise click.ClickException(
            f"this network namespace reaches the outside ({', '.join(names)}), and vpcd would take"
            " cards from there. Make one of its own: ip netns add NAME;"
            " ip -n NAME link set lo up; then start this with: ip netns exec NAME ..."
        )
    if taken := busy_ports(port):
        raise click.ClickException(f"port {' and '.join(map(str, taken))} is taken already")


@click.command()
@click.option(
    "--run",
    type=click.Path(path_type=Path, file_okay=False, resolve_path=True),
    required=True,
    help="Directory for configuration and sockets; made if missing.",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65534),
    required=True,
    help="Port for cards in the first slot; the second slot takes the port after it.",
)
@click.option(
    "--driver",
    type=click.Path(path_type=Path, exists=True, dir_okay=False, resolve_path=True),
    required=True,
    help="libifdvpcd.so, from the package vsmartcard-vpcd (unpacked, never installed).",
)
def main(run: Path, port: int, driver: Path) -> None:
    """Run the real pcscd with a virtual reader, in the foreground, until ended by a signal.

    Needs root and a network namespace without any way out. Clients find it with
    PCSCLITE_CSOCK_NAME=RUN/run/pcscd.comm; the reader is called "Virtual PCD 00 00". No real
    reader is touched.
    """
    _refuse_if_unsafe(port)
    sockets, config = prepare(run, port, driver)
    environment = os.environ | {"PCSCLITE_HP_DROPDIR": str(run / "usb")}
    command = ["unshare", "--mount", "sh", "-c", _SCRIPT, "sh", str(sockets), str(config)]
    os.execvpe(command[0], command, environment)  # noqa: S606 - no shell between us and the signals


if __name__ == "__main__":
    main()
