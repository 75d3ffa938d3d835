"""A cold start behind a long backlog, against the same with next to none."""

import contextlib
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import httpx
from cryptography.hazmat.primitives.asymmetric import ec

from bench.faults.shop import facts_of
from bench.frame import Measure, Plan, Ratio, Target, Way, told
from bench.frame import run as run_frame
from bench.ledger import FOLDER
from bench.sealing import CONSIGNMENT, TERMINAL, consignment, seal_consignment
from bench.show import options, show
from padpos.ledger.held import Held
from padpos.ledger.ledger import Clock, Ledger
from padpos.ledger.papers import Papers
from padpos.terminal import keys as terminal_keys
from padpos.terminal.clerks import hash_pin
from padpos.terminal.clock import now_ms
from padpos.terminal.standing import Standing
from padpos.upkeep import provision
from padpos.wire.documents import WaybillRange, Waybills
from padpos.wire.entry import Attachment
from padpos.wire.envelope import JPEG_TYPE
from padpos.wire.facts import DrawFacts, Kind
from padpos.wire.ids import day_of
from padpos.wire.keys import Alg, PublicKey, SoftwareSigner, sealing_public
from padpos.wire.keyset import KeySet, Use
from padpos.wire.policy import Policy
from padpos_services.authority.policyfile import Frame, read_policy

CONSIGNMENTS = 10_000
PHOTO_BYTES = 4_000
A_DAY = 500  # consignments: the backlog is of several days
AT_ONCE = 100  # consignments in one transaction, so that filling takes no hour
CARRIER, CLERK, PIN = "bench", "c-01", "314159"
LONGEST = 60.0
DAY_MS = 24 * 3600 * 1000
IMPORTS = "import padpos.terminal.daemon, padpos.cli"
CLOCK = Clock(now_ms, lambda: True)


class PastClock:
    """Goes from as many days ago as the consignments take up to now."""

    def __init__(self, consignments: int) -> None:
        self._step = DAY_MS // (A_DAY * 4)
        self._now = now_ms() - self._step * 4 * consignments

    def now(self) -> int:
        """One entry further on; never later than now."""
        self._now = min(self._now + self._step, now_ms())
        return self._now


@dataclass(frozen=True, slots=True)
class Counter:
    """A provisioned terminal in a folder, and what waits in its ledger."""

    folder: Path
    consignments: int

    def fill(self) -> None:
        """Provision it, give it its documents, and record so many consignments, none sent."""
        request = provision.request(
            TERMINAL, self._at("keys"), self._at("uplink"), self._at("state"), CLOCK
        )
        assert request  # what an authority would be asked
        authority = SoftwareSigner(ec.generate_private_key(ec.SECP256R1()))
        pinned = f'{{"alg": {int(authority.public.alg)}, "public": "{authority.public.raw.hex()}"}}'
        (self._at("keys") / terminal_keys.POLICY_KEY).write_text(pinned)
        self._at("terminal.toml").write_text(settings(), "utf-8")
        keys = terminal_keys.load(self._at("keys"))
        past = Clock(PastClock(self.consignments).now, lambda: True)
        ledger = Ledger(self._at("state"), TERMINAL, keys.entry, past)
        with contextlib.closing(ledger):
            standing = Standing(ledger, Held(ledger), keys, CARRIER)
            for kind, raw in documents(authority).items():
                if standing.take(kind, raw) != "ok":
                    raise click.ClickException(f"{kind}: not accepted")
            Shelf(ledger, standing).stock(self.consignments)

    def start(self) -> float:
        """Seconds from the start of the process until a consignment was begun.

        The sign-in in between is left out: it waits for a person, and is slow by intention.
        """
        self._forget()
        log = self._at("log").open("ab")
        started = time.perf_counter()
        words = [sys.executable, "-m", "padpos", "terminal", "--config", "terminal.toml"]
        process = subprocess.Popen(words, cwd=self.folder, stdout=log, stderr=log)
        transport = httpx.HTTPTransport(uds=str(self._at("screen.sock")))
        try:
            with httpx.Client(transport=transport, base_url="http://127.0.0.1") as client:
                self._answered(client, process, started)
                answered = time.perf_counter() - started
                command(client, "sign-in", clerk=CLERK, pin=PIN)
                before = time.perf_counter()
                command(client, "begin", customer="walk-in")
                return answered + time.perf_counter() - before
        finally:
            process.kill()  # as a power cut ends it: the next start finds a consignment in hand
            process.wait()
            log.close()

    def _answered(
        self, client: httpx.Client, process: "subprocess.Popen[bytes]", started: float
    ) -> None:
        while process.poll() is None and time.perf_counter() - started < LONGEST:
            with contextlib.suppress(httpx.TransportError):
                told = client.get("/api/state").json()
                if told["ready"] and told["closed"] is None:
                    return
            time.sleep(0.002)
        raise click.ClickException(f"the terminal does not come up: {self._at('log').read_text()}")

    def _forget(self) -> None:
        """Have the kernel forget what of the ledger it holds in memory; what it can't, stays."""
        self._at("screen.sock").unlink(missing_ok=True)
        for path in self._at("state").glob("ledger.sqlite*"):
            descriptor = os.open(path, os.O_RDONLY)
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)

    def _at(self, name: str) -> Path:
        return self.folder / name


