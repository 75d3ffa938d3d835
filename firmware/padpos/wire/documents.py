"""The smaller signed documents: waybill ranges, contract customers, leavers, genesis."""

from __future__ import annotations

from dataclasses import dataclass

from padpos.wire import cbor, fields, ids, signed
from padpos.wire.cbor import Cbor
from padpos.wire.errors import Malformed
from padpos.wire.keys import PublicKey, Signer
from padpos.wire.signed import What


@dataclass(frozen=True, slots=True)
class WaybillRange:
    """Numbers from first to last, same prefix and length, usable until `expires` (ms).

    Of the training series (formats §11) each number bears its own check digit.
    """

    first: str
    last: str
    expires: int

    def number(self, index: int) -> str | None:
        """The index-th number of the range, or None behind its end."""
        value = self._value(self.first) + index
        if value > self._value(self.last):
            return None
        if self._is_training:
            return ids.training_number(value)
        prefix = self._prefix
        return f"{prefix}{value:0{len(self.first) - len(prefix)}}"

    def index_of(self, number: str) -> int:
        """Which number of the range that is."""
        return self._value(number) - self._value(self.first)

    @property
    def _is_training(self) -> bool:
        return ids.is_training(self.first)

    @property
    def _prefix(self) -> str:
        return self.first.rstrip("0123456789")

    def _value(self, number: str) -> int:
        # A training number's last digit checks the others and counts nothing.
        digits = number[len(self._prefix) :]
        return int(digits[:-1] if self._is_training else digits)

    def to_cbor(self) -> Cbor:
        """[first, last, expires]."""
        return [self.first, self.last, self.expires]

    @classmethod
    def from_cbor(cls, value: Cbor, where: str) -> WaybillRange:
        """Raises Malformed."""
        first, last, expires = fields.fixed_array(value, (3,), where)
        read = cls(ids.waybill(first, where), ids.waybill(last, where), fields.uint(expires, where))
        prefix = read.first.rstrip("0123456789")
        tail = read.last.removeprefix(prefix)
        same = len(read.first) == len(read.last) and read.last.startswith(prefix)
        if not same or not tail.isdecimal() or read.first == prefix or read.first > read.last:
            raise Malformed(f"{where}: not a range of numbers")
        ends = (read.first, read.last)
        if prefix == ids.TRAINING_SERIES and not all(map(ids.is_training, ends)):
            raise Malformed(f"{where}: not a range of training numbers")
        return read


@dataclass(frozen=True, slots=True)
class Waybills:
    """The waybill numbers a carrier gave one terminal."""

    version: int
    terminal: str
    ranges: tuple[WaybillRange, ...]

    def covers(self, number: str, now: int) -> bool:
        """Whether a number is of a range that can be used at `now` (ms)."""
        return any(
            len(number) == len(item.first)
            and item.first <= number <= item.last
            and now < item.expires
            for item in self.ranges
        )

    def sign(self, signer: Signer) -> signed.Signed:
        """Sign with the carrier's waybills key."""
        ranges: list[Cbor] = [item.to_cbor() for item in self.ranges]
        payload = cbor.dumps({1: self.version, 2: self.terminal, 3: ranges})
        return signed.sign(What.WAYBILLS, payload, signer)


def verify_waybills(raw: bytes, keys: tuple[PublicKey, ...]) -> Waybills:
    """Verify under one of the key set's waybills keys. Raises a WireError."""
    by_id = {key.id: key for key in keys}
    payload = signed.verify_by_hint(What.WAYBILLS, raw, by_id.get).payload
    m = fields.fixed_map(cbor.loads(payload, signed.limit_of(What.WAYBILLS)), (1, 2, 3), "waybills")
    return Waybills(
        fields.uint(m[1], "version"),
        ids.terminal_id(m[2]),
        tuple(fields.array_of(m[3], WaybillRange.from_cbor, "ranges", 1000)),
    )


