"""Promise: a terminal's files say where things are; a mistake in them is named, and nothing
secret or reachable from outside is made by one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography import x509

from padpos.ledger.ledger import Clock, Ledger
from padpos.terminal import config, daemon, keys
from padpos.terminal.clerks import hash_pin
from padpos.terminal.config import ConfigError
from padpos.terminal.keys import KeysMissing
from padpos.upkeep import provision
from padpos.upkeep.provision import ProvisioningError
from padpos.uplink import config as uplink_config
from padpos.wire import entry
from padpos.wire.facts import GenesisFacts
from padpos.wire.keys import Alg
from tests.wire.vector_objects import START, TERMINAL

HASHED = hash_pin("314159")
GOOD = f"""\
terminal = "cn-bj-0042"
carrier = "样例速递"
outlet = "样例路网点"
area = "北京 B01"
state = "state"
keys = "keys"
reader = "reader"
printer = "127.0.0.1:9100"
camera = "camera.sock"
link = "link.sock"
listen = ["127.0.0.1:8080", "unix:screen.sock"]
label_prefix = "HTTPS://L.EXAMPLE.CN/"
[clerks]
clerk-03 = "{HASHED}"
"""
CLOCK = Clock(lambda: START, lambda: True)


def written(folder: Path, text: str) -> Path:
    path = folder / "terminal.toml"
    path.write_text(text, "utf-8")
    return path


def test_a_configuration_is_read_with_its_paths_beside_it(tmp_path: Path) -> None:
    read = config.load(written(tmp_path, GOOD))
    assert (read.state, read.printer_port) == (tmp_path / "state", 9100)
    assert read.listen == ("127.0.0.1:8080", f"unix:{tmp_path / 'screen.sock'}")
    assert read.least_suite is Alg.XWING
    assert read.csca is None
    with_roots = written(tmp_path, GOOD.replace("[clerks]", 'csca = "csca"\n[clerks]'))
    assert config.load(with_roots).csca == tmp_path / "csca"


def test_root_certificates_that_are_no_use_are_named_before_the_counter_opens(
    tmp_path: Path,
) -> None:
    path = written(tmp_path, GOOD.replace("[clerks]", 'csca = "roots.pem"\n[clerks]'))
    with pytest.raises(ConfigError, match=r"terminal\.toml: csca: .*roots\.pem: No such file"):
        daemon.main(path)
    (tmp_path / "roots.pem").write_text("hello")
    with pytest.raises(ConfigError, match="neither certificates nor a whole master list"):
        daemon.main(path)


@pytest.mark.parametrize(
    "place",
    ["0.0.0.0:8080", "192.168.1.7:8080", "[::]:8080", ":8080", "localhost:80", "127.0.0.1:x"],
)
def test_the_screen_listens_nowhere_the_network_can_reach(tmp_path: Path, place: str) -> None:
    """Rule 7: loopback or a Unix socket, and no mistake in a file changes that."""
    text = GOOD.replace('"127.0.0.1:8080"', f'"{place}"')
    with pytest.raises(ConfigError, match="listen"):
        config.load(written(tmp_path, text))


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('terminal = "cn-bj-0042"', "", "terminal"),
        ('outlet = "样例路网点"', "outlet = 5", "outlet"),
        ('"127.0.0.1:9100"', '"printer"', "printer"),
        ("[clerks]", 'least_suite = "md5"\n[clerks]', "least_suite"),
        ("[clerks]", 'colour = "red"\n[clerks]', "colour"),
        ("clerk-03 =", '"李 四" =', "clerks"),
        ("[clerks]", "[clerks", "terminal.toml"),
        (HASHED, "00:00", "provision pin"),
        ("[clerks]", f'service = {{ clerk-03 = "{HASHED}" }}\n[clerks]', "nobody is both"),
        ("[clerks]", "service = 5\n[clerks]", "service"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, old: str, new: str, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        config.load(written(tmp_path, GOOD.replace(old, new)))


def test_the_uplinks_file_is_checked_as_strictly(tmp_path: Path) -> None:
    good = (
        'link = "l"\nhost = "broker"\nport = 8883\nca = "ca.pem"\n'
        'certificate = "tls.pem"\nkey = "tls.key.pem"\n'
    )
    assert uplink_config.load(written(tmp_path, good)).key == tmp_path / "tls.key.pem"
    for bad in (good + "pin = 1\n", good.replace("8883", '"8883"'), "link = "):
        with pytest.raises(uplink_config.ConfigError):
            uplink_config.load(written(tmp_path, bad))


def test_a_request_holds_public_halves_only_and_its_genesis_verifies(tmp_path: Path) -> None:
    """Rule 1: what leaves for enrolment opens and signs nothing."""
    places = (tmp_path / "keys", tmp_path / "uplink", tmp_path / "state")
    asked = json.loads(provision.request(TERMINAL, *places, CLOCK))
    signer = keys.load_entry_key(tmp_path / "keys")
    read, _ = entry.verify(bytes.fromhex(asked["genesis"]), signer.public)
    assert isinstance(read.facts, GenesisFacts)
    assert read.facts.inbox_key.hex() == asked["inbox_key"]
    for name in ("entry_csr", "tls_csr"):
        assert x509.load_pem_x509_csr(asked[name].encode()).is_signature_valid
    for folder in places[:2]:
        for file in folder.iterdir():
            assert file.stat().st_mode & 0o077 == 0, file.name
            secret = file.read_text("ascii").strip()
            assert secret not in json.dumps(asked)
            assert secret.splitlines()[len(secret.splitlines()) // 2] not in json.dumps(asked)


def test_a_terminal_is_not_provisioned_over_its_own_keys(tmp_path: Path) -> None:
    """Rule 3: new keys over an old chain would orphan what it holds."""
    places = (tmp_path / "keys", tmp_path / "uplink", tmp_path / "state")
    provision.request(TERMINAL, *places, CLOCK)
    before = (tmp_path / "keys" / "entry.key.pem").read_bytes()
    with pytest.raises(ProvisioningError):
        provision.request(TERMINAL, *places, CLOCK)
    assert (tmp_path / "keys" / "entry.key.pem").read_bytes() == before
    signer = keys.load_entry_key(tmp_path / "keys")
    assert Ledger(tmp_path / "state", TERMINAL, signer, CLOCK).verify(signer.public) == 1


def test_a_terminal_id_that_is_none_makes_nothing(tmp_path: Path) -> None:
    places = (tmp_path / "keys", tmp_path / "uplink", tmp_path / "state")
    with pytest.raises(ProvisioningError):
        provision.request("../etc", *places, CLOCK)
    assert not list(tmp_path.iterdir())


def test_an_unprovisioned_terminal_says_which_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(KeysMissing, match=keys.INBOX_KEY):
        keys.load(tmp_path)
    with pytest.raises(KeysMissing, match=keys.ENTRY_KEY):
        keys.load_entry_key(tmp_path)
