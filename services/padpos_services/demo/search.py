"""The search for what must not be there: personal data in any file, in three encodings."""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator
from pathlib import Path

from PIL import Image

ENCODINGS = ("utf-8", "utf-16-le", "gb18030")
LEAST_CHARACTERS = 2


def search(root: Path, texts: Iterable[str]) -> list[tuple[Path, str]]:
    """(file, encoding) of every place below `root` that holds one of `texts`.

    A PNG's dots are searched as well as its bytes. Texts of fewer than two characters are left
    out: they would be found in any random file.
    """
    needles = [
        (text.encode(encoding), encoding)
        for text in {text for text in texts if len(text) >= LEAST_CHARACTERS}
        for encoding in ENCODINGS
    ]
    return [
        (path, encoding)
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.is_symlink()
        for encoding in _found(path, needles)
    ]


def _found(path: Path, needles: list[tuple[bytes, str]]) -> set[str]:
    return {
        encoding
        for haystack in _haystacks(path)
        for needle, encoding in needles
        if haystack.find(needle) >= 0
    }


def _haystacks(path: Path) -> Iterator[mmap.mmap | bytes]:
    if path.stat().st_size == 0:
        return
    with path.open("rb") as file:
        yield mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    if path.suffix == ".png":
        with Image.open(path) as image:
            yield image.tobytes()
