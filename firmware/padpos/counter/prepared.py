"""A parcel of a batch: its texts were sealed at import, and nobody here can open them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Photo:
    """An accepted photograph: sealed already, known by its Envelope's hash, size and verdict."""

    sha256: bytes
    size: int
    verdict: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """A row whose turn has come: where it stood in its file, and what its label shows anyway.

    `recipient` is masked (name, phone, address). `photos` were taken before a pause or a crash.
    """

    batch: bytes
    row: int
    recipient: tuple[str, str, str] = field(repr=False)
    contents: str = field(repr=False)
    grams: int
    category: str | None
    photos: tuple[Photo, ...] = ()
