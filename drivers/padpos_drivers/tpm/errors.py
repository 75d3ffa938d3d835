"""What can go wrong between the terminal and the key in its TPM.

Every error has a stable ``code`` for screens and records, and tells the technician what to do.
"""

from typing import ClassVar


class TpmError(Exception):
    """Root of every error of this package; ``where`` names the step or return code."""

    code: ClassVar[str] = "tpm-failed"
    advice: ClassVar[str] = (
        "The TPM reports a fault. Restart the terminal; if that fails, replace it."
    )

    def __init__(self, where: str = "") -> None:
        self.where = where
        super().__init__(f"{self.advice} ({where})" if where else self.advice)


class TpmUnsupported(TpmError):
    """The software that talks to TPMs is not installed."""

    code = "tpm-unsupported"
    advice = "This installation cannot use a TPM: install the extra 'tpm' and libtss2."


class TpmAbsent(TpmError):
    """No TPM answers under that name: not there, or gone in mid-use."""

    code = "tpm-absent"
    advice = "There is no TPM, or it does not answer. Check that it is plugged in and enabled."


class TpmSilent(TpmAbsent):
    """The TPM was asked and did not answer in time."""

    code = "tpm-silent"
    advice = "The TPM does not answer in time. If it stays silent, restart the terminal."


class TpmForbidden(TpmError):
    """This user may not open the device, or the owner hierarchy is locked or switched off."""

    code = "tpm-forbidden"
    advice = "This program may not use the TPM: see the group tss, and the TPM's owner password."


class TpmBusy(TpmError):
    """The TPM has no room or no time now, or another program holds it."""

    code = "tpm-busy"
    advice = "The TPM is busy. Try again; use /dev/tpmrm0, which programs share."


class TpmLocked(TpmError):
    """The TPM's dictionary-attack lockout is on."""

    code = "tpm-locked"
    advice = "The TPM has locked itself after wrong passwords. Wait, or reset its lockout."


class TpmKeyGone(TpmError):
    """Root of the errors after which this key never signs again."""


class TpmCleared(TpmKeyGone):
    """The TPM is the one, but it was cleared since: the key is gone for good."""

    code = "tpm-cleared"
    advice = "The TPM was cleared; the entry key is gone. Provision this terminal under a new id."


class TpmForeign(TpmKeyGone):
    """The key belongs to another TPM."""

    code = "tpm-foreign"
    advice = "The entry key belongs to another TPM. Put the TPM and the keys folder together again."


class TpmKeyDamaged(TpmKeyGone):
    """The key file was altered, or is none."""

    code = "tpm-key-damaged"
    advice = "The entry key's file is damaged. Restore it; without it this terminal needs a new id."
