import asyncio
import signal
import socket
from pathlib import Path

import click

from .control import Control
from .interpreter import DOTS_PER_INCH
from .machine import Machine
from .server import LineServer, listen


@click.command()
@click.option(
    "--listen",
    "address",
    default="127.0.0.1:9100",
    show_default=True,
    help="HOST:PORT to print on; port 0 picks a free one. The first output line names it, "
    "when both sockets answer.",
)
@click.option(
    "--control",
    type=click.Path(path_type=Path),
    required=True,
    help="Unix socket for faults: one JSON object a line.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder for the paper: NNN.png as burnt, NNN.escpos as received.",
)
@click.option("--width-dots", default=832, show_default=True, help="Width of the head.")
@click.option(
    "--head-speed", default=0.0, show_default=True, help="Paper speed in mm/s; 0 is no limit."
)
@click.option(
    "--feed-units",
    default=DOTS_PER_INCH,
    show_default=True,
    help="Units per inch of ESC J before GS P; some label printers have 406.",
)
def main(  # noqa: PLR0917 - click passes them by name
    address: str, control: Path, out: Path, width_dots: int, head_speed: float, feed_units: int
) -> None:
    """A 203 dpi ESC/POS label printer on TCP that prints into a folder.

    \b
    Try it:
      python -m padpos_drivers.printer.sim --control /tmp/printer.sock --out /tmp/paper &
      printf 'hello\\n\\x1dV\\x00' | nc -N 127.0.0.1 9100
      echo '{"do":"papers"}' | nc -NU /tmp/printer.sock

    \b
    Faults, on the control socket:
      {"do":"paper-out","after_rows":200}        {"do":"load-paper"}
      {"do":"cover","open":true}                 {"do":"power-cycle"}
      {"do":"silent","on":true,"after":"raster"} {"do":"drop-connection","after_bytes":5000}
      {"do":"lie","on":true}                     {"do":"heal"}
    """
    host, _, port = address.rpartition(":")
    if not port.isdigit():
        raise click.BadParameter("expected HOST:PORT", param_hint="--listen")
    out.mkdir(parents=True, exist_ok=True)
    with listen(host or "127.0.0.1", int(port)) as server:
        asyncio.run(_run(Machine(out, width_dots, head_speed, feed_units), server, control))


async def _run(machine: Machine, server: socket.socket, control: Path) -> None:
    line = LineServer(machine, server)
    machine.start()
    async with await Control(machine, line).listen(control):
        serving = asyncio.create_task(line.run())
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, serving.cancel)
        # Only now: whoever waits for this line may use both sockets at once.
        host, port = server.getsockname()[:2]
        click.echo(f"printing on {host}:{port}")
        await asyncio.wait([serving])
        await machine.stop()
    control.unlink(missing_ok=True)
    if not serving.cancelled():
        serving.result()


if __name__ == "__main__":
    main()
