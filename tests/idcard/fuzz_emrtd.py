"""What takes bad input for each parser of travel documents; run by tests.idcard.fuzz.

Each target swallows our errors, whose texts must be made of the package's own words, and lets all
else out.
"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import padpos_drivers.idcard.emrtd
from padpos_drivers.idcard.emrtd import (
    card_access,
    ciphers,
    cms,
    groups,
    mrz,
    passive,
    tlv,
    typed,
)
from padpos_drivers.idcard.emrtd.anchors import Anchors
from padpos_drivers.idcard.emrtd.apdu import Command
from padpos_drivers.idcard.emrtd.ciphers import Suite
from padpos_drivers.idcard.emrtd.csca import certificates
from padpos_drivers.idcard.emrtd.decode import to_document
from padpos_drivers.idcard.emrtd.messaging import SecureChannel
from padpos_drivers.idcard.errors import IdCardError
from padpos_drivers.idcard.interface import Access
from padpos_drivers.idcard.sim.emrtd import lds
from padpos_drivers.idcard.sim.emrtd.chip import Chip
from padpos_drivers.idcard.sim.emrtd.travellers import TRAVELLERS
from tests.idcard.documents import CHINA, NOW, UTOPIA, Document, protocol
from tests.idcard.fuzz import Target
from tests.idcard.icao import EXAMPLES

Run = Callable[[bytes], None]


def _words(package: Path) -> frozenset[str]:
    """All words in the texts of a package's code: what its errors may be made of."""
    texts = (
        node.value
        for path in package.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return frozenset(word for text in texts for word in text.split())


OWN_WORDS = _words(Path(padpos_drivers.idcard.emrtd.__file__).parent)
OF_A_NUMBER = re.compile(r"EF\.[A-Z0-9_]+|DG\d+|[0-9A-F]{4}|_?[A-Z][A-Za-z]+")


def guarded(run: Run) -> Run:
    """Swallow our errors once their texts are seen to hold nothing of the input."""

    def guard(data: bytes) -> None:
        try:
            run(data)
        except (IdCardError, cms.Malformed) as error:
            where = error.where if isinstance(error, IdCardError) else str(error)
            strange = [
                word
                for word in where.split()
                if word not in OWN_WORDS and not OF_A_NUMBER.fullmatch(word)
            ]
            assert not strange, strange
            assert error.__context__ is None

    return guard


def _zone(data: bytes) -> None:
    mrz.parse(data.decode("latin-1"))


def _typed(data: bytes) -> None:
    typed.key_of(data.decode("utf-8", "replace"))


def _document(data: bytes) -> None:
    """DG1 and DG11, one after the other, into a document."""
    cut = data[0] if data else 0
    zone, holder = groups.read_dg1(data[1 : cut + 1]), groups.read_dg11(data[cut + 1 :])
    to_document(zone, holder, NOW.date()).as_dict()


def _dg11(data: bytes) -> None:
    groups.read_dg11(data)


def _com(data: bytes) -> None:
    groups.has_dg11(data)


def _sod(data: bytes) -> None:
    passive.authenticate(data, {}, "CHN", ANCHORS, NOW)


def _csca(data: bytes) -> None:
    list(certificates(data))


def _offers(data: bytes) -> None:
    card_access.offers(data)


def _tlv(data: bytes) -> None:
    for item in tlv.objects(data, "EF.COM"):
        assert len(item.value) <= len(data)
    found = tlv.by_tag(data, "EF.COM")
    assert sum(len(value) for value in found.values()) <= len(data)


def _answer(data: bytes) -> None:
    """An answer under secure messaging, raw, and again with a MAC that holds."""
    for suite, keys in KEYS.items():
        cipher = ciphers.with_keys(suite, *keys)
        for answer in (data, _authentic(cipher, data)):
            channel = SecureChannel(
                lambda _apdu, answer=answer: answer, cipher, bytes(cipher.block)
            )
            try:
                assert len(channel.send(Command(0, 0xB0, 0, 0, le=8)).data) <= len(data)
            except IdCardError as error:
                assert error.__context__ is None


def _authentic(cipher: ciphers.SessionCipher, body: bytes) -> bytes:
    counter = (2).to_bytes(cipher.block, "big")
    mac = cipher.mac(ciphers.pad(counter + body, cipher.block))
    return body[:230] + tlv.encode(0x8E, mac) + b"\x90\x00"


def _files(data: bytes) -> None:
    """A chip with one file of the fuzzer's: a whole reading of it."""
    name = NAMES[data[0] % 4 if data else 0]
    chip = Chip(replace(PROFILE, files={**FILES[0], name: data[1:]}))
    READER.read(chip.answer, ACCESS)


def _dialogue(data: bytes) -> None:
    """A chip whose answers are all the fuzzer's, each with its length before it."""
    left = _pieces(data)
    READER.read(lambda _apdu: next(left, b""), ACCESS)


def _changed(data: bytes) -> None:
    """A good chip some of whose answers are changed: pairs of place and value."""
    chip, count = Chip(PROFILE), 0
    changes = dict(zip(data[::2], data[1::2], strict=False))

    def transmit(apdu: bytes) -> bytes:
        nonlocal count
        answer = bytearray(chip.answer(apdu))
        for place in range(len(answer)):
            answer[place] ^= changes.get(count % 256, 0)
            count += 1
        return bytes(answer)

    READER.read(transmit, ACCESS)


def _pieces(data: bytes) -> Iterator[bytes]:
    while data:
        length, data = data[0], data[1:]
        yield data[:length] or b"\0"
        data = data[length:]


KEYS = {
    suite: (bytes(range(suite.value[0])), bytes(range(1, suite.value[0] + 1))) for suite in Suite
}
ANCHORS = Anchors((CHINA.root, UTOPIA.root))
READER = protocol(CHINA, UTOPIA)
ACCESS: Access = Document().access
NAMES = (lds.COM, lds.DG1, lds.DG11, lds.SOD)
PROFILE = Document().profile(pace=None)
FILES = [Document(holder=holder).files() for holder in TRAVELLERS.values()]
LINES = ["\n".join(lds.printed(holder)).encode() for holder in TRAVELLERS.values()]
ANSWERS = [
    bytes.fromhex(answer)
    for example in (EXAMPLES["bac"], EXAMPLES["bac"]["session"], EXAMPLES["aes"], EXAMPLES["pace"])
    for _, answer in example["exchange"]
]
SIGNED = [files[lds.SOD] for files in FILES]

TARGETS: dict[str, Target] = {
    "emrtd-tlv": Target([file for files in FILES for file in files.values()], guarded(_tlv)),
    "emrtd-mrz": Target([line.replace(b"\n", b"") for line in LINES], guarded(_zone)),
    "emrtd-typed": Target([*LINES, b"L898902C3 740812 120415"], guarded(_typed)),
    "emrtd-dg": Target(
        [bytes((len(f[lds.DG1]),)) + f[lds.DG1] + f[lds.DG11] for f in FILES], guarded(_document)
    ),
    "emrtd-dg11": Target([files[lds.DG11] for files in FILES], guarded(_dg11)),
    "emrtd-com": Target([files[lds.COM] for files in FILES], guarded(_com)),
    "emrtd-sod": Target(SIGNED, guarded(_sod)),
    "emrtd-csca": Target([CHINA.pem, CHINA.master_list((UTOPIA,))], guarded(_csca)),
    "emrtd-card-access": Target(
        [bytes.fromhex(EXAMPLES["pace"]["card_access"])],
        guarded(_offers),
    ),
    "emrtd-answer": Target(ANSWERS, guarded(_answer)),
    "emrtd-files": Target(
        [bytes((i,)) + FILES[0][name] for i, name in enumerate(NAMES)], guarded(_files)
    ),
    "emrtd-dialogue": Target(
        [b"".join(bytes((len(a),)) + a for a in ANSWERS if len(a) < 256)], guarded(_dialogue)
    ),
    "emrtd-changed": Target([b"\x40\x01", b"\xff\x01\x02\x80"], guarded(_changed)),
}
