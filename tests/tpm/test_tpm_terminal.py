"""Promise: to ledger, enrolment and counter a key in a TPM is a key like any other."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cbor2
import httpx
import pytest
from cryptography import x509
from cwt import COSE, COSEKey

from padpos.counter.errors import Invalid
from padpos.counter.flow import Phase
from padpos.ledger.ledger import Clock, Ledger
from padpos.terminal import keys
from padpos.terminal import tpm as terminal_tpm
from padpos.terminal.keys import KeysMissing
from padpos.terminal.tpm import TpmSigner
from padpos.ui.commands import execute
from padpos.upkeep import provision
from padpos.upkeep.provision import ProvisioningError
from padpos.uplink.link import Link
from padpos.wire import certificates
from padpos.wire.facts import ClerkFacts, Kind
from padpos.wire.keys import Alg, CannotSign, PublicKey, key_id
from padpos_drivers.tpm.keyfile import KeyFile
from tests.ledger import shelf
from tests.terminal.counters import Counter, configuration, counter
from tests.terminal.test_terminal_files import GOOD
from tests.uplink.office import until
from tests.wire import second_reader
from tests.wire.vector_objects import START, TERMINAL

if TYPE_CHECKING:
    from tests.tpm.conftest import Tpm

CLOCK = Clock(lambda: START, lambda: True)
HALF = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551 // 2


@pytest.fixture
def signer(tpm: Tpm) -> Iterator[TpmSigner]:
    with contextlib.closing(TpmSigner(terminal_tpm.create(tpm.tcti), limit=1.0)) as made:
        yield made


def padpos(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("padpos"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def authority(*arguments: object) -> None:
    command = [Path(sys.executable).with_name("padpos-authority"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def requested(tpm: Tpm, folder: Path) -> dict[str, str]:
    places = (folder / "keys", folder / "uplink", folder / "state")
    asked: dict[str, str] = json.loads(provision.request(TERMINAL, *places, CLOCK, tcti=tpm.tcti))
    return asked


def test_every_signature_has_the_lower_s(signer: TpmSigner) -> None:
    """Formats §3: a reader refuses the higher one, which a TPM gives every other time."""
    for number in range(40):
        message = number.to_bytes(2)
        signature = signer.sign(message)
        assert len(signature) == 64 and int.from_bytes(signature[32:]) <= HALF
        signer.public.verify(signature, message)


def test_a_ledger_signed_by_a_tpm_opens_and_goes_on(signer: TpmSigner, tmp_path: Path) -> None:
    ledger = shelf.opened(tmp_path, key=signer)
    ledger.begin(shelf.GenesisFacts("test", bytes(32)))
    shelf.parcel(ledger)
    ledger.close()
    again = shelf.opened(tmp_path, key=signer)
    shelf.clerk(again)
    assert again.verify(signer.public) == 3
    again.close()


def test_a_plain_cose_library_verifies_what_a_tpm_signed(signer: TpmSigner, tmp_path: Path) -> None:
    ledger = shelf.opened(tmp_path, key=signer)
    ledger.begin(shelf.GenesisFacts("test", bytes(32)))
    message = ledger.message(0)
    assert message is not None
    raw, public = message.entry, signer.public.raw
    second_reader.check_signature(raw, "entry", public)
    kid = key_id(Alg.ESP256, public)
    key: Any = COSEKey.new({1: 2, -1: 1, -2: public[1:33], -3: public[33:], 3: -9, 2: kid})
    aad = cbor2.dumps(["padpos", 1, "entry"])
    assert COSE.new().decode(raw, key, external_aad=aad) == cbor2.loads(raw).value[2]
    ledger.close()


def test_a_terminal_is_provisioned_with_a_tpm_and_the_authority_enrols_it(
    tpm: Tpm, tmp_path: Path
) -> None:
    """The whole way by the commands: request, enrolment, papers, an entry, the ledger's check."""
    home, places = tmp_path / "authority", (tmp_path / "keys", tmp_path / "uplink")
    into = ("--keys", places[0], "--uplink", places[1])
    done = padpos(
        "provision", "request", TERMINAL, *into, "--state", tmp_path / "state",
        "--tpm", tpm.tcti, "--out", tmp_path / "request.json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    authority("init", "--home", home, "--host", "127.0.0.1")
    authority("enrol", tmp_path / "request.json", "--out", tmp_path / "papers", "--home", home)
    done = padpos("provision", "accept", tmp_path / "papers", *into)
    assert done.returncode == 0, done.stderr

    held = keys.load(places[0])
    certificate = x509.load_pem_x509_certificate((places[0] / "entry.pem").read_bytes())
    der = certificate.public_bytes(provision.Encoding.DER)
    assert certificates.read_entry_certificate(der).key == held.entry.public
    ledger = Ledger(tmp_path / "state", TERMINAL, held.entry, CLOCK)
    ledger.append(Kind.CLERK, ClerkFacts("clerk-03", True))
    ledger.close()
    tpm.pull()
    (tmp_path / "terminal.toml").write_text(GOOD, "utf-8")
    done = padpos("ledger", "verify", "--config", tmp_path / "terminal.toml")
    assert done.stdout == "2 entries, the chain holds\n", "looking needs no TPM"


def test_the_keys_folder_holds_nothing_that_signs(tpm: Tpm, tmp_path: Path) -> None:
    """Rule 1: a thief of the disk cannot sign an entry."""
    requested(tpm, tmp_path)
    assert {path.name for path in (tmp_path / "keys").iterdir()} == {
        keys.TPM_ENTRY_KEY, keys.INBOX_KEY,
    }  # fmt: skip
    assert b"BEGIN PRIVATE KEY" not in (tmp_path / "keys" / keys.TPM_ENTRY_KEY).read_bytes()


def test_without_its_tpm_nothing_is_provisioned_and_nothing_left(tpm: Tpm, tmp_path: Path) -> None:
    tpm.pull()
    with pytest.raises(ProvisioningError, match="no TPM"):
        requested(tpm, tmp_path / "terminal")
    assert not (tmp_path / "terminal").exists()


def test_a_terminal_is_not_provisioned_over_its_key_in_the_tpm(tpm: Tpm, tmp_path: Path) -> None:
    """Rule 3: new keys over an old chain would orphan what it holds."""
    requested(tpm, tmp_path)
    before = (tmp_path / "keys" / keys.TPM_ENTRY_KEY).read_bytes()
    for tcti in (tpm.tcti, None):
        with pytest.raises(ProvisioningError, match="keys already"):
            provision.request(
                TERMINAL, tmp_path / "keys", tmp_path / "up", tmp_path / "s", CLOCK, tcti=tcti
            )
    assert (tmp_path / "keys" / keys.TPM_ENTRY_KEY).read_bytes() == before


def test_two_entry_keys_are_one_too_many(tpm: Tpm, tmp_path: Path) -> None:
    requested(tpm, tmp_path)
    (tmp_path / "keys" / keys.ENTRY_KEY).write_text("")
    with pytest.raises(KeysMissing, match="which one"):
        keys.load_entry_key(tmp_path / "keys")


@contextlib.contextmanager
def running(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """The whole terminal as systemd starts it; neither reader nor printer is there."""
    (folder / "terminal.toml").write_text(GOOD.replace('"127.0.0.1:8080", ', ""), "utf-8")
    command = [Path(sys.executable).with_name("padpos"), "terminal", "--config", "terminal.toml"]
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=15)


async def queued_and_refused(folder: Path) -> tuple[int, dict[str, str]]:
    """How much the uplink is offered, and what a clerk reads who wants to sign in."""
    async with asyncio.timeout(15):
        while not (folder / "screen.sock").exists() or not (folder / "link.sock").exists():
            await asyncio.sleep(0.02)
    link = await Link.connect(folder / "link.sock")
    view = await link.outbox(-1, 10)
    link.close()
    transport = httpx.AsyncHTTPTransport(uds=str(folder / "screen.sock"), retries=3)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        body = {"key": "k" * 8, "command": "sign-in", "clerk": "clerk-03", "pin": "314159"}
        return len(view.entries), (await client.post("/api/command", json=body)).json()


def test_a_terminal_whose_key_does_not_sign_stays_closed_and_still_sends(
    tpm: Tpm, tmp_path: Path
) -> None:
    """Rule 3: what was recorded is sent even if nothing is ever recorded here again."""
    asked = requested(tpm, tmp_path)
    policy = {"alg": -19, "public": asked["inbox_key"]}
    (tmp_path / "keys" / keys.POLICY_KEY).write_text(json.dumps(policy))
    tpm.pull()
    with running(tmp_path) as process:
        queued, said = asyncio.run(queued_and_refused(tmp_path))
        assert queued == 1
        assert said["code"] == "tpm-absent" and "安全芯片" in said["zh"]
        assert process.poll() is None
        tpm.plug_in()
        assert process.wait(15) == 0, "it ends, so that systemd starts it afresh"


def test_a_key_file_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / keys.TPM_ENTRY_KEY).write_text("{}")
    with pytest.raises(KeysMissing, match=keys.TPM_ENTRY_KEY):
        keys.load_entry_key(tmp_path)


