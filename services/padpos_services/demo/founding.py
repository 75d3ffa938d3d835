"""Founding: keys, certificates, enrolment and signed documents, by the real commands."""

from __future__ import annotations

import asyncio
import json
import os
import re
from pathlib import Path

from padpos_services.authority.policyfile import template
from padpos_services.demo.errors import DemoError
from padpos_services.demo.layout import (
    CARRIER_NAME,
    CLERKS,
    LABEL_PREFIX,
    TERMINAL,
    WORLD_PORTS,
    Layout,
    User,
    give,
)
from padpos_services.demo.processes import Program
from padpos_services.demo.reach import Interpreter


class Office:
    """Runs the command-line tools of the houses, each as the house's own user."""

    def __init__(self, layout: Layout, python: Interpreter) -> None:
        self._layout = layout
        self._python = python
        self._law: Path | None = None

    def stop_at(self, freeze_count: int) -> None:
        """From now on publish the packaged policy with another number of entries to stop at."""
        stated = f"freeze_count = {freeze_count}"
        text, changed = re.subn(r"(?m)^freeze_count = \d+", stated, template())
        if changed != 1:
            raise DemoError("the packaged policy has no freeze_count")
        self._law = self._layout.root / "policy.toml"
        self._law.write_text(text, "utf-8")

    async def padpos(self, *words: str) -> str:
        """The terminal's command, as root: provisioning lays files into two houses."""
        return await self._run("padpos.cli", 0, words)

    async def authority(self, *words: str, as_root: bool = False) -> str:
        """The authority's command."""
        home = ("--home", str(self._layout.authority))
        user = 0 if as_root else User.AUTHORITY
        return await self._run("padpos_services.authority.cli", user, (*words, *home))

    async def carrier(self, *words: str) -> str:
        """The safe-number service's command."""
        home = ("--home", str(self._layout.carrier))
        return await self._run("padpos_services.safenumber.cli", User.CARRIER, (*words, *home))

    async def policy(self, draw_rate: int) -> None:
        """Publish the next version of the policy, with this draw rate in parts per million."""
        file = ("--file", str(self._law)) if self._law else ()
        await self.authority(
            "publish", "policy", "--terminal", TERMINAL, "--draw-rate", str(draw_rate), *file
        )

    async def _run(self, module: str, user: int, words: tuple[str, ...]) -> str:
        script = f"import sys; from {module} import main; sys.argv[0] = '{module}'; main()"
        program = Program(module, [self._python.executable, "-c", script, *words], user)
        process = await asyncio.create_subprocess_exec(
            *program.words(),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "LANG": "C.UTF-8", **self._python.environment}, cwd="/",
        )  # fmt: skip
        out, err = await process.communicate()
        if process.returncode:
            raise DemoError(f"{module} {words[0]}: {err.decode(errors='replace').strip()[-400:]}")
        return out.decode()


async def found(layout: Layout, office: Office, broker_port: int, draw_rate: int) -> str:
    """Found all houses and enrol the terminal: the courier's token."""
    await office.authority("init", "--host", "127.0.0.1")
    await office.carrier("init", "--carrier", CARRIER_NAME)
    await office.authority("carrier-keys", str(layout.carrier / "public" / "keys.json"))
    await _enrol(layout, office)
    for words in (
        ("keys",),
        ("waybills", "--first", "PD2611000001", "--last", "PD2611999999"),
        ("contracts", "--contract", "C-1001", "--contract", "C-1002"),
    ):
        await office.authority("publish", *words, "--terminal", TERMINAL)
    await office.policy(draw_rate)
    await _broker(layout, office, broker_port)
    token = (await office.carrier("courier", "add", "courier-17")).strip()
    pins = {
        clerk: (await office.padpos("provision", "pin", "--pin", pin)).strip()
        for clerk, pin in CLERKS.items()
    }
    _configure(layout, broker_port, pins)
    give(layout.counter, User.COUNTER)
    give(layout.uplink, User.UPLINK)
    return token


async def _enrol(layout: Layout, office: Office) -> None:
    exchange = layout.root / "enrolment"
    exchange.mkdir()
    os.chown(exchange, User.AUTHORITY, User.AUTHORITY)
    houses = ("--keys", str(layout.counter / "keys"), "--uplink", str(layout.uplink))
    request = exchange / "request.json"
    await office.padpos(
        "provision", "request", TERMINAL, *houses,
        "--state", str(layout.counter / "state"), "--out", str(request),
    )  # fmt: skip
    await office.authority("enrol", str(request), "--out", str(exchange / "answer"))
    await office.padpos("provision", "accept", str(exchange / "answer"), *houses)


async def _broker(layout: Layout, office: Office, port: int) -> None:
    out = ("--port", str(port), "--out", str(layout.broker))
    await office.authority("broker-config", *out, as_root=True)
    give(layout.broker, User.BROKER)
    # The feed's token and the authority's public keys are handed over, as between two houses.
    for source in (layout.authority / "ingest/feed.token", layout.authority / "public/keys.json"):
        target = layout.carrier / f"authority-{source.name}"
        target.write_bytes(source.read_bytes())
    give(layout.carrier, User.CARRIER)


def _configure(layout: Layout, broker_port: int, pins: dict[str, str]) -> None:
    config = f"""\
terminal = "{TERMINAL}"
carrier = "{CARRIER_NAME}"
outlet = "示范网点 0731-01"
area = "湖南省长沙市"
state = "state"
keys = "keys"
reader = "Virtual PCD 00 00"
printer = "127.0.0.1:{WORLD_PORTS["printer"]}"
camera = {json.dumps(str(layout.world / "camera.sock"))}
link = {json.dumps(str(layout.link))}
listen = ["127.0.0.1:{WORLD_PORTS["screen"]}", {json.dumps("unix:" + str(layout.screen))}]
label_prefix = "{LABEL_PREFIX}"

[clerks]
"""
    config += "".join(f'{clerk} = "{pin}"\n' for clerk, pin in pins.items())
    layout.config.write_text(config, "utf-8")
    uplink = f"""\
link = {json.dumps(str(layout.link))}
host = "127.0.0.1"
port = {broker_port}
ca = "ca.pem"
certificate = "tls.pem"
key = "tls.key.pem"
"""
    (layout.uplink / "uplink.toml").write_text(uplink, "utf-8")
