"""Run the simulated camera worker: python -m padpos_drivers.camera.sim --help."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import click

from padpos_drivers.camera.sim.worker import SimulatedCamera


@click.command()
@click.option("--socket", "pictures", required=True, type=click.Path(path_type=Path))
@click.option("--control", required=True, type=click.Path(path_type=Path))
def main(pictures: Path, control: Path) -> None:
    """A camera worker whose camera sees drawn parcels.

    SOCKET serves pictures to the counter. CONTROL takes JSON lines from the outside world:
    {"do": "parcel", "seed": 7}, {"do": "cover", "on": true}, {"do": "silent", "on": true}.
    """
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(SimulatedCamera().serve(pictures, control))


if __name__ == "__main__":
    main()
