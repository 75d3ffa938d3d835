"""What the counter can't do just now, told to the person in front of it."""

from __future__ import annotations


class CounterError(Exception):
    """The event does not fit; the state stands. `code` is stable, the texts are for people."""

    def __init__(self, code: str, chinese: str, english: str) -> None:
        super().__init__(code)
        self.code = code
        self.chinese = chinese
        self.english = english


class NotNow(CounterError):
    """Nothing at this point of the consignment answers that event."""

    def __init__(self) -> None:
        super().__init__(
            "not-now", "现在不能这样操作。", "That can't be done at this point of the consignment."
        )


class StillOwed(CounterError):
    """Something the policy demands is missing."""

    def __init__(self, owed: tuple[str, ...]) -> None:
        listed = ", ".join(owed)
        super().__init__("still-owed", f"尚未完成：{listed}。", f"Still to be done: {listed}.")
        self.owed = owed


class Invalid(CounterError):
    """Something typed that can't be taken."""
