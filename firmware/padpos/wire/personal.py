"""What is sealed (formats §5): the plaintext maps of a consignment's two Envelopes."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from padpos.wire import envelope, fields
from padpos.wire.cbor import Cbor


@dataclass(frozen=True, slots=True, repr=False)
class Party:
    """A sender or recipient."""

    name: str
    phone: str
    address: str

    def to_cbor(self) -> Cbor:
        """{1: name, 2: phone, 3: address}."""
        return {1: self.name, 2: self.phone, 3: self.address}

    @classmethod
    def from_cbor(cls, value: Cbor, where: str) -> Party:
        """Raises Malformed."""
        m = fields.fixed_map(value, (1, 2, 3), where)
        name, phone, address = (fields.text(m[key], where, 400) for key in (1, 2, 3))
        return cls(name, phone, address)


@dataclass(frozen=True, slots=True, repr=False)
class Document:
    """An identity document's fields, days as YYYYMMDD; what a document lacks is None."""

    type: str
    name: str
    number: str
    sex: str | None
    birth: str | None
    valid_from: str | None
    valid_until: str | None
    address: str | None
    ethnicity: str | None
    issuer: str | None
    chinese_name: str | None
    nationality: str | None
    permit_number: str | None
    times_issued: str | None

    def to_cbor(self) -> Cbor:
        """Keys 1 to 14 in the order of the fields."""
        return dict(enumerate(astuple(self), 1))

    @classmethod
    def from_cbor(cls, value: Cbor, where: str) -> Document:
        """Raises Malformed."""
        m = fields.fixed_map(value, range(1, 15), where)
        required = [fields.text(m[key], where, 400) for key in (1, 2, 3)]
        others = [fields.optional(m[key], fields.text, where) for key in range(4, 15)]
        return cls(*required, *others)


@dataclass(frozen=True, slots=True, repr=False)
class Organisation:
    """A sender that is no person: its name and unified social credit code (GB 32100)."""

    name: str
    code: str

    def to_cbor(self) -> Cbor:
        """{1: name, 2: code}."""
        return {1: self.name, 2: self.code}

    @classmethod
    def from_cbor(cls, value: Cbor, where: str) -> Organisation:
        """Raises Malformed."""
        m = fields.fixed_map(value, (1, 2), where)
        return cls(fields.text(m[1], where, 400), fields.text(m[2], where, 18))


@dataclass(frozen=True, slots=True, repr=False)
class SealedConsignment:
    """For the authority: who sent what to whom.

    `document` is the sender's, or that of the person who answers for an organisation; `agent` that
    of an agent or guardian beside it.
    """

    document: Document | None
    agent: Document | None
    sender: Party
    recipient: Party
    contents: str
    organisation: Organisation | None = None

    def padded(self) -> bytes:
        """The padded map, ready to seal."""
        return envelope.pad(
            {
                1: self.document.to_cbor() if self.document else None,
                2: self.agent.to_cbor() if self.agent else None,
                3: self.sender.to_cbor(),
                4: self.recipient.to_cbor(),
                5: self.contents,
                6: self.organisation.to_cbor() if self.organisation else None,
            }
        )

    @classmethod
    def from_padded(cls, content: bytes) -> SealedConsignment:
        """Raises Malformed."""
        m = fields.fixed_map(envelope.unpad(content), range(1, 7), "sealed consignment")
        return cls(
            fields.optional(m[1], Document.from_cbor, "document"),
            fields.optional(m[2], Document.from_cbor, "agent"),
            Party.from_cbor(m[3], "sender"),
            Party.from_cbor(m[4], "recipient"),
            fields.text(m[5], "contents", 400),
            fields.optional(m[6], Organisation.from_cbor, "organisation"),
        )


@dataclass(frozen=True, slots=True, repr=False)
class SealedCarrier:
    """For the carrier: what moving and returning the parcel needs, and no document field."""

    waybill: str
    sender: Party
    recipient: Party

    def padded(self) -> bytes:
        """The padded map, ready to seal."""
        return envelope.pad(
            {1: self.waybill, 2: self.sender.to_cbor(), 3: self.recipient.to_cbor()}
        )

    @classmethod
    def from_padded(cls, content: bytes) -> SealedCarrier:
        """Raises Malformed."""
        m = fields.fixed_map(envelope.unpad(content), (1, 2, 3), "sealed carrier part")
        return cls(
            fields.text(m[1], "waybill", 20),
            Party.from_cbor(m[2], "sender"),
            Party.from_cbor(m[3], "recipient"),
        )
