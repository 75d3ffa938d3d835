"""What a return code of the TPM, or of the software below it, means to us.

TCG TSS 2.0 Overview §"Response codes", TPM 2.0 Library part 2 §6.6. The words after a code are
libtss2's own; they name a step and hold no data.
"""

from __future__ import annotations

from tpm2_pytss.constants import TPM2_RC
from tpm2_pytss.TSS2_Exception import TSS2_Exception

from padpos_drivers.tpm.errors import (
    TpmAbsent,
    TpmBusy,
    TpmError,
    TpmForbidden,
    TpmLocked,
)

_LAYER, _TCTI = 0xFF0000, 10 << 16
_CHIP = (0, 11 << 16, 12 << 16)  # the TPM itself, and resource managers speaking for it
_MEANS: dict[int, type[TpmError]] = {
    **dict.fromkeys(
        (
            TPM2_RC.RETRY,
            TPM2_RC.YIELDED,
            TPM2_RC.TESTING,
            TPM2_RC.CANCELED,
            TPM2_RC.MEMORY,
            TPM2_RC.OBJECT_MEMORY,
            TPM2_RC.OBJECT_HANDLES,
            TPM2_RC.SESSION_MEMORY,
            TPM2_RC.SESSION_HANDLES,
            TPM2_RC.CONTEXT_GAP,
        ),
        TpmBusy,
    ),
    TPM2_RC.LOCKOUT: TpmLocked,
    TPM2_RC.BAD_AUTH: TpmForbidden,
    TPM2_RC.AUTH_FAIL: TpmForbidden,
    TPM2_RC.HIERARCHY: TpmForbidden,
    TPM2_RC.DISABLED: TpmForbidden,
}


def meaning(error: TSS2_Exception) -> TpmError:
    """The error of ours that stands for one of libtss2's."""
    where = f"{error.rc:#x}: {error}"
    if error.rc & _LAYER == _TCTI:
        return TpmAbsent(where)
    if error.rc & _LAYER not in _CHIP:
        return TpmError(where)
    return _MEANS.get(error.error & ~_LAYER, TpmError)(where)
