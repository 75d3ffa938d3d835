"""What the vectors are about: fixed keys, invented people, one object of every sort."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID, ObjectIdentifier

from padpos.wire import (
    draw,
    fact_values,
    facts,
    ids,
    keyset,
    label_code,
    personal,
    policy,
    receipt,
    signed,
    want,
)
from padpos.wire.keys import Alg, PublicKey, SigningPrivateKey, raw_of_der, signing_public
from padpos.wire.keys import sealing_public as public_of

TERMINAL = "cn-bj-0042"
START = 1_767_225_600_000  # 2026-01-01 08:00 in UTC+8
DAY = "2026-01-01"
DAY_MS = 86_400_000
WAYBILL = "PPT" + "0000000572" + ids.damm("0000000572")
PREFIX = "HTTPS://L.EXAMPLE.CN/"
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
Json = dict[str, Any]
SEALING = {
    "upload": Alg.XWING,
    "escrow": Alg.XWING,
    "carrier": Alg.XWING,
    "upload-x25519": Alg.X25519,
    "inbox": Alg.X25519,
    "label": Alg.LABEL,
}
SIGNING = {
    "entry": Alg.ESP256,
    "policy": Alg.ESP256,
    "receipt": Alg.ED25519,
    "waybills": Alg.ED25519,
}


def seed(label: str, size: int = 32) -> bytes:
    """Bytes that everyone can make again from the label."""
    return hashlib.sha256(f"padpos test vector: {label}".encode()).digest()[:size]


@dataclass(frozen=True, slots=True)
class FixedSigner:
    """A software signer whose P-256 signatures are those of RFC 6979."""

    private: SigningPrivateKey

    @property
    def public(self) -> PublicKey:
        """The public half."""
        return signing_public(self.private.public_key())

    def sign(self, message: bytes) -> bytes:
        """Sign `message`."""
        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            return self.private.sign(message)
        algorithm = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        return raw_of_der(self.private.sign(message, algorithm))


def signer(name: str) -> FixedSigner:
    """The signing key of that name."""
    secret = seed(f"{name} key")
    if SIGNING[name] is Alg.ED25519:
        return FixedSigner(ed25519.Ed25519PrivateKey.from_private_bytes(secret))
    return FixedSigner(p256(secret))


def p256(secret: bytes) -> ec.EllipticCurvePrivateKey:
    """A P-256 key from 32 bytes."""
    number = int.from_bytes(secret) % (P256_ORDER - 1) + 1
    return ec.derive_private_key(number, ec.SECP256R1())


def sealing(name: str) -> PublicKey:
    """The public half of the sealing key of that name."""
    return public_of(SEALING[name], seed(f"{name} key"))


def numbered(first_17: str) -> str:
    """A citizen number with the check character of GB 11643."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(digit) * weight for digit, weight in zip(first_17, weights, strict=True))
    return first_17 + "10X98765432"[total % 11]


SENDER = personal.Party("沈砚秋", "19900000001", "北京市东城区样例胡同1号")
RECIPIENT = personal.Party("顾听澜", "19900000002", "上海市黄浦区样例路2号3室")
DOCUMENT = personal.Document(
    "resident-id", "沈砚秋", numbered("11010119050312004"), "女", "19050312", "20200101",
    None, "北京市东城区样例胡同1号", "汉", "样例公安局", None, None, None, None,
)  # fmt: skip
ORGANISATION = personal.Organisation("样例文具有限公司", "91110000000000001H")
CONSIGNMENT = seed("consignment", 16)
CHAIN = seed("chain", 16)
DAY_KEY = seed("day key")


def label_plains() -> dict[str, label_code.LabelPlain]:
    """A label that fits 208 bytes, and one that needs 256."""
    long_address = "上海市黄浦区样例路2号样例花园三十号楼甲单元一千二百零三室" + "东" * 32
    name, phone = RECIPIENT.name, RECIPIENT.phone
    return {
        "short": label_code.LabelPlain(WAYBILL, 1, name, phone, RECIPIENT.address),
        "long": label_code.LabelPlain(WAYBILL, 3, name, phone, long_address, "relay-7"),
    }


