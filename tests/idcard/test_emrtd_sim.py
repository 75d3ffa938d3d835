"""The simulated chip is proven from outside: it gives ICAO's own answers to ICAO's own commands."""

from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature

from padpos_drivers.idcard.sim.emrtd.access import BacChip, PaceChip, PaceProfile, Secrets
from padpos_drivers.idcard.sim.emrtd.chip import ATR, Chip
from padpos_drivers.idcard.sim.emrtd.points import GROUPS
from padpos_drivers.idcard.sim.emrtd.request import profile_of, request_of
from padpos_drivers.idcard.sim.emrtd.session import Session
from tests.idcard.documents import CHINA, Document
from tests.idcard.icao import EXAMPLES

BAC, PACE = EXAMPLES["bac"], EXAMPLES["pace"]


def octets(example: dict[str, str], name: str) -> bytes:
    return bytes.fromhex(example[name])


def drawn(*values: bytes) -> Callable[[int], bytes]:
    left = list(values)
    return lambda _length: left.pop(0)


def test_the_chips_answers_of_appendix_d_3_hold() -> None:
    draw = drawn(octets(BAC, "rnd_ic"), octets(BAC, "k_ic"))
    chip = BacChip(BAC["mrz_information"].encode(), draw)
    asked = [bytes.fromhex(ask) for ask, _ in BAC["exchange"]]
    answers = [bytes.fromhex(answer)[:-2] for _, answer in BAC["exchange"]]
    assert chip.challenge() == answers[0]
    answer, _ = chip.authenticate(asked[1][5:-1])
    assert answer == answers[1]


@pytest.mark.parametrize("example", [BAC["session"], EXAMPLES["aes"]], ids=["3DES", "AES-256"])
def test_the_chips_answers_of_a_session_hold(example: dict[str, str]) -> None:
    keys = octets(example, "k_enc"), octets(example, "k_mac")
    session = Session(example["suite"], *keys, octets(example, "ssc"))
    content = octets(example, "ef_com")
    for ask, answer in example["exchange"]:
        command = session.open(bytes.fromhex(ask))
        offset = int.from_bytes(command[2:4], "big")
        data = content[offset : offset + command[4]] if command[1] == 0xB0 else b""
        assert session.close(data, b"\x90\x00") == bytes.fromhex(answer)


def test_the_chips_answers_of_appendix_g_1_hold() -> None:
    profile = PaceProfile("AES-128", 13)
    assert profile.card_access() == octets(PACE, "card_access")
    scalars = [int(PACE[name], 16) - 1 for name in ("sk_map_ic", "sk_dh_ic")]
    information = "T22000129364081251010318"
    chip = PaceChip(
        profile,
        Secrets(information.encode()),
        drawn(octets(PACE, "nonce")),
        lambda _below: scalars.pop(0),
    )
    chip.choose(bytes.fromhex(PACE["exchange"][0][0])[5:])
    for ask, answer in PACE["exchange"][1:]:
        data, session = chip.step(bytes.fromhex(ask)[5:-1])
        assert data == bytes.fromhex(answer)[:-2]
    assert session is not None


@pytest.mark.parametrize("number", GROUPS)
def test_the_chips_curves_are_cyclic_of_their_order(number: int) -> None:
    group = GROUPS[number]
    assert group.times(group.n, group.g) is None
    last = group.times(group.n - 1, group.g)
    assert last == (group.g[0], group.p - group.g[1])


def test_the_atr_ends_with_its_check_byte() -> None:
    total = 0
    for byte in ATR[1:]:
        total ^= byte
    assert total == 0
    assert len(ATR) == 5 + 8


def test_files_open_only_inside_a_session_and_a_plain_command_ends_it() -> None:
    chip = Chip(Document().profile(pace=None))
    assert chip.answer(bytes.fromhex("00A4020C02011C")) == b"\x6a\x82"
    assert chip.answer(bytes.fromhex("00A4040C07A0000002471001")) == b"\x90\x00"
    assert chip.answer(bytes.fromhex("00A4020C020101")) == b"\x69\x82"
    assert chip.answer(bytes.fromhex("00B0000004")) == b"\x69\x86"
    assert chip.answer(bytes.fromhex("0084000008"))[-2:] == b"\x90\x00"
    assert chip.answer(b"\x00\x82\x00\x00\x28" + bytes(40) + b"\x28") == b"\x63\x00"
    assert chip.answer(b"\x00\x10") == b"\x6d\x00"
    assert chip.answer(b"\x00\xb0") == b"\x6a\x80"


def test_a_profile_survives_the_control_socket() -> None:
    profile = Document().profile(wrong_mac_after=3)
    assert profile_of(request_of(profile)) == profile
    for broken in (None, {}, {"files": {}, "mrz": 1}, {**request_of(profile), "pace": ["x", 1]}):
        with pytest.raises(ValueError):
            profile_of(broken)


def test_a_states_root_is_its_own_and_no_one_elses() -> None:
    other = type(CHINA)("CN")
    assert other.root.subject == CHINA.root.subject
    signer = CHINA.signer().certificate
    signer.verify_directly_issued_by(CHINA.root)
    with pytest.raises(InvalidSignature):
        signer.verify_directly_issued_by(other.root)
    assert isinstance(x509.load_pem_x509_certificate(CHINA.pem), x509.Certificate)
