"""A connection to a TPM 2.0 by ESAPI (TCG TSS 2.0), and the only calls that padpos makes on it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

# Set before the library is loaded: what it has to say comes as an exception, once. Whoever wants
# its log sets the variable.
os.environ.setdefault("TSS2_LOG", "all+NONE")

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from tpm2_pytss import ESAPI
from tpm2_pytss.constants import ESYS_TR, TPMA_OBJECT
from tpm2_pytss.cryptography import tpm_ecc_private_key
from tpm2_pytss.TSS2_Exception import TSS2_Exception
from tpm2_pytss.tsskey import TSSPrivKey
from tpm2_pytss.types import TPM2B_PUBLIC, TPM2B_SENSITIVE_CREATE, TPMT_PUBLIC

from padpos_drivers.tpm.errors import (
    TpmAbsent,
    TpmCleared,
    TpmError,
    TpmForbidden,
    TpmForeign,
    TpmKeyDamaged,
)
from padpos_drivers.tpm.faults import meaning
from padpos_drivers.tpm.keyfile import KeyFile

# Bound to this TPM and this parent, made inside it: it can't be duplicated, so it can't get out.
# noDA: with no password there is nothing to guess, and a lockout must not close the counter.
_BOUND: Final = (
    TPMA_OBJECT.FIXEDTPM
    | TPMA_OBJECT.FIXEDPARENT
    | TPMA_OBJECT.SENSITIVEDATAORIGIN
    | TPMA_OBJECT.USERWITHAUTH
    | TPMA_OBJECT.NODA
)
# The parent that "ASN.1 Specification for TPM 2.0 Key Files" asks for under the owner hierarchy.
_PARENT: Final = ("ecc256:aes128cfb", _BOUND | TPMA_OBJECT.RESTRICTED | TPMA_OBJECT.DECRYPT)
_SIGNING: Final = ("ecc256:ecdsa-sha256", _BOUND | TPMA_OBJECT.SIGN_ENCRYPT)


def create(tcti: str) -> KeyFile:
    """Make a P-256 signing key in the TPM. Raises TpmError; nothing stays in the TPM."""
    with _told(), contextlib.closing(_connected(tcti)) as esapi:
        storage = _name_of_primary(esapi, ESYS_TR.OWNER)
        endorsement = _name_of_primary(esapi, ESYS_TR.ENDORSEMENT)
        with _primary(esapi, ESYS_TR.OWNER) as parent:
            private, public, *_ = esapi.create(parent, TPM2B_SENSITIVE_CREATE(), _area(*_SIGNING))
        key = TSSPrivKey(private, public).to_pem().decode("ascii")
        return KeyFile(tcti, _point(public).hex(), key, storage, endorsement)


class LoadedKey:
    """The key, loaded over a connection of its own. Not for two threads."""

    def __init__(self, file: KeyFile) -> None:
        """Raises TpmError."""
        stored = _stored(file)
        self._esapi = _connected(file.tcti)
        try:
            with _told():
                self._handle = _load(self._esapi, stored, file)
                self._key = tpm_ecc_private_key(self._esapi, self._handle)
        except BaseException:
            self._esapi.close()
            raise

    def sign(self, message: bytes) -> bytes:
        """ECDSA with SHA-256, in DER. Raises TpmError."""
        with _told():
            signature: bytes = self._key.sign(message, ec.ECDSA(hashes.SHA256()))
            return signature

    def close(self) -> None:
        """Unload the key and leave the TPM; without a resource manager it would stay loaded."""
        with contextlib.suppress(TSS2_Exception):
            self._esapi.flush_context(self._handle)
        self._esapi.close()


def _connected(tcti: str) -> ESAPI:
    name, _, path = tcti.partition(":")
    if name == "device" and path:  # libtss2 says "I/O error" to all of these
        if not Path(path).exists():
            raise TpmAbsent(f"{path} is not there")
        if not os.access(path, os.R_OK | os.W_OK):
            raise TpmForbidden(f"{path} may not be opened")
    with _told():
        return ESAPI(tcti)


def _load(esapi: ESAPI, stored: TSSPrivKey, file: KeyFile) -> ESYS_TR:
    with _primary(esapi, ESYS_TR.OWNER) as parent:
        try:
            return esapi.load(parent, stored.private, stored.public)
        except TSS2_Exception as error:
            if type(meaning(error)) is not TpmError:
                raise
            refused = error
    raise _why_not(esapi, file, refused)


def _why_not(esapi: ESAPI, file: KeyFile, refused: TSS2_Exception) -> TpmError:
    """Why the TPM does not take a key: it has other seeds than when the key was made, or has not.

    TPM2_Clear draws a new storage seed; the endorsement seed stays for the TPM's life (TPM 2.0
    Library part 3 §24.6).
    """
    if _name_of_primary(esapi, ESYS_TR.ENDORSEMENT) != file.endorsement:
        return TpmForeign()
    if _name_of_primary(esapi, ESYS_TR.OWNER) != file.storage:
        return TpmCleared()
    return TpmKeyDamaged(f"{refused.rc:#x}")


def _stored(file: KeyFile) -> TSSPrivKey:
    try:
        stored = TSSPrivKey.from_pem(file.key.encode("ascii"))
        ours = TSSPrivKey(stored.private, stored.public).to_pem().decode("ascii")
        whole = (ours, _point(stored.public).hex()) == (file.key, file.public)
    except (ValueError, TypeError, RuntimeError, OverflowError) as error:
        raise TpmKeyDamaged("not a key of a TPM") from error
    if not whole:
        raise TpmKeyDamaged("not as this program wrote it")
    return stored


def _point(public: TPM2B_PUBLIC) -> bytes:
    """The uncompressed point, 65 bytes; a TPM may leave out leading zeros."""
    point = public.publicArea.unique.ecc
    return b"\x04" + bytes(point.x).rjust(32, b"\0") + bytes(point.y).rjust(32, b"\0")


def _area(kind: str, attributes: TPMA_OBJECT) -> TPM2B_PUBLIC:
    return TPM2B_PUBLIC(publicArea=TPMT_PUBLIC.parse(kind, objectAttributes=attributes))


@contextlib.contextmanager
def _primary(esapi: ESAPI, hierarchy: ESYS_TR) -> Iterator[ESYS_TR]:
    handle, *_ = esapi.create_primary(TPM2B_SENSITIVE_CREATE(), _area(*_PARENT), hierarchy)
    try:
        yield handle
    finally:
        esapi.flush_context(handle)


def _name_of_primary(esapi: ESAPI, hierarchy: ESYS_TR) -> str:
    with _primary(esapi, hierarchy) as handle:
        _, name, _ = esapi.read_public(handle)
        return bytes(name).hex()


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Raise what libtss2 raises as an error of ours."""
    try:
        yield
    except TSS2_Exception as error:
        raise meaning(error) from error
