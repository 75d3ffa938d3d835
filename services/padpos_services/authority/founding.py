"""`init`: the authority's keys, its CA, its identities, its empty store."""

from __future__ import annotations

import secrets

from padpos.wire.keys import Alg
from padpos_services.authority import keyfiles, store
from padpos_services.authority.ca import Ca, found_root
from padpos_services.authority.home import Home
from padpos_services.shared.files import write_private

IDENTITY = "authority"


def found(home: Home, host: str, *, training: bool = False) -> None:
    """Found an authority whose broker answers at `host`. Raises HomeUnusable."""
    home.found(training=training)
    policy = keyfiles.generate("policy", Alg.ED25519)
    waybills = keyfiles.generate("waybills", Alg.ESP256)
    receipt = keyfiles.generate("receipt", Alg.ED25519)
    upload = keyfiles.generate("upload", Alg.XWING)
    keyfiles.save_private(home.office / "private.json", [policy, waybills])
    keyfiles.save_private(home.ingest / "private.json", [receipt])
    keyfiles.save_private(home.opening / "private.json", [upload])
    keyfiles.save_public(home.public, [policy, receipt, upload, waybills])
    found_root(home)
    ca = Ca(home)
    ca.issue_server(home.broker, host)
    ca.issue_client(home.ingest, IDENTITY)
    write_private(home.feed_token, secrets.token_hex(32).encode())
    store.create(home.database)
