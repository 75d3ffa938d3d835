"""The oracle's book: what returned calls have promised, kept outside the ledger under test."""

from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Kept:
    """An entry whose append has returned."""

    hash: bytes
    sealed: bytes | None = None
    carrier: bytes | None = None


@dataclass(slots=True)
class Book:
    """Promises by sequence number and by SHA-256; `perhaps` holds what a call in flight may do."""

    entries: dict[int, Kept] = field(default_factory=dict)
    photos: dict[bytes, bytes] = field(default_factory=dict)
    loose: set[bytes] = field(default_factory=set)
    receipted: set[int | bytes] = field(default_factory=set)
    perhaps: set[int | bytes] = field(default_factory=set)
    labels: list[bytes] = field(default_factory=list)

    def frozen(self) -> "Book":
        """The book as it stands now."""
        return replace(
            self,
            entries=dict(self.entries),
            photos=dict(self.photos),
            loose=set(self.loose),
            receipted=set(self.receipted),
            perhaps=set(self.perhaps),
            labels=list(self.labels),
        )

    def waiting_entries(self) -> list[int]:
        """Entries that no receipt has let go."""
        return [seq for seq in self.entries if seq not in self.receipted]

    def waiting_photos(self) -> list[bytes]:
        """Photos that entries name and no receipt has let go."""
        return [sha for sha in self.photos if sha not in self.receipted | self.loose]
