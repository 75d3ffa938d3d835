"""The file that stands for a key in a TPM. Nothing in it is secret: only that TPM can use it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from padpos_drivers.tpm.errors import TpmKeyDamaged


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A wrapped key, and what tells its TPM from another, and before a clear from after."""

    tcti: str
    """How to reach the TPM, as tpm2-tools write it: ``device:/dev/tpmrm0``."""
    public: str
    """The public point, uncompressed, 65 bytes in hex."""
    key: str
    """TSS2 PRIVATE KEY (PEM, "ASN.1 Specification for TPM 2.0 Key Files")."""
    storage: str
    """TPM name, hex, of the storage primary: another after TPM2_Clear."""
    endorsement: str
    """TPM name, hex, of a primary of the endorsement hierarchy: stays for the TPM's life."""

    def to_bytes(self) -> bytes:
        """As JSON."""
        return json.dumps(asdict(self), indent=1).encode("ascii")

    @classmethod
    def from_bytes(cls, data: bytes) -> KeyFile:
        """Raises TpmKeyDamaged."""
        try:
            table = json.loads(data)
            if not all(isinstance(value, str) for value in table.values()):
                raise TpmKeyDamaged("not texts")
            read = cls(**table)
            points = [bytes.fromhex(text) for text in (read.public, read.storage, read.endorsement)]
        except (ValueError, TypeError, AttributeError) as error:
            raise TpmKeyDamaged("not the file of a key") from error
        if len(points[0]) != 65:
            raise TpmKeyDamaged("no public point")
        return read