@pytest.mark.parametrize("code", ["tpm-absent", "tpm-silent", "tpm-foreign", "tpm-key-damaged"])
def test_what_stops_the_tpm_reaches_the_ledger_by_its_code(
    new_tpm: Callable[[], Tpm], tmp_path: Path, code: str
) -> None:
    tpm = new_tpm()
    file = terminal_tpm.create(tpm.tcti)
    changed: dict[str, Callable[[], KeyFile]] = {
        "tpm-absent": lambda: file,
        "tpm-silent": lambda: file,
        "tpm-foreign": lambda: replace(file, tcti=new_tpm().tcti),
        "tpm-key-damaged": lambda: replace(file, key=file.key.replace("M", "N")),
    }
    {"tpm-absent": tpm.pull, "tpm-silent": tpm.hang}.get(code, lambda: None)()
    ledger = shelf.opened(tmp_path / "ledger", key=TpmSigner(changed[code](), limit=1.0))
    with pytest.raises(CannotSign) as refused:
        ledger.begin(shelf.GenesisFacts("test", bytes(32)))
    assert refused.value.code == code
    assert not ledger.begun, "nothing of it was written"
    ledger.close()


def test_a_signature_that_does_not_verify_never_reaches_the_chain(signer: TpmSigner) -> None:
    """Rule 3: the chain could not be opened again with it in."""
    other = terminal_tpm.create(signer._key._file.tcti)
    signer._public = PublicKey(Alg.ESP256, bytes.fromhex(other.public))
    with pytest.raises(CannotSign, match="does not verify"):
        signer.sign(b"an entry")