class Shelf:
    """Records contract parcels as a counter does: draw, parcel with a photo, label and its end."""

    def __init__(self, ledger: Ledger, standing: Standing) -> None:
        self._ledger = ledger
        self._held = Held(ledger)
        self._papers = Papers(ledger)
        self._waybills = standing.waybills
        key = sealing_public(Alg.XWING, secrets.token_bytes(32))
        self._sealed, self._carrier = seal_consignment(consignment(), "PD2611000001", [key])

    def stock(self, consignments: int) -> None:
        """Four entries, two Envelopes, a photo and a paper each."""
        for first in range(0, consignments, AT_ONCE):
            with self._ledger.transaction():
                for _ in range(first, min(first + AT_ONCE, consignments)):
                    self._parcel(secrets.token_bytes(len(CONSIGNMENT)))

    def _parcel(self, name: bytes) -> None:
        assert self._waybills is not None  # `Counter.fill` gave them
        sha256 = self._held.keep_photo(name, secrets.token_bytes(PHOTO_BYTES), JPEG_TYPE)
        photo = Attachment(sha256, PHOTO_BYTES, JPEG_TYPE)
        day, contract = day_of(now_ms()), "C-1001"
        n = self._held.next_draw(day, contract)
        self._ledger.append(Kind.DRAW, DrawFacts(name, day, contract, n, 1))
        waybill = self._held.take_waybill(self._waybills, now_ms())
        self._papers.add(name, waybill, tuple(secrets.token_bytes(261) for _ in range(3)), ["—"])
        self._ledger.append(
            Kind.CONSIGNMENT,
            facts_of(name, waybill, self._sealed, [photo]),
            sealed=self._sealed,
            carrier=self._carrier,
            attachments=[photo],
        )
        paper = self._papers.get(name)
        assert paper is not None  # added above
        self._papers.settle(paper, 1, "intended", "terminal", None)
        self._papers.settle(paper, 1, "printed", "printer", None)


def settings() -> str:
    """The terminal's file. No reader, printer or camera answers, nor need they."""
    return (
        f'terminal = "{TERMINAL}"\ncarrier = "{CARRIER}"\noutlet = "测试路网点"\narea = "测试"\n'
        'state = "state"\nkeys = "keys"\nreader = "none"\nprinter = "127.0.0.1:9"\n'
        'camera = "camera.sock"\nlink = "link.sock"\nlisten = ["unix:screen.sock"]\n'
        'label_prefix = "HTTPS://P.EXAMPLE/"\nleast_free_mib = 1\n'
        f'[clerks]\n{CLERK} = "{hash_pin(PIN)}"\n'
    )


