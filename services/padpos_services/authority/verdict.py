"""The verdict on one entry message: pure, before anything is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from padpos.wire import entry, envelope, ids, signed
from padpos.wire.entry import Entry, Sealed
from padpos.wire.errors import BadSignature, TooLarge, WireError, WrongKey
from padpos.wire.keys import PublicKey
from padpos.wire.messages import EntryMessage
from padpos.wire.signed import What


class Reason(StrEnum):
    """Why a message was refused; stable names, for receipts and counters."""

    TOPIC = "topic"
    UNKNOWN_TERMINAL = "unknown-terminal"
    TOO_LARGE = "too-large"
    MALFORMED = "malformed"
    WRONG_KEY = "wrong-key"
    BAD_SIGNATURE = "bad-signature"
    TERMINAL_MISMATCH = "terminal-mismatch"
    ENVELOPE_MISSING = "envelope-missing"
    ENVELOPE_MISMATCH = "envelope-mismatch"
    ENVELOPE_MALFORMED = "envelope-malformed"
    UNKNOWN_CHAIN = "unknown-chain"
    CLOSED_CHAIN = "closed-chain"
    OTHER_GENESIS = "other-genesis"
    EQUIVOCATION = "equivocation"
    FORK = "fork"
    OTHER_WORLD = "other-world"  # a training number from production, or a real one from training
    PART_SIZE = "part-size"
    PART_HASH = "part-hash"
    PART_LIMIT = "part-limit"
    PROOF_FORGED = "proof-forged"
    PROOF_FOREIGN = "proof-foreign"
    INTERNAL = "internal"


CARRIED_BADLY = frozenset(
    {
        Reason.TOO_LARGE,
        Reason.MALFORMED,
        Reason.WRONG_KEY,
        Reason.BAD_SIGNATURE,
        Reason.ENVELOPE_MISMATCH,
    }
)
"""What whoever carries the bytes could have caused: counted, never answered.

A refusal would name the genuine entry's hash, and the terminal would not send it again.
"""


@dataclass(frozen=True, slots=True)
class Name:
    """What an entry message calls itself, believed or not: enough to answer it."""

    chain: bytes
    seq: int
    hash: bytes


class Refused(Exception):
    """A message that is not taken; `name` where the entry in it could be read."""

    def __init__(self, reason: Reason, name: Name | None = None) -> None:
        super().__init__(str(reason))
        self.reason = reason
        self.name = name


@dataclass(frozen=True, slots=True)
class Checked:
    """An authentic entry with the Envelopes it names."""

    entry: Entry
    hash: bytes
    message: EntryMessage

    @property
    def name(self) -> Name:
        """Chain, seq and hash."""
        return Name(self.entry.chain, self.entry.seq, self.hash)

    @property
    def consignment(self) -> bytes | None:
        """The consignment it belongs to, where its facts name one."""
        return getattr(self.entry.facts, "consignment", None)


def name_of(data: bytes) -> Name | None:
    """What the entry in a message calls itself, nothing verified; None where unreadable."""
    try:
        raw = EntryMessage.from_bytes(data).entry
        _, payload, _ = signed.parts(What.ENTRY, raw)
        claimed = entry.read_payload(payload)
        return Name(claimed.chain, claimed.seq, signed.hash_of(What.ENTRY, raw))
    except WireError:
        return None


def check(data: bytes, terminal: str, keys: Mapping[bytes, PublicKey]) -> Checked:
    """Verify a message against its topic's terminal and that terminal's keys. Raises Refused."""
    try:
        message = EntryMessage.from_bytes(data)
        verified = signed.verify_by_hint(What.ENTRY, message.entry, keys.get)
        checked = Checked(entry.read_payload(verified.payload), verified.hash, message)
    except WireError as error:
        raise Refused(_reason_of(error), name_of(data)) from error
    if checked.entry.terminal != terminal:
        raise Refused(Reason.TERMINAL_MISMATCH, checked.name)
    number = getattr(checked.entry.facts, "waybill", None)
    if number is not None and not ids.may_carry(terminal, number):
        raise Refused(Reason.OTHER_WORLD, checked.name)
    _check_envelope(checked, checked.entry.sealed, message.sealed)
    _check_envelope(checked, checked.entry.carrier, message.carrier)
    return checked


def _check_envelope(checked: Checked, named: Sealed | None, body: bytes | None) -> None:
    if named is None and body is None:
        return
    if body is None:
        raise Refused(Reason.ENVELOPE_MISSING, checked.name)
    if named is None or not named.matches(body):
        raise Refused(Reason.ENVELOPE_MISMATCH, checked.name)
    try:
        envelope.parse(body)
    except WireError as error:
        raise Refused(Reason.ENVELOPE_MALFORMED, checked.name) from error


def _reason_of(error: WireError) -> Reason:
    if isinstance(error, TooLarge):
        return Reason.TOO_LARGE
    if isinstance(error, WrongKey):
        return Reason.WRONG_KEY
    if isinstance(error, BadSignature):
        return Reason.BAD_SIGNATURE
    return Reason.MALFORMED
