"""What one label says. Nothing here is plaintext: names, phones and addresses come masked."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class MaskedParty:
    """A person as the paper may show them, from `padpos.counter.masks`."""

    name: str = field(repr=False)
    phone: str = field(repr=False)
    address: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LabelContent:
    """Everything a label shows; the layout decides where.

    - `waybill`: 6–24 capital letters and digits, the text of the Code 128.
    - `route_code`: the three segments (三段码) by which the parcel is sorted.
    - `grams`: the true weight; `weight_from_scale` tells whether a scale or a person gave it.
    - `marks`: 已实名, 已验视 and the like, as the counter earned them.
    - `outlet`, `area`: who accepted the parcel and where; they belong to the marks.
    - `label_code`: the QR text of formats §10, `HTTPS://…/` and base32.
    - `generation`: 1 for the first print; from 2 on the label says 补打.
    - `printed_at`: local time as it shall read.
    """

    waybill: str
    route_code: str
    recipient: MaskedParty
    sender: MaskedParty
    contents: str = field(repr=False)
    grams: int
    weight_from_scale: bool
    marks: tuple[str, ...]
    outlet: str
    area: str
    label_code: str = field(repr=False)
    generation: int
    training: bool
    printed_at: str
