"""What can be wrong with the ledger, in words for a technician."""


class LedgerError(Exception):
    """The ledger can't do what was asked. `code` is stable."""

    code = "ledger"


class LedgerForeign(LedgerError):
    """The file belongs to another terminal, another version, or is no ledger."""

    code = "ledger-foreign"


class LedgerDamaged(LedgerError):
    """The chain does not hold: something was altered or lost."""

    code = "ledger-damaged"


class WaybillsSpent(LedgerError):
    """No waybill number is left to give."""

    code = "waybills-spent"
