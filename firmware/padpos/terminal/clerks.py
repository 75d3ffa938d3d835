"""People's credentials: a PIN's Argon2id hash (RFC 9106), and the wait that wrong ones cost."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from argon2 import PasswordHasher, Type, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

from padpos.terminal.volatile import Volatile

# RFC 9106's second recommendation, 64 MiB and 3 passes: a Raspberry Pi has room for it.
_HASHER = PasswordHasher(time_cost=3, memory_cost=64 << 10, parallelism=4)
_NOBODYS = "$argon2id$v=19$m=65536,t=3,p=4$UXrmmJkC9mflKd/q4OAlLg$" + "A" * 43

FREE_TRIES = 3
FREE_TRIES_HERE = 10
FIRST_WAIT_S = 5.0
LONGEST_WAIT_S = 900.0
_MOST_NAMES = 64
_HERE = b""
_FILE = "tries.json"


def hash_pin(pin: str) -> str:
    """The Argon2id hash of a PIN in its usual text form, for the configuration."""
    return _HASHER.hash(pin)


def is_hash(stored: str) -> bool:
    """Whether a text is an Argon2id hash as `hash_pin` makes them."""
    try:
        return extract_parameters(stored).type is Type.ID
    except InvalidHashError:
        return False


def pin_fits(pin: str, stored: str | None) -> bool:
    """Whether a PIN is the one whose hash is stored; as slow where there is none."""
    try:
        return _HASHER.verify(stored or _NOBODYS, _bytes(pin)) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def _bytes(typed: str) -> bytes:
    return typed.encode("utf-8", "surrogatepass")  # what a screen sends may be no text at all


@dataclass(frozen=True, slots=True)
class Tries:
    """Wrong PINs in a row, and when the last of them was (seconds of uptime)."""

    wrong: int = 0
    last: float = 0.0

    def wait(self, now: float, free: int) -> float:
        """Seconds still to wait: doubled by every wrong PIN beyond the free ones."""
        over = self.wrong - free
        if over < 0:
            return 0.0
        whole = min(FIRST_WAIT_S * 2.0 ** min(over, 20), LONGEST_WAIT_S)
        # Uptime never runs backwards; what does is a value from before a restart of the machine.
        return max(0.0, whole - max(0.0, now - self.last))


class Lockout:
    """Who has to wait before the next PIN is looked at.

    Counted by the name that was claimed, known or not, and for the terminal as a whole: neither
    tells whether a name exists. `uptime` in seconds does not stop, and no clock setting moves it.
    What people type as a name may be a PIN, so it is kept under a key. `volatile` lets the counts
    outlive a restart of the process.
    """

    def __init__(self, uptime: Callable[[], float], volatile: Volatile | None = None) -> None:
        self._uptime = uptime
        self._volatile = volatile
        self._key = secrets.token_bytes(32)
        self._tries: dict[bytes, Tries] = {}
        self._load()

    def wait(self, name: str) -> float:
        """Seconds until a PIN for this name is looked at; 0.0 for now."""
        now = self._uptime()
        return max(
            self._tries.get(self._token(name), Tries()).wait(now, FREE_TRIES),
            self._tries.get(_HERE, Tries()).wait(now, FREE_TRIES_HERE),
        )

    def missed(self, name: str) -> None:
        """A wrong PIN was given for this name."""
        for token in (self._token(name), _HERE):
            tries = self._tries.pop(token, Tries())
            self._tries[token] = Tries(tries.wrong + 1, self._uptime())
        while len(self._tries) > _MOST_NAMES:
            # The least often tried goes: a flood of invented names frees nobody.
            del self._tries[min(self._tries, key=lambda each: self._tries[each].wrong)]
        self._keep()

    def passed(self, name: str) -> None:
        """The right PIN was given: the name's count, and the terminal's, begin anew."""
        known = [self._tries.pop(token, None) for token in (self._token(name), _HERE)]
        if any(known):
            self._keep()

    def _token(self, name: str) -> bytes:
        return hmac.digest(self._key, _bytes(name), "sha256")

    def _keep(self) -> None:
        if self._volatile is not None:
            kept = {
                "key": self._key.hex(),
                "tries": [[t.hex(), each.wrong, each.last] for t, each in self._tries.items()],
            }
            self._volatile.write(_FILE, json.dumps(kept).encode())

    def _load(self) -> None:
        raw = self._volatile.read(_FILE) if self._volatile is not None else None
        if raw is None:
            return
        kept = json.loads(raw)
        self._key = bytes.fromhex(kept["key"])
        self._tries = {bytes.fromhex(t): Tries(wrong, last) for t, wrong, last in kept["tries"]}
