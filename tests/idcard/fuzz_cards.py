"""What the fuzzer gives bad input to: text blocks, pages, frames, and whole dialogues."""

import ast
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import padpos_drivers.idcard
from padpos_drivers.idcard.decode import decode_sam, decode_storage, decode_text
from padpos_drivers.idcard.document import IdDocument
from padpos_drivers.idcard.errors import IdCardError
from padpos_drivers.idcard.jobs import JobQueue
from padpos_drivers.idcard.sam.escape_link import EscapeLink
from padpos_drivers.idcard.sam.frame import LONGEST, FrameBuffer, parse
from padpos_drivers.idcard.sam.module import SecurityModule
from padpos_drivers.idcard.sam.reader import SamSession
from padpos_drivers.idcard.sim import image as sim_image
from padpos_drivers.idcard.storage import StorageProtocol, is_storage_atr
from tests.idcard.fuzz import Target

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).resolve().parents[1] / "vectors/id-cards.json").read_text(encoding="utf-8")
)
CARDS = VECTORS["cards"]
HEXADECIMAL = frozenset("0123456789ABCDEF")


def _own_words() -> frozenset[str]:
    """All words that stand in the package's texts, field names taken apart."""
    words: set[str] = set()
    for path in Path(padpos_drivers.idcard.__file__).parent.glob("**/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                words.update(node.value.replace("_", " ").split())
    return frozenset(words)


OWN_WORDS = _own_words()


def assert_tells_nothing(error: IdCardError) -> None:
    """An error is made of our own words, a status word or a page number, and holds no other."""
    strange = [
        word
        for word in error.where.split()
        if word not in OWN_WORDS and not (len(word) <= 4 and HEXADECIMAL.issuperset(word))
    ]
    assert not strange, strange
    assert error.__context__ is None, "a held context would keep the bytes of the card"


def guarded(run: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """Swallow our errors, once they are seen to tell nothing."""

    def guard(data: bytes) -> None:
        try:
            run(data)
        except IdCardError as error:
            assert_tells_nothing(error)

    return guard


def _whole(document: IdDocument) -> None:
    """A document that was accepted says in another's encoding what it said in ours."""
    fields = document.as_dict()
    json.dumps(fields, ensure_ascii=False).encode("utf-8")
    assert decode_text(sim_image.text_block(fields)).as_dict() == fields


def _text(data: bytes) -> None:
    _whole(decode_text(data))


def _storage(data: bytes) -> None:
    _whole(decode_storage(data))


def _sam_data(data: bytes) -> None:
    _whole(decode_sam(data))


def _answer(data: bytes) -> None:
    assert len(parse(data).data) < len(data)


def _stream(data: bytes) -> None:
    """A line that brings bytes in pieces whose sizes the input chooses."""
    buffer, kept = FrameBuffer(), 0
    for piece in _pieces(data):
        frame = buffer.feed(piece)
        kept = max(kept, len(buffer._bytes))
        if frame is not None:
            parse(frame)
    assert kept <= LONGEST + 512


def _atr(data: bytes) -> None:
    is_storage_atr(data)


def _pages(data: bytes) -> None:
    """A storage card whose every answer is the fuzzer's, never fewer bytes than PC/SC gives."""
    answers = _pieces(data)
    protocol = StorageProtocol()
    _whole(protocol.read(lambda _apdu: next(answers, b"\x6f\x00").ljust(2, b"\0"), None).document)


def _module(data: bytes) -> None:
    """A module whose every answer is the fuzzer's: found, selected, probed and read."""
    answers = _pieces(data)

    class Reader:
        def control(self, _: bytes) -> bytearray:
            return bytearray(_framed(next(answers, b"")))

    jobs = JobQueue()
    jobs.close()  # so that nothing sleeps
    session = SamSession(SecurityModule(EscapeLink(Reader())), 0.0)
    for _ in range(4):
        session.look(jobs)
        session._selected = True
        session.read(None, time.monotonic() + 5)


def _framed(piece: bytes) -> bytes:
    """Half of the answers get a good frame around them, else few would get past it."""
    if not piece or piece[0] & 1:
        return piece
    body = b"\0\0" + piece[1:]
    counted = (len(body) + 1).to_bytes(2, "big") + body
    check = 0
    for byte in counted:
        check ^= byte
    return bytes.fromhex("AAAAAA9669") + counted + bytes((check,))


def _pieces(data: bytes) -> Iterator[bytes]:
    """Pieces of up to 2047 bytes, each with its length in two bytes before it."""
    while data:
        length, data = int.from_bytes(data[:2], "big") & 0x7FF, data[2:]
        yield data[:length]
        data = data[length:]


def _counted(*pieces: bytes) -> bytes:
    return b"".join(len(piece).to_bytes(2, "big") + piece for piece in pieces)


TEXTS = [bytes.fromhex(card["text_block"]) for card in CARDS]
IMAGES = [bytes.fromhex(card["storage_image"]) for card in CARDS]
ANSWERS = [bytes.fromhex(card["sam_answer"]) for card in CARDS]
SHORT = [bytes.fromhex(answer) for answer in VECTORS["answers"].values()]
PAGES = [
    _counted(*(image[at : at + 256] + b"\x90\x00" for at in range(0, 1284, 256)))
    for image in IMAGES
]
FOUND, SELECTED = SHORT[0][9:-1], SHORT[2][9:-1]
DIALOGUES = [_counted(b"\0" + FOUND, b"\0" + SELECTED, b"\0" + answer[9:-1]) for answer in ANSWERS]

TARGETS: dict[str, Target] = {
    "text": Target(TEXTS, guarded(_text)),
    "storage-image": Target(IMAGES, guarded(_storage)),
    "storage-pages": Target(PAGES, guarded(_pages)),
    "storage-atr": Target([bytes.fromhex(VECTORS["storage_atr"])], guarded(_atr)),
    "sam-data": Target([answer[10:-1] for answer in ANSWERS], guarded(_sam_data)),
    "sam-answer": Target([*ANSWERS, *SHORT], guarded(_answer)),
    "sam-stream": Target(
        [_counted(frame[:9], frame[9:300], frame[300:]) for frame in [*ANSWERS, *SHORT]],
        guarded(_stream),
    ),
    "sam-module": Target(DIALOGUES, guarded(_module)),
}
