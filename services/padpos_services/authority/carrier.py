"""The carrier's public keys, as its safe-number service exported them."""

from __future__ import annotations

import json
from pathlib import Path

from padpos.wire.keyset import Use
from padpos_services.authority.errors import HomeUnusable
from padpos_services.authority.home import Home
from padpos_services.authority.keyfiles import load_public

TAKEN = (Use.CARRIER, Use.LABEL)


def take_keys(home: Home, file: Path) -> tuple[str, int]:
    """Keep a list's carrier and label keys: (carrier, how many). Raises HomeUnusable."""
    load_public(file)  # checks form and key ids
    listed = [item for item in json.loads(file.read_text()) if item["use"] in set(TAKEN)]
    names = {str(item.get("carrier", "")) for item in listed}
    if len(names) != 1 or {item["use"] for item in listed} != {str(use) for use in TAKEN}:
        raise HomeUnusable(f"{file.name}: needs one carrier's `carrier` and `label` keys")
    home.carrier_keys.write_text(json.dumps(listed, indent=1))
    return names.pop(), len(listed)