def documents(authority: SoftwareSigner) -> dict[str, bytes]:
    """What the counter needs to open; the policy freezes nothing."""
    now, other = now_ms(), SoftwareSigner(ec.generate_private_key(ec.SECP256R1()))
    keys = tuple(_keys(other.public))
    key_set = KeySet(1, TERMINAL, now - DAY_MS, now + DAY_MS, keys)
    waybills = Waybills(1, TERMINAL, (WaybillRange("PD00000001", "PD99999999", now + DAY_MS),))
    return {
        "keys": key_set.sign(authority).raw,
        "policy": law(now).sign(authority).raw,
        "waybills": waybills.sign(other).raw,
    }


def law(now: int) -> Policy:
    """The packaged policy, but that nothing is frozen however long the backlog."""
    frame = Frame(1, TERMINAL, now - DAY_MS, now + DAY_MS, draw_rate=0, commitments={})
    return replace(read_policy(None, frame), freeze_hours=1000, freeze_count=1_000_000)


def _keys(waybills: PublicKey) -> Iterator[tuple[Use, PublicKey]]:
    for use in (Use.UPLOAD, Use.CARRIER):
        yield use, sealing_public(Alg.XWING, secrets.token_bytes(32))
    yield Use.LABEL, sealing_public(Alg.LABEL, secrets.token_bytes(32))
    yield Use.WAYBILLS, waybills


def command(client: httpx.Client, name: str, **arguments: str) -> None:
    """Have the terminal do it."""
    body: dict[str, Any] = {"key": secrets.token_hex(8), "command": name, **arguments}
    answer = client.post("/api/command", json=body)
    if answer.status_code != httpx.codes.OK:
        raise click.ClickException(f"{name}: {answer.text}")


def imports() -> float:
    """Seconds that Python takes to start and to import the program."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", IMPORTS], check=True)
    return time.perf_counter() - started


@contextmanager
def plan(place: Path, consignments: int) -> Iterator[Plan]:
    """Two terminals in a new folder under `place`."""
    with tempfile.TemporaryDirectory(prefix="padpos-", dir=place) as name:
        ways = []
        for number in (consignments, 1):
            counter = Counter(Path(name) / str(number), number)
            counter.folder.mkdir()
            counter.fill()
            ways.append(Way(_named(number), _once(counter), Target(1.0)))
        yield Plan(
            ways=(*ways, Way("Python and imports alone", told(imports))),
            ratios=(
                Ratio(f"{_named(consignments)} / {_named(1)}", _named(consignments), _named(1)),
                Ratio("of it imports", "Python and imports alone", _named(consignments)),
            ),
            notes=(
                "From the start of the process until a consignment was begun; signing in left out.",
                f"A consignment: 4 entries, 2 Envelopes, a small photo, all unsent; {A_DAY} a day.",
                "The process before was killed with a consignment in hand; the kernel was asked to "
                "forget the database.",
            ),
        )


def _named(consignments: int) -> str:
    return f"start behind {consignments:,}"


def _once(counter: Counter) -> Measure:
    return told(counter.start)


@click.command()
@options(count=1)
@click.option(
    "--consignments",
    type=click.IntRange(min=2),
    default=CONSIGNMENTS,
    show_default=True,
    help="How many wait to be sent.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=FOLDER,
    show_default=True,
    help="Where to write: a folder on the disk in question, not in memory.",
)
def main(rounds: int, count: int, as_json: bool, consignments: int, folder: Path) -> None:
    """Start the terminal behind a backlog of 10,000 consignments, and begin the next one."""
    with plan(folder, consignments) as planned:
        show(run_frame("start", planned, rounds, count), as_json)


if __name__ == "__main__":
    main()
