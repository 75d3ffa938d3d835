"""From a recorded consignment to its label: what is shown is masked before it is kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from padpos.counter.consignment import Consignment
from padpos.counter.masks import HIDDEN, mask_address, mask_name, mask_phone
from padpos.label import ComposedLabel, LabelContent, MaskedParty, audit, check_texts, compose
from padpos.ledger.papers import PaperRecord
from padpos.terminal.config import TerminalConfig
from padpos.wire import fields, label_code
from padpos.wire.cbor import Cbor
from padpos.wire.ids import CHINA, is_training
from padpos.wire.personal import Party
from padpos_drivers.printer import scrubbed

_NO_CODE = bytes([label_code.VERSION]).ljust(label_code.CODE_SIZES[0], b"\0")


def masked_parts(sender: Party, recipient: Party, contents: str) -> Cbor:
    """What the label says of the parcel's people, masked, and of what is inside."""
    return [_masked(sender), _masked(recipient), contents]


def masked_recipient(parts: Cbor) -> tuple[tuple[str, str, str], str]:
    """((name, phone, address) of the recipient as the label shows them, contents)."""
    _, to, contents = fields.fixed_array(parts, (3,), "parts")
    party = _party(to)
    return (party.name, party.phone, party.address), fields.text(contents, "contents")


def shown_of(
    consignment: Consignment,
    parts: Cbor,
    marks: Iterable[str],
    config: TerminalConfig,
    now: int,
) -> Cbor:
    """What the paper shows anyway, kept so that a reprint needs no plaintext.

    `parts` are those of `masked_parts`, `marks` the texts of the marks earned.
    """
    return [
        *fields.fixed_array(parts, (3,), "parts"),
        consignment.grams,
        consignment.from_scale,
        list(marks),
        config.outlet,
        config.area,
        datetime.fromtimestamp(now / 1000, UTC).astimezone(CHINA).strftime("%Y-%m-%d %H:%M"),
    ]


def draw_label(
    paper: PaperRecord, generation: int, prefix: str, secrets: Iterable[str] = ()
) -> ComposedLabel:
    """Draw a generation and let it judge itself. Raises LabelError or AuditFailure."""
    content = content_of(paper, generation, prefix)
    label = compose(content)
    # The printer burns the scrubbed picture, so that is the one to judge.
    label = replace(label, raster=scrubbed(label.raster))
    audit(label, content, secrets)
    return label


def try_label(parts: Cbor, grams: int, config: TerminalConfig, secrets: Iterable[str]) -> None:
    """Whether a parcel's label could be printed once it has its number.

    Raises LabelError or AuditFailure.
    """
    of_parcel = fields.fixed_array(parts, (3,), "parts")
    shown: Cbor = [*of_parcel, grams, False, [], config.outlet, config.area, "—"]
    paper = PaperRecord(bytes(16), "PPT00000000000", (_NO_CODE,), shown, 1, "pending")
    check_texts(content_of(paper, 1, config.label_prefix), secrets)


def warm_up() -> None:
    """Draw and judge a label nobody prints: fonts and decoders are then loaded for the first."""
    nobody: Cbor = ["测**", "******1234", "湖南省***"]
    shown: Cbor = [nobody, nobody, "文具", 1, False, ["实名收寄"], "—", "—", "—"]
    paper = PaperRecord(bytes(16), "PPT00000000000", (_NO_CODE,), shown, 1, "pending")
    draw_label(paper, 1, "HTTPS://P.EXAMPLE/")


def content_of(paper: PaperRecord, generation: int, prefix: str) -> LabelContent:
    """What one generation of a paper says. Raises Malformed if the record was tampered with."""
    items = fields.fixed_array(paper.shown, (9,), "paper")
    recipient = _party(items[1])
    return LabelContent(
        waybill=paper.waybill,
        # The signed three-segment routes (formats §6) are not read yet: the region sorts till then.
        route_code=recipient.address.rstrip(HIDDEN)[-12:] or "—",
        recipient=recipient,
        sender=_party(items[0]),
        contents=fields.text(items[2], "contents"),
        grams=fields.uint(items[3], "grams"),
        weight_from_scale=fields.boolean(items[4], "from scale"),
        marks=tuple(fields.array_of(items[5], fields.text, "marks", 8)),
        outlet=fields.text(items[6], "outlet"),
        area=fields.text(items[7], "area"),
        label_code=label_code.to_text(paper.codes[generation - 1], prefix),
        generation=generation,
        training=is_training(paper.waybill),
        printed_at=fields.text(items[8], "time"),
    )


def _masked(party: Party) -> Cbor:
    return [mask_name(party.name), mask_phone(party.phone), mask_address(party.address)]


def _party(value: Cbor) -> MaskedParty:
    name, phone, address = fields.fixed_array(value, (3,), "party")
    return MaskedParty(
        fields.text(name, "name"), fields.text(phone, "phone"), fields.text(address, "address")
    )
