"""Makes tests/vectors/*.json. Run by hand from the project's root:

    python -m tests.wire.make_vectors          signs again; what is sealed is kept
    python -m tests.wire.make_vectors --seal   also seals again (HPKE draws its own randomness)

Keys come from labelled SHA-256 seeds and signatures are those of RFC 6979, so that everything but
the sealed bytes is reproducible: a test builds it anew and compares. Nobody in it ever lived.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

from padpos.wire import (
    cbor,
    documents,
    draw,
    entry,
    envelope,
    facts,
    feed,
    ids,
    label_code,
    messages,
    personal,
    policy,
    signed,
)
from padpos.wire.keys import PublicKey
from padpos.wire.signed import What
from tests.wire.vector_objects import (
    CHAIN,
    CONSIGNMENT,
    DAY,
    DAY_KEY,
    DAY_MS,
    DOCUMENT,
    ORGANISATION,
    PREFIX,
    RECIPIENT,
    SEALING,
    SENDER,
    SIGNING,
    START,
    TERMINAL,
    WAYBILL,
    FixedSigner,
    Json,
    certificate,
    key_set,
    label_plains,
    sealing,
    seed,
    signer,
    the_facts,
    the_policy,
    the_receipt,
    the_want,
)

VECTORS = Path(__file__).resolve().parents[1] / "vectors"


def key_vectors() -> Json:
    """Every key by name: algorithm, 32 secret bytes, public bytes, id."""
    found = {}
    for name in SIGNING:
        private = signer(name).private
        if isinstance(private, ec.EllipticCurvePrivateKey):
            secret = private.private_numbers().private_value.to_bytes(32)
        else:
            secret = private.private_bytes_raw()
        found[name] = _key(signer(name).public, secret)
    for name in SEALING:
        found[name] = _key(sealing(name), seed(f"{name} key"))
    return found


def _key(public: PublicKey, secret: bytes) -> Json:
    return {
        "alg": int(public.alg),
        "secret": secret.hex(),
        "public": public.raw.hex(),
        "id": public.id.hex(),
    }


def sealed_content() -> Iterator[tuple[str, str, bytes, list[str], bytes, str]]:
    """(name, purpose, context, recipients, content, content type) of each Envelope."""
    consignment = personal.SealedConsignment(
        DOCUMENT, None, SENDER, RECIPIENT, "书籍两册", ORGANISATION
    )
    carrier = personal.SealedCarrier(WAYBILL, SENDER, RECIPIENT)
    both = ["upload", "escrow"]
    cbor_type = envelope.CBOR_TYPE
    yield "consignment", "consignment", CONSIGNMENT, both, consignment.padded(), cbor_type
    floor = ["upload-x25519"]
    yield "consignment-x25519", "consignment", CONSIGNMENT, floor, consignment.padded(), cbor_type
    yield "carrier", "carrier", CONSIGNMENT, ["carrier"], carrier.padded(), cbor_type
    yield "photo", "photo", CONSIGNMENT, both, seed("photo") * 3 + b"\xff\xd9", envelope.JPEG_TYPE
    days = envelope.pad({1: {DAY: DAY_KEY, "2026-01-02": seed("second day key")}})
    yield "day-key", draw.PURPOSE, b"", ["inbox"], days, cbor_type


def envelope_vectors(kept: dict[str, str]) -> list[Json]:
    """The Envelopes: their bytes are those in `kept` where it has them, else sealed now."""
    found = []
    for name, purpose, context, recipients, content, content_type in sealed_content():
        binding = envelope.Binding(TERMINAL, purpose, context)
        keys = [sealing(recipient) for recipient in recipients]
        raw = kept.get(name) or envelope.seal(content, binding, keys, content_type).hex()
        found.append(
            {
                "name": name,
                "terminal": TERMINAL,
                "purpose": purpose,
                "context": context.hex(),
                "recipients": recipients,
                "content_type": content_type,
                "content": content.hex(),
                "envelope": raw,
            }
        )
    return found


def label_vectors(kept: dict[str, str]) -> list[Json]:
    """The label codes; sealed bytes are kept like those of the Envelopes."""
    found = []
    for name, plain in label_plains().items():
        code = kept.get(name) or label_code.seal(plain, sealing("label")).hex()
        raw = bytes.fromhex(code)
        found.append(
            {
                "name": name,
                "plain": cbor.loads(plain.padded().rstrip(b"\0"), 256),
                "padded": plain.padded().hex(),
                "code": code,
                "text": label_code.to_text(raw, PREFIX),
                "sha256": label_code.code_hash(raw).hex(),
            }
        )
    return found


def the_entries(
    sealed: dict[str, bytes], policy_hash: bytes, code_hash: bytes
) -> list[signed.Signed]:
    """A chain with an entry of every kind."""
    chain: list[signed.Signed] = []
    for seq, (kind, fact) in enumerate(the_facts(policy_hash, code_hash)):
        full = kind is facts.Kind.CONSIGNMENT
        photo = entry.Sealed.of(sealed["photo"])
        attachment = entry.Attachment(photo.sha256, photo.size, envelope.JPEG_TYPE)
        record = entry.Entry(
            terminal=TERMINAL,
            seq=seq,
            prev=chain[-1].hash if chain else entry.NO_PREVIOUS,
            time=START + 1000 * seq,
            synchronised=seq > 0,
            kind=kind,
            facts=fact,
            sealed=entry.Sealed.of(sealed["consignment"]) if full else None,
            attachments=(attachment,) if full else (),
            chain=CHAIN,
            carrier=entry.Sealed.of(sealed["carrier"]) if full else None,
        )
        chain.append(record.sign(signer("entry")))
    return chain


def signed_vectors(sealed: dict[str, bytes], code_hash: bytes) -> list[Json]:
    """Every sort of signed object that has a writer, and an entry of every kind."""
    the_law = the_policy().sign(signer("policy"))
    entries = the_entries(sealed, the_law.hash, code_hash)
    kinds = [str(kind) for kind, _ in the_facts(the_law.hash, code_hash)]
    found = [
        _signed(f"entry-{kind}", What.ENTRY, "entry", made)
        for kind, made in zip(kinds, entries, strict=True)
    ]
    label = feed.FeedItem(41, TERMINAL, feed.FeedKind.LABEL, CONSIGNMENT, entries[4].raw)
    moved = feed.FeedItem(42, TERMINAL, feed.FeedKind.CARRIER, CONSIGNMENT, sealed["carrier"])
    ranges = (documents.WaybillRange("PPZ10000001", "PPZ10000500", START + 30 * DAY_MS),)
    contracts = (
        documents.Contract(
            "contract-9", START, START + 90 * DAY_MS, ("文具", "书籍"), "responsible-2"
        ),
    )
    made_by: list[tuple[str, What, str, Callable[[FixedSigner], signed.Signed]]] = [
        ("genesis", What.GENESIS, "policy",
         documents.Genesis(TERMINAL, CHAIN, entries[0].hash).sign),
        ("receipt", What.RECEIPT, "receipt", the_receipt(entries, sealed["photo"]).sign),
        ("want", What.WANT, "receipt", the_want(sealed["photo"]).sign),
        ("policy", What.POLICY, "policy", the_policy().sign),
        ("keys", What.KEYS, "policy", key_set().sign),
        ("draw", What.DRAW, "policy",
         lambda key: signed.sign(What.DRAW, sealed["day-key"], key)),
        ("waybills", What.WAYBILLS, "waybills", documents.Waybills(3, TERMINAL, ranges).sign),
        ("contracts", What.CONTRACTS, "policy", documents.Contracts(4, TERMINAL, contracts).sign),
        ("leavers", What.LEAVERS, "policy",
         documents.Leavers(2, TERMINAL, ("clerk-01", "clerk-02")).sign),
        ("feed", What.FEED, "receipt", feed.Feed("carrier-1", 40, (label, moved)).sign),
    ]  # fmt: skip
    return found + [
        _signed(name, what, key, make(signer(key))) for name, what, key, make in made_by
    ]


def _signed(name: str, what: What, key: str, made: signed.Signed) -> Json:
    return {
        "name": name,
        "what": str(what),
        "key": key,
        "payload": made.payload.hex(),
        "raw": made.raw.hex(),
        "hash": made.hash.hex(),
    }


def draw_vectors(policy_entry: bytes) -> list[Json]:
    """u of the first parcels of the day, and the least rate at which each is drawn."""
    found = []
    for n in range(1, 13):
        message = cbor.dumps(["padpos-draw", 1, TERMINAL, DAY, "contract-9", n, policy_entry])
        u = hmac.digest(DAY_KEY, message, "sha256")
        found.append(
            {
                "day_key": DAY_KEY.hex(),
                "terminal": TERMINAL,
                "day": DAY,
                "contract": "contract-9",
                "n": n,
                "policy_entry": policy_entry.hex(),
                "u": u.hex(),
                "least_rate": int.from_bytes(u[:8]) * policy.PPM // 2**64 + 1,
            }
        )
    return found


def message_vectors(entry_raw: bytes, sealed: dict[str, bytes]) -> Json:
    """What travels unsigned: the entry message, a part, the status online and offline."""
    with_both = messages.EntryMessage(entry_raw, sealed["consignment"], sealed["carrier"])
    return {
        "entry": with_both.to_bytes().hex(),
        "entry-purged": messages.EntryMessage(entry_raw, None, None).to_bytes().hex(),
        "part": next(messages.parts_of(sealed["photo"])).to_bytes().hex(),
        "status": messages.TerminalStatus("0.1.0", 3, 90_000, "ok").to_bytes().hex(),
        "status-offline": messages.OFFLINE.hex(),
    }


def certificate_vectors() -> Json:
    """Certificates of one CN and key, told apart by their extended key usage."""
    documents_only = ObjectIdentifier("1.3.6.1.5.5.7.3.36")
    client = ExtendedKeyUsageOID.CLIENT_AUTH
    usages = {
        "entry": [documents_only],
        "tls": [client],
        "both": [documents_only, client],
        "none": [],
    }
    return {name: certificate(usage).hex() for name, usage in usages.items()}


def damm_vectors() -> list[Json]:
    """Check digits; 572 → 4 is Damm's own example."""
    digits = ["572", "0", "0000000000", "0000000572", "1234567890", "9999999999"]
    return [{"digits": item, "check": ids.damm(item)} for item in digits]