def test_a_counter_whose_tpm_goes_says_so_and_goes_on_when_it_is_back(
    tpm: Tpm, signer: TpmSigner, tmp_path: Path
) -> None:
    """Rule 2: no signature, no entry, no label; the same parcel is recorded once it is back."""

    async def parcel() -> None:
        async with counter(tmp_path, entry_key=signer) as made:
            await made.walk_in(until="contents")
            tpm.pull()
            await made.do("confirm")
            assert made.station.state.problem == "tpm-absent"
            assert not made.printer.printed
            tpm.plug_in()
            await made.do("confirm")
            assert made.phase is Phase.DONE
            assert len(made.printer.printed) == 1

    asyncio.run(parcel())
    ledger = Ledger(configuration(tmp_path).state, TERMINAL, signer, CLOCK)
    query = "SELECT raw FROM entries WHERE kind = 'consignment'"
    assert len(ledger.db.execute(query).fetchall()) == 1
    ledger.close()


async def recorded(made: Counter, kind: Kind) -> int:
    """How many entries of a kind there are."""
    query = "SELECT count(*) FROM entries WHERE kind = ?"
    rows = await made.station.in_ledger(made.ledger.db.execute, query, (str(kind),))
    found: int = rows.get
    return found


def test_what_must_be_recorded_waits_for_a_tpm_that_is_away(
    tpm: Tpm, signer: TpmSigner, tmp_path: Path
) -> None:
    """Rule 4: pulled in mid-consignment it closes the counter; the draw and the end come later."""

    async def drawn_and_dropped() -> None:
        async with counter(tmp_path, entry_key=signer) as made:
            tpm.pull()
            await execute(made.station, "begin", {"customer": "contract", "contract": "contract-9"})
            await until(lambda: made.station.closed == "tpm-absent")
            assert await recorded(made, Kind.DRAW) == 0
            tpm.plug_in()
            await made.settle()
            assert made.station.closed is None
            assert await recorded(made, Kind.DRAW) == 1
            tpm.pull()
            await execute(made.station, "abandon", {"reason": "sender-left"})
            await until(lambda: made.station.closed == "tpm-absent")
            tpm.plug_in()
            await made.settle()
            assert await recorded(made, Kind.ABANDONED) == 1

    asyncio.run(drawn_and_dropped())


def test_what_a_crash_left_is_settled_once_the_tpm_is_back(
    tpm: Tpm, signer: TpmSigner, tmp_path: Path
) -> None:
    """Rule 4: a TPM that goes just then does not end the program, nor is the parcel forgotten."""

    async def interrupted() -> None:
        async with counter(tmp_path, entry_key=signer) as made:
            await made.walk_in(until="contents")
        tpm.pull()
        async with counter(tmp_path, entry_key=signer, recover=True) as made:
            assert made.station.closed == "tpm-absent"
            tpm.plug_in()
            await until(lambda: made.station.closed is None)
            assert await recorded(made, Kind.ABANDONED) == 1

    asyncio.run(interrupted())


def test_a_clerk_who_signs_in_without_the_tpm_reads_why(
    tpm: Tpm, signer: TpmSigner, tmp_path: Path
) -> None:
    async def signing_in() -> None:
        async with counter(tmp_path, entry_key=signer, signed_in=False) as made:
            tpm.pull()
            with pytest.raises(Invalid) as refused:
                await made.do("sign-in", clerk="clerk-03", pin="314159")
            assert refused.value.code == "tpm-absent" and "安全芯片" in refused.value.chinese
            assert made.station.clerk is None

    asyncio.run(signing_in())
