"""The entry key in a TPM, as a Signer. The file beside the other keys stands for it."""

from __future__ import annotations

from pathlib import Path

from padpos.wire.errors import WireError
from padpos.wire.keys import Alg, CannotSign, PublicKey, raw_of_der
from padpos_drivers.tpm.errors import TpmError
from padpos_drivers.tpm.key import LIMIT_SECONDS, TpmKey, create_key
from padpos_drivers.tpm.keyfile import KeyFile


class TpmSigner:
    """Signs with a key that no one can read. Only signing needs the TPM to be there."""

    def __init__(self, file: KeyFile, limit: float = LIMIT_SECONDS) -> None:
        """``limit``: seconds after which a TPM that does not answer counts as silent."""
        self._key = TpmKey(file, limit)
        self._public = PublicKey(Alg.ESP256, self._key.public)

    @property
    def public(self) -> PublicKey:
        """The public half."""
        return self._public

    def sign(self, message: bytes) -> bytes:
        """Sign `message`: 64 bytes, r ‖ s with s ≤ n/2. Raises CannotSign."""
        try:
            signature = raw_of_der(self._key.sign(message))
            # Checked here: over a bus one can touch, and a bad one would break the chain for good.
            self._public.verify(signature, message)
        except TpmError as error:
            raise CannotSign(error.code, str(error)) from error
        except WireError as error:
            raise CannotSign(TpmError.code, "the TPM's signature does not verify") from error
        return signature

    def close(self) -> None:
        """Leave the TPM to others; the next `sign` comes back."""
        self._key.close()


def create(tcti: str) -> KeyFile:
    """Make an entry key in the TPM. Raises CannotSign."""
    try:
        return create_key(tcti)
    except TpmError as error:
        raise CannotSign(error.code, str(error)) from error


def load(path: Path) -> TpmSigner:
    """The key a file stands for. Raises CannotSign or OSError."""
    try:
        return TpmSigner(KeyFile.from_bytes(path.read_bytes()))
    except TpmError as error:
        raise CannotSign(error.code, f"{path}: {error}") from error
