"""The demo that keeps running: a workbench page on which a person plays the outside world."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from pathlib import Path

import click
import uvicorn

from padpos_services.demo.cards import Card
from padpos_services.demo.forward import forward
from padpos_services.demo.layout import CLERK, PIN, Layout
from padpos_services.demo.reach import Interpreter
from padpos_services.demo.stage import Stage
from padpos_services.demo.workbench import Workbench
from padpos_services.demo.world import World


async def keep_open(
    work: Path, cards: dict[str, Card], vpcd: Path, head_speed: float, python: Interpreter
) -> bool:
    """Serve until SIGINT or SIGTERM; True, since nothing was expected."""
    stage = Stage(Layout(work), vpcd, head_speed, python)
    try:
        await stage.open(draw_rate=300_000)
        workbench = Workbench(stage, World(stage), cards)
        _say(stage)
        await _until_stopped(
            forward(stage.ports.screen, stage.layout.screen),
            _serve(workbench, stage.ports.workbench),
        )
    finally:
        await stage.close()
    return True


def _say(stage: Stage) -> None:
    ports = stage.ports
    click.echo(f"""
  workbench  工作台    http://127.0.0.1:{ports.workbench}/   play the outside world here
  screen     收寄屏幕  http://127.0.0.1:{ports.screen}/   clerk {CLERK}, PIN {PIN}
  safe number 安全号   http://127.0.0.1:{ports.safenumber}/healthz

  Contracts for a contract customer: C-1001, C-1002. Stop with Ctrl-C.
""")


async def _serve(workbench: Workbench, port: int) -> None:
    config = uvicorn.Config(
        workbench.app(port), host="127.0.0.1", port=port, log_level="warning",
        access_log=False, lifespan="off", timeout_graceful_shutdown=1,
    )  # fmt: skip
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]  # ours stand
    await server.serve()


async def _until_stopped(*servers: object) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    tasks = [asyncio.ensure_future(server) for server in servers]  # type: ignore[call-overload]
    waiting = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([*tasks, waiting], return_when=asyncio.FIRST_COMPLETED)
    for task in (*tasks, waiting):
        task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.gather(*tasks, waiting, return_exceptions=True)
    for task in done - {waiting}:
        task.result()
