"""The safe-number service's files: `keys/` (private), `public/`, and its database."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from padpos_services.safenumber.errors import HomeUnusable


@dataclass(frozen=True, slots=True)
class Home:
    """The service's home directory."""

    root: Path

    @property
    def private_keys(self) -> Path:
        """Label and carrier key, private halves."""
        return self.root / "keys" / "private.json"

    @property
    def public_keys(self) -> Path:
        """Their public halves, for the authority's key set."""
        return self.root / "public" / "keys.json"

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.root / "store" / "safenumber.db"

    def found(self) -> None:
        """Make the folders. Raises HomeUnusable where a service already lives here."""
        if self.private_keys.parent.exists():
            raise HomeUnusable(f"{self.root} already holds a service; its keys stay as they are")
        for private in (self.private_keys.parent, self.database.parent):
            private.mkdir(parents=True, mode=0o700)
        self.public_keys.parent.mkdir()

    def require(self) -> Home:
        """Raises HomeUnusable where no service lives here."""
        if not self.private_keys.exists():
            raise HomeUnusable(f"{self.root} holds no service yet: run `padpos-safenumber init`")
        return self