def key_set() -> keyset.KeySet:
    """A key set with every use."""
    keys = [
        (keyset.Use.UPLOAD, sealing("upload")),
        (keyset.Use.ESCROW, sealing("escrow")),
        (keyset.Use.CARRIER, sealing("carrier")),
        (keyset.Use.LABEL, sealing("label")),
        (keyset.Use.RECEIPT, signer("receipt").public),
        (keyset.Use.WAYBILLS, signer("waybills").public),
    ]
    return keyset.KeySet(7, TERMINAL, START, START + 7 * DAY_MS, tuple(keys))


def document_class(code: str) -> policy.DocumentClass:
    """A class of documents by its code; a passport's number has no public check."""
    rule = policy.NumberRule.FREE if code == "passport" else policy.NumberRule.CITIZEN
    return policy.DocumentClass(code, "证件", "Document", rule, typed=True)


def the_policy(**changed: Any) -> policy.Policy:
    """A policy for this terminal alone; `changed` replaces fields of it."""
    duty = policy.Duty
    values: Json = {
        "version": 12,
        "audience": (TERMINAL,),
        "valid_from": START,
        "valid_until": START + 30 * DAY_MS,
        "document_classes": (document_class("resident-id"), document_class("passport")),
        "requirements": (
            policy.Requirement("walk-in", "identify", duty.REQUIRED, "条例 第二十二条"),
            policy.Requirement("walk-in", "inspect", duty.REQUIRED, "条例 第二十五条"),
            policy.Requirement("contract", "identify", duty.EXEMPT, "办法 第十一条"),
            policy.Requirement("contract", "inspect", duty.BY_DRAW, "办法 第十二条"),
            policy.Requirement("agent", "identify", duty.REQUIRED, "办法 第九条", False),
            policy.Requirement("agent", "agent", duty.REQUIRED, "办法 第九条"),
            policy.Requirement("agent", "inspect", duty.REQUIRED, "条例 第二十五条"),
            policy.Requirement("organisation", "organisation", duty.REQUIRED, "办法 第十条"),
            policy.Requirement("organisation", "identify", duty.REQUIRED, "办法 第十条"),
            policy.Requirement("organisation", "inspect", duty.REQUIRED, "条例 第二十五条"),
            policy.Requirement("letter", "identify", duty.EXEMPT, "条例 第二十二条"),
            policy.Requirement("letter", "inspect", duty.EXEMPT, "邮政法 第二十五条"),
            policy.Requirement("self-service", "identify", duty.REQUIRED, "条例 第二十二条"),
            policy.Requirement("self-service", "inspect", duty.REQUIRED, "条例 第二十五条"),
        ),
        "draw_rate": 50_000,
        "commitments": {DAY: draw.commitment(DAY_KEY)},
        "typed_per_day": 20,
        "freeze_hours": 72,
        "freeze_count": 500,
        "prohibited": (policy.Prohibited("explosives", "爆炸物", "Explosives"),),
        "marks": (
            policy.MarkText("identified", "实名收寄"),
            policy.MarkText("inspected", "收寄验视"),
            policy.MarkText("contract-uninspected", "安检"),
            policy.MarkText("typed", "证件手工录入"),
            policy.MarkText("letter", "信件"),
            policy.MarkText("inspected", "收寄验视·沪", "上海"),
        ),
        "retention_days": 365,
        "limits": (
            policy.Limit(policy.Subject.DOCUMENT, 3, 10, 20),
            policy.Limit(policy.Subject.CLERKS_OWN, None, 1, None),
            policy.Limit(policy.Subject.TYPED, 2, None, None),
            policy.Limit(policy.Subject.VOIDS, None, 5, None),
            policy.Limit(policy.Subject.REPRINTS, 5, None, None),
            policy.Limit(policy.Subject.DROPPED_DRAWN, 1, 2, 3),
        ),
        "switches": (
            policy.Switch(policy.Choice.REMOTE_LOOK, False, "条例 第二十五条", False),
            policy.Switch(policy.Choice.SELF_SERVICE, True, "办法 第十二条", False),
            policy.Switch(policy.Choice.TYPED_ENTRY, True, "办法 第八条"),
        ),
        "guardian_under": 14,
        "adult_at": 18,
        "visit_seconds": 600,
    }
    return policy.Policy(**{**values, **changed})


