"""What can be wrong with bytes from outside. A message names the place, never the data."""


class WireError(ValueError):
    """Bytes or keys that the formats refuse; `code` is stable, for records and counters."""

    code = "wire"

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class Malformed(WireError):
    """Not the one encoding the format allows (RFC 8949 §4.2.1), or of the wrong shape."""

    code = "malformed"


class TooLarge(WireError):
    """Larger than the format lets such an object be."""

    code = "too-large"


class WrongKey(WireError):
    """Made with a key, or for a key, that is not the one expected."""

    code = "wrong-key"


class BadSignature(WireError):
    """The signature does not verify under the pinned key."""

    code = "bad-signature"


class CannotOpen(WireError):
    """The Envelope does not open: another key, another context, or altered."""

    code = "cannot-open"


class SealingRefused(WireError):
    """Nothing was sealed: no key within its time, or a suite below the pinned one."""

    code = "sealing-refused"


class NotAccepted(WireError):
    """Authentic, but not for this terminal, not for this time, or older than what is held."""

    code = "not-accepted"


class NotNewer(NotAccepted):
    """Older than, or the same as, what is held: a message delivered again."""

    code = "not-newer"
