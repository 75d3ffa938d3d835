"""Envelopes and label codes: opened by whom, for what, and as what they were sealed (§§4, 10)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cbor2
import pytest

from padpos.wire import cbor, envelope, label_code
from padpos.wire.errors import CannotOpen, Malformed, SealingRefused, TooLarge, WireError, WrongKey
from padpos.wire.keys import Alg, PublicKey
from tests.wire.reading import envelope_vector, private_key, public_key, vectors
from tests.wire.vector_objects import PREFIX, label_plains

BINDING = envelope.Binding("cn-bj-0042", "consignment", bytes(16))


def sealed(content: bytes = b"x", recipient: str = "upload-x25519") -> bytes:
    return envelope.seal(content, BINDING, [public_key(recipient)])


def opened(raw: bytes, binding: envelope.Binding = BINDING, key: str = "upload-x25519") -> bytes:
    return envelope.open_envelope(raw, binding, public_key(key).id, private_key(key))[0]


def rebuilt(raw: bytes, index: int, value: Any) -> bytes:
    parts = list(cbor2.loads(raw).value)
    parts[index] = value
    return cbor.dumps(cbor.Tagged(96, parts))


@pytest.mark.parametrize("key", ["upload", "upload-x25519"])
@pytest.mark.parametrize(
    "changed", [{"terminal": "cn-bj-0043"}, {"purpose": "carrier"}, {"context": b"\1" * 16},
                {"context": b""}],
)  # fmt: skip
def test_it_opens_under_no_other_terminal_purpose_or_context(key: str, changed: Any) -> None:
    raw = sealed(recipient=key)
    assert opened(raw, key=key) == b"x"
    with pytest.raises(CannotOpen):
        opened(raw, replace(BINDING, **changed), key)


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(CannotOpen):
        opened(sealed(), key="inbox")
    with pytest.raises(CannotOpen):
        envelope.open_envelope(
            sealed(), BINDING, public_key("upload-x25519").id, private_key("inbox")
        )


def test_the_commitment_is_checked_before_the_content_is_used() -> None:
    """Even an authentic content under a header that commits to another key stays closed."""
    raw = sealed()
    header: Any = cbor2.loads(cbor2.loads(raw).value[0])
    header[-65537] = bytes(32)
    with pytest.raises(CannotOpen):
        opened(rebuilt(raw, 0, cbor.dumps(header)))


def test_the_commitment_alone_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sealed by someone who commits to another key and authenticates everything else."""
    with monkeypatch.context() as lying:
        lying.setattr(envelope, "_commitment", lambda _: bytes(32))
        raw = sealed()
    with pytest.raises(CannotOpen, match="commits"):
        opened(raw)


@pytest.mark.parametrize("part", [0, 1, 2, 3])
def test_one_bit_changed_anywhere_keeps_it_closed(part: int) -> None:
    raw = sealed()
    for position in range(part, len(raw), 4):
        changed = bytearray(raw)
        changed[position] ^= 1 << position % 8
        with pytest.raises(WireError):
            opened(bytes(changed))


def test_a_ciphertext_shorter_than_its_tag_is_refused() -> None:
    with pytest.raises(CannotOpen):
        opened(rebuilt(sealed(), 2, b"short"))


def test_recipients_share_one_suite_and_stand_once() -> None:
    first, other = public_key("upload-x25519"), public_key("upload")
    for recipients in ([], [first, first], [first, other], [public_key("label")], [other] * 5):
        with pytest.raises(SealingRefused):
            envelope.seal(b"x", BINDING, recipients)
    one = cbor2.loads(sealed()).value[3][0]
    xwing = cbor2.loads(sealed(recipient="upload")).value[3][0]
    for wrapped in ([], [one, one], [one, xwing], [one] * 5):
        with pytest.raises(Malformed):
            envelope.parse(rebuilt(sealed(), 3, wrapped))


@pytest.mark.parametrize("raw", [bytes(32), b"\1" + bytes(31), b"short"])
def test_a_worthless_public_key_is_refused_and_nothing_sealed(raw: bytes) -> None:
    """Points of small order would let anyone open what is sealed to them."""
    with pytest.raises(SealingRefused):
        envelope.seal(b"x", BINDING, [PublicKey(Alg.X25519, raw)])
    with pytest.raises(SealingRefused):
        label_code.seal(label_plains()["short"], PublicKey(Alg.LABEL, raw))


def least_by_search(size: int) -> int:
    """The least multiple of 256 that a map of `size` bytes, key 0 empty, can be padded to."""
    bare, target = size - 1, 0  # without the padding's length field
    while True:
        target += 256
        for head in (1, 2, 3, 5):
            padding = target - bare - head
            if padding >= 0 and len(cbor2.dumps(bytes(padding))) == head + padding:
                return target