def the_facts(policy_hash: bytes, code_hash: bytes) -> Iterator[tuple[facts.Kind, facts.Facts]]:
    """Facts of every kind that is written, genesis first."""
    kind = facts.Kind
    yield kind.GENESIS, facts.GenesisFacts("0.1.0", sealing("inbox").raw)
    yield kind.POLICY, facts.PolicyFacts(12, policy_hash)
    yield kind.CLERK, facts.ClerkFacts("clerk-03", True)
    yield kind.CONSIGNMENT, consignment_facts()
    label = facts.LabelFacts(CONSIGNMENT, WAYBILL, 1, code_hash, "intended", "terminal", None)
    yield kind.LABEL, label
    other = seed("other consignment", 16)
    yield kind.DRAW, facts.DrawFacts(other, DAY, "contract-9", 1, 12)
    let_pass = (other, ("typed", "voids"), "clerk-03", "clerk-07", 12)
    yield kind.OVERRIDE, facts.OverrideFacts(*let_pass)
    ended = (other, "prohibited", "inspect", "outlet-1", "clerk-03", "contract", None, 12, "3")
    for ended_kind in (kind.REFUSAL, kind.ABANDONED, kind.VOID):
        yield ended_kind, facts.EndedFacts(*ended)
    yield kind.CHECKPOINT, facts.CheckpointFacts(None, 9, "ok")


def consignment_facts(**changed: Any) -> facts.ConsignmentFacts:
    """Facts of an accepted parcel; `changed` replaces fields of them."""
    values: Json = {
        "consignment": CONSIGNMENT,
        "waybill": WAYBILL,
        "outlet": "outlet-1",
        "clerk": "clerk-03",
        "customer": "contract",
        "contract": "contract-9",
        "document_class": "resident-id",
        "reading": "chip",
        "policy": 12,
        "exemptions": (fact_values.Exemption("identify", "办法 第十一条"),),
        "marks": (fact_values.Mark("inspected", (seed("evidence"),)),),
        "verdicts": ("sharp", "exposed"),
        "grams": 1250,
        "from_scale": True,
        "draw": fact_values.Drawn(DAY, 1, True),
        "times_today": 2,
        "clerks_own": False,
        "software": "0.1.0",
        "durations": (("identify", 2100), ("inspect", 9400)),
        "helper": fact_values.Helper("guardian", "resident-id", "typed"),
        "agreed": True,
        "approvals": (fact_values.Approval("typed", "clerk-07"),),
        "look": fact_values.Look("clerk-05", True),
        "parcel_of_visit": 2,
        "category": "文具",
        "typed_reason": "chip-damaged",
    }
    return facts.ConsignmentFacts(**{**values, **changed})


def the_receipt(entries: list[signed.Signed], photo: bytes) -> receipt.Receipt:
    """A receipt with every status."""
    status = receipt.Status
    items = (
        receipt.EntryItem(0, entries[0].hash, status.STORED),
        receipt.EntryItem(1, entries[1].hash, status.HELD),
        receipt.EntryItem(2, entries[2].hash, status.REFUSED, "chain closed"),
    )
    attachment = receipt.AttachmentItem(hashlib.sha256(photo).digest(), status.STORED)
    return receipt.Receipt(TERMINAL, START + 60_000, items, (attachment,), CHAIN, 5)


def the_want(photo: bytes) -> want.Want:
    """A want for entries, for a piece of one attachment and for all of another."""
    wanted = (
        want.WantedAttachment(hashlib.sha256(photo).digest(), (0,)),
        want.WantedAttachment(seed("another photo")),
    )
    rising = tuple(sorted(wanted, key=lambda item: item.sha256))
    return want.Want(TERMINAL, START + 90_000, CHAIN, (2, 7, 300), rising)


def certificate(usage: list[ObjectIdentifier], cn: tuple[str, ...] = (TERMINAL,)) -> bytes:
    """A DER certificate for the entry key with that extended key usage, signed by a fixed CA."""
    names = [x509.NameAttribute(NameOID.COMMON_NAME, name) for name in cn]
    issuer = [x509.NameAttribute(NameOID.COMMON_NAME, "padpos vector CA")]
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name(names))
        .issuer_name(x509.Name(issuer))
        .public_key(p256(seed("entry key")).public_key())
        .serial_number(42)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2028, 1, 1, tzinfo=UTC))
    )
    if usage:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usage), critical=True)
    made = builder.sign(p256(seed("ca key")), hashes.SHA256(), ecdsa_deterministic=True)
    return made.public_bytes(Encoding.DER)
