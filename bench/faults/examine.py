"""The oracle at a ledger: reads it with its own eyes and compares it with the book."""

from collections import Counter

from bench.faults.book import Book, Kept
from bench.faults.score import Score
from bench.faults.shop import digest
from padpos.ledger.ledger import Ledger
from padpos.wire import entry as wire_entry
from padpos.wire.facts import ConsignmentFacts, LabelFacts


def examine(ledger: Ledger, book: Book, score: Score, in_flight: int) -> None:
    """Count what is wrong with a ledger that has just been opened, its chain verified.

    `in_flight`: how many entries may be there whose append had not returned.
    """
    score.promised += len(book.entries) + len(book.photos)
    rows = {row[0]: row[1:] for row in ledger.db.execute(
        "SELECT seq, hash, sealed, carrier, receipted FROM entries")}  # fmt: skip
    for seq, kept in book.entries.items():
        _entry(seq, kept, rows.get(seq), book, score)
    for sha256, content in book.photos.items():
        _photo(ledger, sha256, content, book, score)
    if len(rows.keys() - book.entries.keys()) > in_flight:
        score.add("doubled", "an entry whose append has failed")
    _whole(ledger, score)
    _parcels(ledger, book, score)


def adopt(ledger: Ledger, book: Book) -> None:
    """Write the book anew from what was found: what was in flight has now come, or has not."""
    for seq, hash_, sealed, carrier, receipted in ledger.db.execute(
        "SELECT seq, hash, sealed, carrier, receipted FROM entries"
    ):
        book.entries.setdefault(seq, Kept(hash_, sealed, carrier))
        if receipted is not None:
            book.receipted.add(seq)
    book.photos.clear()
    book.loose.clear()
    book.perhaps.clear()
    named = dict(ledger.db.execute("SELECT hash, receipted FROM attachments"))
    for sha256, receipted in named.items():
        if receipted is not None:
            book.receipted.add(sha256)
        else:
            book.photos[sha256] = _file(ledger, sha256) or b""
    for sha256, content in _files(ledger):
        if sha256 not in named and digest(content) == sha256:
            book.photos[sha256] = content
            book.loose.add(sha256)


def _entry(
    seq: int,
    kept: Kept,
    row: tuple[bytes, bytes | None, bytes | None, int | None] | None,
    book: Book,
    score: Score,
) -> None:
    if row is None:
        score.add("lost", f"entry {seq}")
        return
    found, sealed, carrier, receipted = row
    if found != kept.hash:
        score.add("altered", f"another entry in the place of {seq}")
    elif seq in book.receipted:
        if receipted is None:
            score.add("undone", f"entry {seq}")
    elif receipted is not None:
        if seq not in book.perhaps:
            score.add("lost", f"entry {seq} let go without a receipt")
    elif (sealed, carrier) != (kept.sealed, kept.carrier):
        score.add("altered", f"an Envelope of entry {seq}")


def _photo(ledger: Ledger, sha256: bytes, content: bytes, book: Book, score: Score) -> None:
    row = ledger.db.execute(
        "SELECT receipted FROM attachments WHERE hash = ?", (sha256,)
    ).fetchone()
    may_go = sha256 in book.perhaps
    if sha256 in book.receipted:
        if row is None or row[0] is None:
            score.add("undone", "a photo")
    elif row is None:
        if sha256 not in book.loose:
            score.add("lost", "a photo's row")
        elif _file(ledger, sha256) != content and not may_go:
            score.add("lost", "a photo that no entry names yet")
    elif row[0] is not None:
        if not may_go:
            score.add("lost", "a photo let go without a receipt")
    elif (found := _file(ledger, sha256)) is None:
        score.add("lost", "a photo's file")
    elif found != content:
        score.add("altered", "a photo's file")


def _whole(ledger: Ledger, score: Score) -> None:
    # Promised or not: whatever the outbox offers must be what its signed entry names.
    for seq, raw, sealed, carrier in ledger.db.execute(
        "SELECT seq, raw, sealed, carrier FROM entries WHERE receipted IS NULL"
    ):
        record = wire_entry.verify(raw, ledger._signer.public)[0]
        for named, body in ((record.sealed, sealed), (record.carrier, carrier)):
            if (named is None) != (body is None) or (named and not named.matches(body)):
                score.add("altered", f"entry {seq} without its Envelope")
        for attachment in record.attachments:
            state = ledger.db.execute(
                "SELECT seq, receipted FROM attachments WHERE hash = ?", (attachment.sha256,)
            ).fetchone()
            content = _file(ledger, attachment.sha256)
            if state is None or state[0] != seq:
                score.add("lost", f"entry {seq} names a photo that nothing holds")
            elif state[1] is None and (content is None or digest(content) != attachment.sha256):
                score.add("lost", "a photo that waits can't be sent")


def _parcels(ledger: Ledger, book: Book, score: Score) -> None:
    numbers: Counter[bytes | str] = Counter()
    accepted: set[bytes] = set()
    labelled = set(book.labels)
    for (raw,) in ledger.db.execute("SELECT raw FROM entries ORDER BY seq"):
        facts = wire_entry.verify(raw, ledger._signer.public)[0].facts
        if isinstance(facts, ConsignmentFacts):
            numbers.update((facts.consignment, facts.waybill))
            accepted.add(facts.consignment)
        elif isinstance(facts, LabelFacts):
            labelled.add(facts.consignment)
    papers = ledger.db.execute("SELECT consignment FROM papers WHERE status != 'pending'")
    labelled |= {consignment for (consignment,) in papers}
    if missing := len(labelled - accepted):
        score.add("unbacked", "a label without its consignment", missing)
    if doubled := sum(number > 1 for number in numbers.values()):
        score.add("doubled", "a consignment or waybill number", doubled)


def _files(ledger: Ledger) -> list[tuple[bytes, bytes]]:
    """Every file beside the database under the hash in its name, read without the ledger."""
    found = (path for path in (ledger.folder / "attachments").iterdir() if path.suffix == ".cose")
    return [(bytes.fromhex(path.name.split(".")[1]), path.read_bytes()) for path in found]


def _file(ledger: Ledger, sha256: bytes) -> bytes | None:
    try:
        return ledger.files.read(sha256)
    except FileNotFoundError:
        return None