def test_padding_reaches_the_least_multiple_there_is() -> None:
    passed_over = 0
    for filler in range(1200):
        mapping: dict[int | str, cbor.Cbor] = {1: bytes(filler)}
        size = len(cbor.dumps({**mapping, 0: b""}))
        padded = envelope.pad(mapping)
        assert len(padded) == least_by_search(size)
        assert envelope.unpad(padded) == mapping
        passed_over += len(padded) != -(-size // 256) * 256
    assert passed_over  # the lengths that no padding can reach do occur


def test_the_length_fields_last_step_is_padded_too() -> None:
    for filler in range(65_200, 65_560, 7):
        assert len(envelope.pad({1: bytes(filler)})) % 256 == 0


def test_any_other_padding_is_refused() -> None:
    good = envelope.pad({1: 1})
    wrong: list[Any] = [
        {1: 1},
        {0: b"", 1: 1},
        {0: bytes(507), 1: 1},
        {0: b"\1" * 250, 1: 1},
        {0: 1},
    ]
    for mapping in wrong:
        with pytest.raises(Malformed):
            envelope.unpad(cbor.dumps(mapping))
    with pytest.raises(WireError):
        envelope.unpad(good + b"\0")


# --- label codes


def test_label_plaintexts_are_208_or_256_bytes() -> None:
    plain = label_plains()["short"]
    sizes = set()
    for length in range(40, 256):
        try:
            sizes.add(len(replace(plain, address="a" * length).padded()))
        except TooLarge:
            assert length > 190
            break
    assert sizes == {208, 256}
    exactly = next(
        n for n in range(300) if len(replace(plain, address="a" * n).padded().rstrip(b"\0")) == 207
    )
    assert len(replace(plain, address="a" * (exactly + 1)).padded()) == 208


@pytest.mark.parametrize("generation", [0, 4])
def test_there_are_three_generations(generation: int) -> None:
    content = replace(label_plains()["short"], generation=generation).padded()
    with pytest.raises(Malformed):
        label_code.LabelPlain.from_padded(content)


def test_another_label_padding_is_refused() -> None:
    good = label_plains()["short"].padded()
    for content in (good.rstrip(b"\0"), good + bytes(48), good[:-1] + b"\1", good[:-1]):
        with pytest.raises(Malformed):
            label_code.LabelPlain.from_padded(content)


def test_a_code_of_another_version_key_or_size_is_refused() -> None:
    code = bytes.fromhex(vectors("label-codes")[0]["code"])
    key, private = public_key("label"), private_key("label")
    label_code.open_code(code, key, private)
    for changed, error in (
        (b"\x02" + code[1:], Malformed),
        (code[:-1], Malformed),
        (b"", Malformed),
        (code[:1] + b"none" + code[5:], WrongKey),
        (code[:5] + bytes(32) + code[37:], CannotOpen),
        (code[:-1] + bytes([code[-1] ^ 1]), CannotOpen),
    ):
        with pytest.raises(error):
            label_code.open_code(changed, key, private)


def test_a_scanned_text_has_one_form() -> None:
    text = vectors("label-codes")[0]["text"]
    assert label_code.to_text(label_code.from_text(text), PREFIX) == text
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".index(text[-1])
    trailing = text[:-1] + "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[last | 1]
    assert trailing != text
    for wrong in (
        text.lower(), text.replace("L.EXAMPLE", "l.example"), text.replace("HTTPS", "https"),
        trailing, text + "=", text[:-1], text + "A", text.replace("HTTPS", "HTTP"),
        text.replace("L.EXAMPLE.CN", "A.MUCH.LONGER.EXAMPLE.CN"), "", PREFIX, "HTTPS:///A",
    ):  # fmt: skip
        with pytest.raises(Malformed):
            label_code.from_text(wrong)


@pytest.mark.parametrize(
    "prefix", ["https://l.cn/", "HTTPS://L.CN", "HTTP://L.CN/", "/", "HTTPS://L.CN/A/",
               "HTTPS://快递.CN/", "HTTPS://" + "A" * 16 + "/"],
)  # fmt: skip
def test_a_prefix_the_reader_would_refuse_is_not_printed(prefix: str) -> None:
    with pytest.raises(SealingRefused):
        label_code.to_text(bytes(261), prefix)


def test_only_a_label_key_seals_a_label() -> None:
    with pytest.raises(SealingRefused):
        label_code.seal(label_plains()["short"], public_key("inbox"))


def test_the_vectors_envelopes_hold_no_plaintext() -> None:
    v = envelope_vector("consignment")
    assert v["content"][:16] not in v["envelope"]
