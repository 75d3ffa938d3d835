"""The key as the terminal has it: opened when first needed, opened anew when the TPM came back."""

from __future__ import annotations

import contextlib
import threading
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Final

from padpos_drivers.tpm.errors import TpmError, TpmSilent, TpmUnsupported
from padpos_drivers.tpm.keyfile import KeyFile
from padpos_drivers.tpm.thread import Owned

if TYPE_CHECKING:
    from padpos_drivers.tpm.chip import LoadedKey

LIMIT_SECONDS: Final = 10.0  # slow TPMs take seconds to make a key, and well under one to sign


def create_key(tcti: str, limit: float = LIMIT_SECONDS) -> KeyFile:
    """Make a P-256 signing key in the TPM at ``tcti``. Raises TpmError."""
    maker = Owned(lambda: _create(tcti), lambda _: None, limit)
    try:
        return maker.call(lambda made: made)
    finally:
        maker.close()


class TpmKey:
    """A signing key in a TPM. Safe for several threads; one call at a time reaches the TPM."""

    def __init__(self, file: KeyFile, limit: float = LIMIT_SECONDS) -> None:
        """``limit``: seconds after which a TPM that does not answer counts as silent."""
        self._file = file
        self._limit = limit
        self._lock = threading.Lock()
        self._open: Owned[LoadedKey] | None = None
        self._hung: Owned[LoadedKey] | None = None

    @property
    def public(self) -> bytes:
        """The public point, uncompressed, 65 bytes. Needs no TPM."""
        return bytes.fromhex(self._file.public)

    def sign(self, message: bytes) -> bytes:
        """ECDSA with SHA-256, in DER. Raises TpmError; may be tried again unless TpmKeyGone."""
        with self._lock:
            if self._open is not None:
                # It may be of before a restart of the TPM: one failure proves nothing yet.
                with contextlib.suppress(TpmError):
                    return self._signed(message)
            return self._signed(message)

    def close(self) -> None:
        """Unload the key; the next `sign` loads it again."""
        with self._lock:
            if self._open is not None:
                self._open.close()
                self._open = None

    def _signed(self, message: bytes) -> bytes:
        owned = self._opened()
        try:
            return owned.call(lambda key: key.sign(message))
        except TpmSilent:
            self._hung, self._open = owned, None
            raise
        except TpmError:
            self._hung, self._open = None if owned.close() else owned, None
            raise

    def _opened(self) -> Owned[LoadedKey]:
        if self._hung is not None and not self._hung.gone:
            # Each new try would leave one more thread hanging in the same TPM.
            raise TpmSilent("the call before has not come back")
        self._hung = None
        if self._open is None:
            self._open = Owned(self._load, _close, self._limit)
        return self._open

    def _load(self) -> LoadedKey:
        key: LoadedKey = _chip().LoadedKey(self._file)
        return key


def _create(tcti: str) -> KeyFile:
    made: KeyFile = _chip().create(tcti)
    return made


def _close(key: LoadedKey) -> None:
    key.close()


def _chip() -> ModuleType:
    """The one module that needs tpm2-pytss, which is an extra."""
    try:
        return import_module("padpos_drivers.tpm.chip")
    except (ImportError, OSError, NotImplementedError) as error:
        raise TpmUnsupported(type(error).__name__) from error
