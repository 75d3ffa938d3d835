"""What the authority and the carrier have said: verified documents, each only ever newer."""

from __future__ import annotations

import logging
from collections.abc import Callable

from padpos.ledger.errors import LedgerStalled
from padpos.ledger.held import Held
from padpos.ledger.ledger import Ledger
from padpos.ledger.outbox import Outbox
from padpos.ledger.wants import Wants
from padpos.terminal.clock import now_ms
from padpos.terminal.keys import TerminalKeys
from padpos.wire import documents, draw, ids, keyset, policy
from padpos.wire.errors import NotAccepted, NotNewer, WireError
from padpos.wire.facts import Kind, PolicyFacts
from padpos.wire.keys import CannotSign
from padpos.wire.keyset import KeySet, Use
from padpos.wire.policy import Policy

log = logging.getLogger("padpos.terminal")

NEXT_POLICY = "policy-next"


class Standing:
    """The signed documents in force, and what to send again. All calls on the ledger's thread."""

    def __init__(
        self,
        ledger: Ledger,
        held: Held,
        keys: TerminalKeys,
        carrier: str,
        now: Callable[[], int] = now_ms,
    ) -> None:
        self._ledger = ledger
        self._held = held
        self._keys = keys
        self._carrier = carrier
        self._now = now
        self._outbox = Outbox(ledger)
        self.wants = Wants(ledger)
        self.keys: KeySet | None = None
        self.policy: Policy | None = None
        self.next_policy: Policy | None = None
        self.leavers: documents.Leavers | None = None
        self.waybills: documents.Waybills | None = None
        self.contracts: documents.Contracts | None = None
        self.day_keys: dict[str, bytes] = {}
        self._takers: dict[str, Callable[[bytes], None]] = {
            "keys": self._take_keys,
            "policy": self._take_policy,
            "waybills": self._take_waybills,
            "contracts": self._take_contracts,
            "leavers": self._take_leavers,
            "draw": self._take_draw,
            "receipt": self._take_receipt,
            "want": self._take_want,
        }

    def load(self) -> None:
        """Take again what was accepted before; a document that no longer verifies is left out."""
        for kind in ("keys", "policy", "waybills", "contracts", "leavers", "draw"):
            self._load(kind, self._held.document(kind))
        self._load("policy", self._held.document(NEXT_POLICY))

    def _load(self, kind: str, raw: bytes | None) -> None:
        if raw is not None and (refused := self.take(kind, raw)) not in ("ok", "not-newer"):
            log.error("the kept %s document is not accepted: %s", kind, refused)

    def take(self, kind: str, raw: bytes) -> str:
        """Take a message from the authority: "ok", or the code for which it was not accepted."""
        taker = self._takers.get(kind)
        if taker is None:
            return "not-yet-known"
        try:
            taker(raw)
        except NotNewer as error:  # a retained document, delivered again on every connection
            return error.code
        except WireError as error:
            log.warning("%s of %d bytes not accepted: %s", kind, len(raw), error.what)
            return error.code
        except CannotSign as error:  # it comes again with the next connection
            log.error("%s of %d bytes could not be recorded: %s", kind, len(raw), error.code)
            return error.code
        except LedgerStalled as error:  # it will come again: receipts and documents both do
            log.warning("%s of %d bytes can't be kept now: %s", kind, len(raw), error)
            return error.code
        return "ok"

    @property
    def missing(self) -> str | None:
        """The document without which the counter can't open, or None."""
        for name in ("keys", "policy", "waybills"):
            if getattr(self, name) is None:
                return name
        return None

    def _take_keys(self, raw: bytes) -> None:
        new = keyset.verify(raw, self._keys.policy)
        self._mine(new.terminal)
        self._newer(new.version, self.keys.version if self.keys else None)
        self._held.keep_document("keys", new.version, raw)
        self.keys = new

    def _take_policy(self, raw: bytes) -> None:
        new, digest = policy.verify(raw, self._keys.policy)
        if not new.is_for(self._ledger.terminal, self._carrier):
            raise NotAccepted("policy: for other terminals")
        newest = self.next_policy or self.policy
        self._newer(new.version, newest.version if newest else None)
        for day, committed in new.commitments.items():
            known = self._held.commitment(day)
            if known is not None and known[0] != committed:
                raise NotAccepted("policy: commits to another key for a day already committed to")
        later = self.policy is not None and self._now() < new.valid_from
        place = NEXT_POLICY if later else "policy"
        waiting = self._held.document(NEXT_POLICY)
        if raw not in (self._held.document("policy"), waiting):
            self._record_policy(new, digest, raw, place)
        elif raw == waiting and not later:
            self._move_in_force(new, raw)
        if later:
            self.next_policy = new
        else:
            self.policy, self.next_policy = new, None

    def _record_policy(self, new: Policy, digest: bytes, raw: bytes, place: str) -> None:
        # On record, and its draw keys fixed, as soon as it is accepted, whenever it begins.
        with self._ledger.transaction():
            appended = self._ledger.append(Kind.POLICY, PolicyFacts(new.version, digest))
            for day, committed in new.commitments.items():
                self._held.commit_to(day, committed, appended.hash)
            self._held.keep_document(place, new.version, raw)
            if place == "policy":
                self._held.drop_document(NEXT_POLICY)

    def is_due(self, now: int) -> bool:
        """Whether a policy kept for later begins at `now` (ms), or has begun."""
        return self.next_policy is not None and now >= self.next_policy.valid_from

    def turn(self, now: int) -> None:
        """Bring the policy whose time has come into force."""
        raw = self._held.document(NEXT_POLICY)
        if self.next_policy is None or raw is None or not self.is_due(now):
            return
        self.policy, self.next_policy = self.next_policy, None
        log.info("policy version %d is in force", self.policy.version)
        self._move_in_force(self.policy, raw)

    def _move_in_force(self, new: Policy, raw: bytes) -> None:
        with self._ledger.transaction():
            self._held.keep_document("policy", new.version, raw)
            self._held.drop_document(NEXT_POLICY)

    def forget_keys_before(self, today: str) -> None:
        """The draw keys of days gone by are of no more use here."""
        self.day_keys = {day: key for day, key in self.day_keys.items() if day >= today}

    def has_left(self, clerk: str) -> bool:
        """Whether a clerk may no longer sign in."""
        return self.leavers is not None and clerk in self.leavers.clerks

    def _take_leavers(self, raw: bytes) -> None:
        new = documents.verify_leavers(raw, self._keys.policy)
        self._mine(new.terminal)
        self._newer(new.version, self.leavers.version if self.leavers else None)
        self._held.keep_document("leavers", new.version, raw)
        self.leavers = new

    def _take_waybills(self, raw: bytes) -> None:
        new = documents.verify_waybills(raw, self._key_set().of(Use.WAYBILLS))
        self._mine(new.terminal)
        self._newer(new.version, self.waybills.version if self.waybills else None)
        if not all(ids.may_carry(new.terminal, item.first) for item in new.ranges):
            raise NotAccepted("waybills: training numbers and real ones do not mix")
        self._held.keep_document("waybills", new.version, raw)
        self.waybills = new

    def _take_contracts(self, raw: bytes) -> None:
        new = documents.verify_contracts(raw, self._keys.policy)
        self._mine(new.terminal)
        self._newer(new.version, self.contracts.version if self.contracts else None)
        self._held.keep_document("contracts", new.version, raw)
        self.contracts = new

    def _take_draw(self, raw: bytes) -> None:
        days = draw.open_draw_message(
            raw,
            self._ledger.terminal,
            self._keys.policy,
            self._keys.inbox,
            self._keys.inbox_private,
        )
        for day, key in days.items():
            known = self._held.commitment(day)
            if known is None or known[0] != draw.commitment(key):
                raise NotAccepted("draw message: a key nobody committed to")
        # Kept as it came, sealed: the keys themselves stay in memory.
        self._held.keep_document("draw", 0, raw)
        self.day_keys = days

    def _take_receipt(self, raw: bytes) -> None:
        self._outbox.apply(raw, self._key_set().of(Use.RECEIPT))

    def _take_want(self, raw: bytes) -> None:
        want = self.wants.take(raw, self._key_set().of(Use.RECEIPT))
        entries, attachments = len(want.entries), len(want.attachments)
        log.info("asked again for %d entries and %d attachments", entries, attachments)

    def _key_set(self) -> KeySet:
        if self.keys is None:
            raise NotAccepted("no key set yet")
        return self.keys

    def _mine(self, terminal: str) -> None:
        if terminal != self._ledger.terminal:
            raise NotAccepted("for another terminal")

    @staticmethod
    def _newer(version: int, held: int | None) -> None:
        if held is not None and version <= held:
            raise NotNewer("not newer than what is held")
