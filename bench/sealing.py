"""Sealing a photograph and a consignment, against the bare primitives of the same bytes."""

import hashlib
import random
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import click
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from bench.frame import Plan, Ratio, Target, Way, each, run
from bench.show import options, show
from padpos.wire import envelope
from padpos.wire.envelope import JPEG_TYPE, Binding
from padpos.wire.keys import Alg, PublicKey, sealing_public
from padpos.wire.personal import Document, Party, SealedCarrier, SealedConsignment

PHOTO_BYTES = 300_000
CONSIGNMENT = bytes(range(16))
TERMINAL = "bench-1"
WAYBILL = "PD2611000001"
RAW = "raw AES-256-GCM into a buffer"
RECIPIENT = Party("测试乙", "13900001234", "广东省广州市天河区测试路8号5栋2单元1102室")
SENDER = Party("测试丙", "13800005678", "湖南省长沙市岳麓区试验街道样板路12号")
_TAG_BYTES = 16
_SUITES = {
    Alg.XWING: Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM),
    Alg.X25519: Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM),
}


def photo() -> bytes:
    """A photograph's worth of bytes; a cipher does not mind that they show nothing."""
    return random.Random(1).randbytes(PHOTO_BYTES)


def consignment() -> SealedConsignment:
    """What the authority gets of a walk-in customer's parcel; an invented person."""
    document = Document(
        "citizen", "测试丙", "43010419010506001X", "1", "19010506", "20180301", "20380301",
        SENDER.address, "01", "长沙市公安局岳麓分局", None, None, None, None,
    )  # fmt: skip
    return SealedConsignment(document, None, SENDER, RECIPIENT, "书籍 3 本、文具")


def seal_consignment(
    plain: SealedConsignment, waybill: str, keys: Sequence[PublicKey]
) -> tuple[bytes, bytes]:
    """Both Envelopes of a parcel, as the terminal makes them: the authority's, the carrier's."""
    carrier = SealedCarrier(waybill, plain.sender, plain.recipient)
    return (
        envelope.seal(plain.padded(), Binding(TERMINAL, "consignment", CONSIGNMENT), keys),
        envelope.seal(carrier.padded(), Binding(TERMINAL, "carrier", CONSIGNMENT), keys),
    )


def seal_photo(jpeg: bytes, key: PublicKey) -> bytes:
    """The Envelope of a photograph, as the terminal makes it."""
    return envelope.seal(jpeg, Binding(TERMINAL, "photo", CONSIGNMENT), [key], JPEG_TYPE)


@contextmanager
def plan() -> Iterator[Plan]:
    """Keys and contents are made once; every sealing draws its own content key."""
    jpeg, plain = photo(), consignment()
    photos = (*_photo_plan(Alg.XWING, jpeg), *_photo_plan(Alg.X25519, jpeg))
    key = sealing_public(Alg.XWING, secrets.token_bytes(32))
    padded = (plain.padded(), SealedCarrier(WAYBILL, SENDER, RECIPIENT).padded())
    yield Plan(
        ways=(
            Way(RAW, each(_raw(jpeg))),
            Way("SHA-256 of a photo's bytes", each(_sha256(jpeg))),
            *(way for way, _ratios in photos),
            Way("bare HPKE, consignment", each(_hpke(key, *padded))),
            Way("seal consignment", each(lambda: seal_consignment(plain, WAYBILL, [key]))),
        ),
        ratios=(
            *(ratio for _way, ratios in photos for ratio in ratios),
            Ratio("seal consignment / bare HPKE", "seal consignment", "bare HPKE, consignment"),
        ),
        notes=(
            f"Photo of {PHOTO_BYTES:,} bytes. The raw floor has its key, nonce and buffer ready.",
            "Raw AES-GCM wraps no key: one X-Wing encapsulation alone takes several times as long.",
            "What the format demands: AES-GCM, a wrapped key, the SHA-256 that names the whole.",
            "Floor with wrapping: raw AES-GCM, and HPKE of a content key to a key object ready.",
            "A consignment is two Envelopes, the authority's and the carrier's, in X-Wing.",
        ),
    )


def _photo_plan(alg: Alg, jpeg: bytes) -> tuple[tuple[Way, tuple[Ratio, ...]], ...]:
    """The ways to seal a photograph in a suite, each with the ratios that it is part of."""
    name = {Alg.XWING: "X-Wing", Alg.X25519: "X25519"}[alg]
    key = sealing_public(alg, secrets.token_bytes(32))
    seal, floor = f"seal photo, {name}", f"raw AES-256-GCM + bare HPKE {name}"
    named, demanded = f"seal and hash photo, {name}", f"AES-GCM + HPKE {name} + SHA-256"
    raw, wrap, digest = _raw(jpeg), _hpke(key, bytes(32)), _sha256(seal_photo(jpeg, key))
    return (
        (Way(f"bare HPKE {name}, a content key", each(wrap)), ()),
        (
            Way(seal, each(lambda: seal_photo(jpeg, key))),
            (Ratio(f"{seal} / raw AES-GCM", seal, RAW, Target(2)),),
        ),
        (
            Way(floor, each(lambda: (raw(), wrap()))),
            (Ratio(f"{seal} / floor with wrapping", seal, floor),),
        ),
        (
            Way(named, each(lambda: hashlib.sha256(seal_photo(jpeg, key)).digest())),
            (Ratio(f"{named} / what the format demands", named, demanded),),
        ),
        (Way(demanded, each(lambda: (raw(), wrap(), digest()))), ()),
    )


def _raw(content: bytes) -> Callable[[], object]:
    cipher, nonce = AESGCM(secrets.token_bytes(32)), secrets.token_bytes(12)
    buffer = bytearray(len(content) + _TAG_BYTES)
    # One nonce for all: nothing of this leaves the bench.
    return lambda: cipher.encrypt_into(nonce, content, b"", buffer)


def _sha256(content: bytes) -> Callable[[], object]:
    return lambda: hashlib.sha256(content).digest()


def _hpke(key: PublicKey, *contents: bytes) -> Callable[[], object]:
    public, suite = key.sealing(), _SUITES[key.alg]
    return lambda: [suite.encrypt(content, public, b"bench") for content in contents]


@click.command()
@options(count=200)
def main(rounds: int, count: int, as_json: bool) -> None:
    """Seal a 300 KB photograph and a consignment, against the bare primitives."""
    with plan() as planned:
        show(run("sealing", planned, rounds, count), as_json)


if __name__ == "__main__":
    main()