def build(kept_envelopes: dict[str, str], kept_codes: dict[str, str]) -> dict[str, str]:
    """All vector files, name → text, around the sealed bytes that are kept."""
    envelopes = envelope_vectors(kept_envelopes)
    codes = label_vectors(kept_codes)
    sealed = {item["name"]: bytes.fromhex(item["envelope"]) for item in envelopes}
    objects = signed_vectors(sealed, bytes.fromhex(codes[0]["sha256"]))
    by_name = {item["name"]: item for item in objects}
    entry_raw = bytes.fromhex(by_name["entry-consignment"]["raw"])
    policy_entry = bytes.fromhex(by_name["entry-policy"]["hash"])
    files = {
        "keys": key_vectors(),
        "envelopes": envelopes,
        "label-codes": codes,
        "signed": objects,
        "draw": draw_vectors(policy_entry),
        "messages": message_vectors(entry_raw, sealed),
        "certificates": certificate_vectors(),
        "damm": damm_vectors(),
    }
    return {
        f"{name}.json": json.dumps(content, ensure_ascii=False, indent=1) + "\n"
        for name, content in files.items()
    }


def kept(name: str, field: str) -> dict[str, str]:
    """What the vector file of that name has sealed already."""
    path = VECTORS / f"{name}.json"
    if not path.exists():
        return {}
    return {item["name"]: item[field] for item in json.loads(path.read_text("utf-8"))}


def rebuild() -> dict[str, str]:
    """All vector files around what is sealed in those on disk."""
    return build(kept("envelopes", "envelope"), kept("label-codes", "code"))


@click.command(help=__doc__)
@click.option("--seal", is_flag=True, help="Seal again, instead of keeping what is sealed.")
def main(seal: bool) -> None:
    """Write the vector files."""
    VECTORS.mkdir(exist_ok=True)
    for name, content in (build({}, {}) if seal else rebuild()).items():
        (VECTORS / name).write_text(content, "utf-8")
        click.echo(name)


if __name__ == "__main__":
    main()