@dataclass(frozen=True, slots=True)
class Contract:
    """A customer with a signed safety agreement, and the time it is good for (ms).

    `categories` of goods it is for, none for any; `responsible` a pseudonym of who answers for it.
    """

    id: str
    not_before: int
    not_after: int
    categories: tuple[str, ...] = ()
    responsible: str = ""

    def to_cbor(self) -> Cbor:
        """[id, not before, not after, [category, …], responsible person]."""
        return [
            self.id,
            self.not_before,
            self.not_after,
            list(self.categories),
            self.responsible,
        ]

    @classmethod
    def from_cbor(cls, value: Cbor, where: str) -> Contract:
        """Raises Malformed."""
        contract, start, end, categories, responsible = fields.fixed_array(value, (5,), where)
        read = cls(
            fields.text(contract, where, 64),
            fields.uint(start, where),
            fields.uint(end, where),
            tuple(fields.array_of(categories, _category, where, 64)),
            fields.text(responsible, where, 64),
        )
        if not read.id or read.not_before >= read.not_after:
            raise Malformed(f"{where}: without a name, or ends before it begins")
        return read


def _category(value: Cbor, where: str) -> str:
    return fields.text(value, where, 60)


@dataclass(frozen=True, slots=True)
class Contracts:
    """The contract customers of one terminal."""

    version: int
    terminal: str
    contracts: tuple[Contract, ...]

    def find(self, contract: str, now: int) -> Contract | None:
        """The agreement of that id, where it stands at `now` (ms)."""
        return next(
            (
                item
                for item in self.contracts
                if item.id == contract and item.not_before <= now < item.not_after
            ),
            None,
        )

    def sign(self, signer: Signer) -> signed.Signed:
        """Sign with the policy key."""
        contracts: list[Cbor] = [item.to_cbor() for item in self.contracts]
        payload = cbor.dumps({1: self.version, 2: self.terminal, 3: contracts})
        return signed.sign(What.CONTRACTS, payload, signer)


def verify_contracts(raw: bytes, policy_key: PublicKey) -> Contracts:
    """Verify under the pinned policy key. Raises a WireError."""
    payload = signed.verify(What.CONTRACTS, raw, policy_key).payload
    limit = signed.limit_of(What.CONTRACTS)
    m = fields.fixed_map(cbor.loads(payload, limit), (1, 2, 3), "contracts")
    read = Contracts(
        fields.uint(m[1], "version"),
        ids.terminal_id(m[2]),
        tuple(fields.array_of(m[3], Contract.from_cbor, "contracts", 4000)),
    )
    if len({item.id for item in read.contracts}) != len(read.contracts):
        raise Malformed("contracts: an agreement stands twice")
    return read


@dataclass(frozen=True, slots=True)
class Leavers:
    """Clerks (pseudonymous ids) who may no longer sign in at one terminal."""

    version: int
    terminal: str
    clerks: tuple[str, ...]

    def sign(self, signer: Signer) -> signed.Signed:
        """Sign with the policy key."""
        clerks: list[Cbor] = list(self.clerks)
        payload = cbor.dumps({1: self.version, 2: self.terminal, 3: clerks})
        return signed.sign(What.LEAVERS, payload, signer)


def verify_leavers(raw: bytes, policy_key: PublicKey) -> Leavers:
    """Verify under the pinned policy key. Raises a WireError."""
    payload = signed.verify(What.LEAVERS, raw, policy_key).payload
    limit = signed.limit_of(What.LEAVERS)
    m = fields.fixed_map(cbor.loads(payload, limit), (1, 2, 3), "leavers")
    return Leavers(
        fields.uint(m[1], "version"),
        ids.terminal_id(m[2]),
        tuple(fields.array_of(m[3], _clerk, "leavers", 10_000)),
    )


def _clerk(value: Cbor, where: str) -> str:
    return fields.text(value, where, 32)


@dataclass(frozen=True, slots=True)
class Genesis:
    """The authority's word that a chain of a terminal begins with this entry (formats §5)."""

    terminal: str
    chain: bytes
    hash: bytes

    def sign(self, signer: Signer) -> signed.Signed:
        """Sign with the policy key."""
        payload = cbor.dumps({1: self.terminal, 2: self.chain, 3: self.hash})
        return signed.sign(What.GENESIS, payload, signer)


def verify_genesis(raw: bytes, policy_key: PublicKey) -> Genesis:
    """Verify under the pinned policy key. Raises a WireError."""
    payload = signed.verify(What.GENESIS, raw, policy_key).payload
    m = fields.fixed_map(cbor.loads(payload, 4096), (1, 2, 3), "genesis")
    return Genesis(
        ids.terminal_id(m[1]),
        fields.octets(m[2], "chain", 16),
        fields.octets(m[3], "genesis hash", 32),
    )
