"""Receipts that nobody should believe: signed by a stranger, or true ones about somebody else."""

from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from padpos.wire import signed
from padpos.wire.entry import read_payload
from padpos.wire.keys import Signer, SoftwareSigner
from padpos.wire.messages import EntryMessage
from padpos.wire.receipt import AttachmentItem, EntryItem, Receipt, Status

NUMBER = 1 << 40  # beyond what the true authority will reach


def stranger() -> SoftwareSigner:
    """A receipt key that is in no key set."""
    return SoftwareSigner(ed25519.Ed25519PrivateKey.generate())


def receipt_for(
    terminal: str,
    messages: Sequence[bytes],
    photos: Sequence[bytes],
    signer: Signer,
    chain: bytes | None = None,
) -> bytes:
    """A receipt that says of these entry messages and photos (SHA-256) that they are stored."""
    items, own = [], b""
    for message in messages:
        raw = EntryMessage.from_bytes(message).entry
        entry = read_payload(signed.parts(signed.What.ENTRY, raw)[1])
        own = entry.chain
        items.append(EntryItem(entry.seq, signed.hash_of(signed.What.ENTRY, raw), Status.STORED))
    said = tuple(AttachmentItem(sha256, Status.STORED) for sha256 in photos)
    return Receipt(terminal, 1, tuple(items), said, chain or own, NUMBER).sign(signer).raw


def resigned(message: bytes) -> bytes:
    """An entry message with every byte of its payload, signed by another terminal's key."""
    found = EntryMessage.from_bytes(message)
    signer = SoftwareSigner(ec.generate_private_key(ec.SECP256R1()))
    payload = signed.parts(signed.What.ENTRY, found.entry)[1]
    raw = signed.sign(signed.What.ENTRY, payload, signer).raw
    return EntryMessage(raw, found.sealed, found.carrier).to_bytes()
