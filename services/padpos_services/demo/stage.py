"""The stage: all processes of the demo, started in order, and stopped."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from padpos_services.demo import founding
from padpos_services.demo.founding import Office
from padpos_services.demo.layout import LINK_GROUP, WORLD_PORTS, Layout, User
from padpos_services.demo.namespace import Namespace
from padpos_services.demo.ports import free_ports
from padpos_services.demo.processes import House, Program
from padpos_services.demo.reach import Interpreter
from padpos_services.demo.tell import tell

LOOK_UPS = 3000  # a minute: one courier scans the labels of a whole day


@dataclass(frozen=True, slots=True)
class Ports:
    """Free loopback ports of this machine."""

    broker: int
    feed: int
    safenumber: int
    screen: int
    workbench: int

    @classmethod
    def free(cls) -> Ports:
        """Five ports that nobody has now."""
        return cls(*free_ports(5))


class Stage:
    """Everything that runs; `vpcd` is the path of libifdvpcd.so."""

    def __init__(self, layout: Layout, vpcd: Path, head_speed: float, python: Interpreter) -> None:
        self.layout = layout
        self.ports = Ports.free()
        self.house = House(layout.logs)
        self.office = Office(layout, python)
        self._python = python
        self.courier_token = ""
        self._vpcd = vpcd
        self._head_speed = head_speed
        self._namespace: Namespace | None = None

    async def open(self, draw_rate: int, freeze_count: int | None = None) -> None:
        """Found the houses and start every process. Raises DemoError."""
        self.layout.make()
        if freeze_count is not None:
            self.office.stop_at(freeze_count)
        tell("keys, certificates, enrolment", "密钥、证书、入网")
        self.courier_token = await founding.found(
            self.layout, self.office, self.ports.broker, draw_rate
        )
        self._namespace = await Namespace.make()
        tell("card reader, camera, printer", "读卡器、摄像头、打印机")
        await self._devices(self._namespace)
        tell("broker, authority, safe-number service", "消息代理、实名认证系统、安全号系统")
        await self._back_office()
        tell("counter and uplink", "收寄终端与上传进程")
        await self._terminal(self._namespace)

    async def close(self) -> None:
        """Stop every process."""
        await self.house.stop()
        if self._namespace:
            await self._namespace.close()

    async def broker(self, *, up: bool) -> None:
        """Stop the broker, or start it again."""
        running = self.house.running["broker"]
        if not up:
            await running.stop()
        elif running.pid is None:
            await self.house.start(running.program)
            await self.house.wait_for_port("broker", self.ports.broker)

    def control(self, name: str) -> Path:
        """The control socket of a simulator."""
        return self.layout.world / f"{name}.control"

    async def _devices(self, namespace: Namespace) -> None:
        layout, inside = self.layout, namespace.enter()
        pcscd = (
            "--run", str(layout.pcscd), "--port", str(WORLD_PORTS["vpcd"]),
            "--driver", str(self._vpcd),
        )  # fmt: skip
        card = ("--port", str(WORLD_PORTS["vpcd"]), "--control", str(self.control("card")))
        camera = (
            "--socket", str(layout.world / "camera.sock"), "--control", str(self.control("camera")),
        )  # fmt: skip
        printer = (
            "--listen", f"127.0.0.1:{WORLD_PORTS['printer']}", "--out", str(layout.papers),
            "--control", str(self.control("printer")), "--head-speed", str(self._head_speed),
        )  # fmt: skip
        world = User.WORLD
        start = self.house.start
        await start(self._program("pcscd", "padpos_drivers.idcard.sim.pcscd", pcscd, 0, inside))
        await start(self._program("card", "padpos_drivers.idcard.sim.card", card, world, inside))
        await start(self._program("camera", "padpos_drivers.camera.sim", camera, world, inside))
        await start(self._program("printer", "padpos_drivers.printer.sim", printer, world, inside))
        await self.house.wait_for_socket("pcscd", layout.pcscd / "run" / "pcscd.comm")
        for name in ("card", "camera", "printer"):
            await self.house.wait_for_socket(name, self.control(name))

    async def _back_office(self) -> None:
        layout, ports = self.layout, self.ports
        configuration = str(layout.broker / "mosquitto.conf")
        await self.house.start(
            Program("broker", ["/usr/sbin/mosquitto", "-c", configuration], User.BROKER)
        )
        await self.house.wait_for_port("broker", ports.broker)
        authority = (
            "serve", "--home", str(layout.authority), "--broker", f"127.0.0.1:{ports.broker}",
            "--keep-messages", str(layout.messages), "--feed-port", str(ports.feed),
        )  # fmt: skip
        await self.house.start(
            self._program("authority", "padpos_services.authority", authority, User.AUTHORITY)
        )
        await self.house.wait_for_port("authority", ports.feed)
        carrier = (
            "serve", "--home", str(layout.carrier), "--feed", f"http://127.0.0.1:{ports.feed}/feed",
            "--feed-token", str(layout.carrier / "authority-feed.token"),
            "--feed-key", str(layout.carrier / "authority-keys.json"),
            "--port", str(ports.safenumber), "--per-minute", str(LOOK_UPS),
        )  # fmt: skip
        await self.house.start(
            self._program("safenumber", "padpos_services.safenumber", carrier, User.CARRIER)
        )
        await self.house.wait_for_port("safenumber", ports.safenumber)

    async def _terminal(self, namespace: Namespace) -> None:
        layout = self.layout
        environment = {"PCSCLITE_CSOCK_NAME": str(layout.pcscd / "run" / "pcscd.comm")}
        counter = self._program(
            "terminal", "padpos", ("terminal", "--config", str(layout.config)), User.COUNTER,
            namespace.enter(), groups=(LINK_GROUP, User.WORLD), environment=environment,
            restart=True,
        )  # fmt: skip
        await self.house.start(counter)
        await self.house.wait_for_socket("terminal", layout.screen)
        uplink = self._program(
            "uplink", "padpos", ("uplink", "--config", str(layout.uplink / "uplink.toml")),
            User.UPLINK, groups=(LINK_GROUP,), restart=True,
        )  # fmt: skip
        await self.house.start(uplink)

    def _program(
        self,
        name: str,
        module: str,
        words: tuple[str, ...],
        user: int,
        enter: tuple[str, ...] = (),
        *,
        groups: tuple[int, ...] = (),
        environment: dict[str, str] | None = None,
        restart: bool = False,
    ) -> Program:
        return Program(
            name=name,
            command=[self._python.executable, "-m", module, *words],
            user=user,
            groups=groups,
            enter=enter,
            environment={**self._python.environment, **(environment or {})},
            restart=restart,
        )
