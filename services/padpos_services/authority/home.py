"""Where the authority's files lie: one folder per duty, so that no process holds another's keys.

office/   policy, waybills and CA keys, day keys: for the people who enrol and publish
opening/  the upload key, which opens Envelopes: the ingest never reads it
ingest/   the receipt key, the TLS identity `authority`, the feed's token: for `serve`
broker/   the broker's TLS key
public/   what anyone may have
store/    database, attachments, pieces of attachments
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from padpos_services.authority.errors import HomeUnusable


@dataclass(frozen=True, slots=True)
class Home:
    """The authority's home directory."""

    root: Path

    @property
    def office(self) -> Path:
        """Keys that sign documents and certificates."""
        return self.root / "office"

    @property
    def opening(self) -> Path:
        """The key that opens Envelopes."""
        return self.root / "opening"

    @property
    def ingest(self) -> Path:
        """What `serve` needs."""
        return self.root / "ingest"

    @property
    def broker(self) -> Path:
        """The broker's TLS certificate and key."""
        return self.root / "broker"

    @property
    def public(self) -> Path:
        """Public halves and the CA's certificate."""
        return self.root / "public"

    @property
    def store(self) -> Path:
        """Database and blobs."""
        return self.root / "store"

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.store / "authority.db"

    @property
    def ca(self) -> Path:
        """The CA's certificate."""
        return self.public / "ca.pem"

    @property
    def training(self) -> bool:
        """Whether this authority is for practice: training terminals and their numbers alone."""
        return (self.public / "training").exists()

    @property
    def carrier_keys(self) -> Path:
        """The carrier's public halves, as its safe-number service exported them."""
        return self.public / "carrier-keys.json"

    @property
    def feed_token(self) -> Path:
        """The bearer token of the feed."""
        return self.ingest / "feed.token"

    def found(self, *, training: bool = False) -> None:
        """Make the folders. Raises HomeUnusable where an authority already lives here."""
        if self.public.exists():
            raise HomeUnusable(f"{self.root} already holds an authority; its keys stay as they are")
        for private in (self.office, self.opening, self.ingest, self.broker, self.store):
            private.mkdir(parents=True, mode=0o700)
        self.public.mkdir(parents=True)
        if training:
            (self.public / "training").touch()

    def require(self) -> Home:
        """Raises HomeUnusable where no authority lives here."""
        if not self.ca.exists():
            raise HomeUnusable(f"{self.root} holds no authority yet: run `padpos-authority init`")
        return self
