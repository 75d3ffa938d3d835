"""What keeps the demo from going on, in one sentence that names the place."""


class DemoError(Exception):
    """The demo can't go on; the message says what is missing or wrong, and where."""
