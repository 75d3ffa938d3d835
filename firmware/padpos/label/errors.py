"""Why a label is not drawn, or drawn but not let out; never with a word of what stands on it."""


class LabelProblem(Exception):
    """Base of what keeps a label from the printer.

    `code` is for programs and logs, `zh` and `en` for the person at the counter.
    """

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(code, zh, en)
        self.code = code
        self.zh = zh
        self.en = en

    def __str__(self) -> str:
        return f"{self.en} ({self.code})"


class LabelError(LabelProblem):
    """The content cannot be drawn: a sign without a glyph, a number that does not fit, no font."""


class AuditFailure(LabelProblem):
    """The finished label shows what it must not, or does not say what it should."""
