"""The worked examples of ICAO Doc 9303-11 hold byte for byte: BAC, secure messaging, PACE."""

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from padpos_drivers.idcard.emrtd import bac, card_access, ciphers, curves, mrz, pace, typed
from padpos_drivers.idcard.emrtd.ciphers import Suite
from padpos_drivers.idcard.emrtd.curves import Curve
from padpos_drivers.idcard.emrtd.files import File, read
from padpos_drivers.idcard.emrtd.messaging import SecureChannel
from tests.idcard.icao import EXAMPLES, Script

BAC, PACE = EXAMPLES["bac"], EXAMPLES["pace"]


def octets(example: dict[str, str], name: str) -> bytes:
    return bytes.fromhex(example[name])


def test_the_keys_of_appendix_d_follow_from_the_printed_lines() -> None:
    key = mrz.key_of_fields(BAC["number"], BAC["birth"], BAC["expiry"])
    assert key.decode() == BAC["mrz_information"]
    assert typed.key_of(f"{BAC['number']} {BAC['birth']}\n{BAC['expiry']}") == key
    seed = bac.key_seed(key)
    assert seed == octets(BAC, "k_seed")
    assert ciphers.derive(Suite.TRIPLE_DES, seed, 1) == octets(BAC, "k_enc")
    assert ciphers.derive(Suite.TRIPLE_DES, seed, 2) == octets(BAC, "k_mac")
    session = BAC["session"]
    seed = octets(session, "seed")
    assert ciphers.derive(Suite.TRIPLE_DES, seed, 1) == octets(session, "k_enc")
    assert ciphers.derive(Suite.TRIPLE_DES, seed, 2) == octets(session, "k_mac")


def test_a_number_of_more_than_nine_characters_is_that_of_the_example() -> None:
    example = EXAMPLES["long_number"]
    assert mrz.parse(example["lines"]).key.decode() == example["mrz_information"]
    assert mrz.key_of_fields("D23145890734", "340712", "950712") == mrz.parse(example["lines"]).key


def test_appendix_d_opens_the_chip_and_reads_ef_com_byte_for_byte() -> None:
    chip = Script(BAC["exchange"] + BAC["session"]["exchange"])
    channel = bac.open_channel(
        chip,
        BAC["mrz_information"].encode(),
        nonce=octets(BAC, "rnd_ifd"),
        key=octets(BAC, "k_ifd"),
    )
    assert read(channel, File.COM) == octets(BAC["session"], "ef_com")
    assert chip.spent


@pytest.mark.parametrize("example", [BAC["session"], EXAMPLES["aes"]], ids=["3DES", "AES-256"])
def test_a_recorded_session_is_reproduced_byte_for_byte(example: dict[str, str]) -> None:
    suite = {suite.value[1]: suite for suite in Suite}[example["suite"]]
    cipher = ciphers.with_keys(suite, octets(example, "k_enc"), octets(example, "k_mac"))
    chip = Script(example["exchange"])
    channel = SecureChannel(chip, cipher, octets(example, "ssc"))
    assert read(channel, File.COM) == octets(example, "ef_com")
    assert chip.spent


def drawn(*scalars: str) -> Callable[[Curve], ec.EllipticCurvePrivateKey]:
    """The example's keys in place of drawn ones."""
    left = list(scalars)
    return lambda curve: ec.derive_private_key(int(left.pop(0), 16), curve.value)


def test_appendix_g_agrees_on_its_session_keys_byte_for_byte(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secrets: list[bytes] = []

    def seen(suite: Suite, secret: bytes) -> ciphers.SessionCipher:
        secrets.append(secret)
        return ciphers.session_cipher(suite, secret)

    monkeypatch.setattr(pace, "session_cipher", seen)
    (offer,) = card_access.offers(octets(PACE, "card_access"))
    assert (offer.suite, offer.curve) == (Suite.AES_128, Curve.BRAINPOOL_P256)
    key = mrz.key_of_fields(PACE["number"], PACE["birth"], PACE["expiry"])
    password = pace.Password(pace.Kind.MRZ, key)
    assert password.secret == octets(PACE, "password_secret")
    chip = Script(PACE["exchange"])
    draw = drawn(PACE["sk_map_ifd"], PACE["sk_dh_ifd"])
    pace.open_channel(chip, offer, password, draw=draw)
    assert chip.spent
    assert secrets == [octets(PACE, "shared_secret")]
    assert ciphers.derive(Suite.AES_128, secrets[0], 1) == octets(PACE, "ks_enc")
    assert ciphers.derive(Suite.AES_128, secrets[0], 2) == octets(PACE, "ks_mac")


def test_the_generator_is_mapped_as_in_appendix_g() -> None:
    curve = Curve.BRAINPOOL_P256
    secret = octets(PACE, "password_secret")
    key = ciphers.derive(Suite.AES_128, secret, ciphers.KEY_PASSWORD)
    assert key == octets(PACE, "k_pi")
    nonce = ciphers.decrypt_nonce(Suite.AES_128, key, octets(PACE, "encrypted_nonce"))
    assert nonce == octets(PACE, "nonce")
    theirs = curve.point(bytes.fromhex(PACE["exchange"][2][1])[4:-2], "test")
    shared = curves.multiply(curve, int(PACE["sk_map_ifd"], 16), theirs)
    assert curves.encoded(curve, shared) == octets(PACE, "h")
    times = ec.derive_private_key(int.from_bytes(nonce, "big"), curve.value).public_key()
    mapped = curves.add(curve, curves.affine(times), shared)
    assert curves.encoded(curve, mapped) == octets(PACE, "mapped_generator")


@pytest.mark.parametrize("curve", list(Curve), ids=lambda curve: curve.name)
def test_the_curves_here_are_those_of_the_library(curve: Curve) -> None:
    numbers = curve.numbers
    generator = curves.affine(ec.derive_private_key(1, curve.value).public_key())
    x, y = generator
    assert (x**3 + numbers.a * x + numbers.b - y * y) % numbers.p == 0
    last = curves.affine(ec.derive_private_key(numbers.n - 1, curve.value).public_key())
    assert last == (x, numbers.p - y)
    own, other = curve.draw(), curve.draw()
    product = curves.multiply(curve, own.private_numbers().private_value, other.public_key())
    assert product[0].to_bytes(curve.point_length // 2, "big") == own.exchange(
        ec.ECDH(), other.public_key()
    )
    doubled = curves.add(curve, generator, generator)
    assert doubled == curves.affine(ec.derive_private_key(2, curve.value).public_key())
    times = own.private_numbers().private_value
    from_generator = curves.multiply(
        curve, times, ec.derive_private_key(1, curve.value).public_key()
    )
    assert from_generator == curves.affine(own.public_key())
