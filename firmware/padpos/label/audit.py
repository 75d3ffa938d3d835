"""The last look before the paper: what was drawn is read back and judged by other means.

The codes are decoded by zxing-cpp, which drew neither of them; the masks are judged by the checker,
which made none of them lawful by saying so; the texts are searched for what must not be there.
"""

import base64
import binascii
import re
import unicodedata
from collections.abc import Callable, Iterable

import zxingcpp

from padpos.counter.masks import MaskFault, judge_address, judge_name, judge_phone

from .composed import ComposedLabel
from .content import LabelContent
from .errors import AuditFailure
from .layout import Field
from .typeset import clean

_SEALED = re.compile(r"HTTPS://[A-Z0-9.:\-]{1,15}/([A-Z2-7]+)")
_SEALED_SIZES = (261, 309)
"""Bytes: 1 version, 4 key id, 32 encapsulated key, 208 or 256 plaintext, 16 tag (formats §10)."""
_SEALED_VERSION = 1
_SHORT = 6
_FORMATS = {zxingcpp.BarcodeFormat.Code128, zxingcpp.BarcodeFormat.QRCode}
_LOOKED_FOR = zxingcpp.BarcodeFormats(
    [zxingcpp.BarcodeFormat.Code128, zxingcpp.BarcodeFormat.AllMatrix]
)

_JUDGES: dict[Field, Callable[[str], MaskFault | None]] = {
    Field.RECIPIENT_NAME: judge_name,
    Field.RECIPIENT_PHONE: judge_phone,
    Field.RECIPIENT_ADDRESS: judge_address,
    Field.SENDER_NAME: judge_name,
    Field.SENDER_PHONE: judge_phone,
    Field.SENDER_ADDRESS: judge_address,
}
# The form's own words and the parcel's own numbers: a short 303 or Li in them is chance.
_OF_THE_FORM = (
    Field.CAPTION,
    Field.TITLE,
    Field.REPRINT,
    Field.ROUTE,
    Field.WAYBILL,
    Field.WEIGHT,
    Field.WEIGHT_SOURCE,
    Field.PRINTED_AT,
)


def audit(label: ComposedLabel, content: LabelContent, secrets: Iterable[str] = ()) -> None:
    """Raise AuditFailure unless `label` may be printed for `content`.

    `secrets` are the plaintext values it must not show (names, numbers, phones, addresses);
    each of two or more characters is looked for in every text, without regard to width of
    characters, case, spaces and punctuation. Fewer than six European letters or digits are not
    looked for in the words of the form, the waybill number, the route, the weight and the time.
    The failure never repeats what was found.
    """
    _check_sealed(content.label_code)
    _check_masks(label, content)
    check_secrets([(text.field, text.text) for text in label.texts], secrets)
    _check_codes(label, content)


def _check_sealed(label_code: str) -> None:
    form = _SEALED.fullmatch(label_code)
    sealed = _unbase32(form.group(1)) if form else None
    if sealed is None or len(sealed) not in _SEALED_SIZES or sealed[0] != _SEALED_VERSION:
        raise AuditFailure(
            "label-code-not-sealed",
            "面单码不是密封内容，禁止打印",
            "The label code is not sealed; the label must not be printed.",
        )


def _unbase32(text: str) -> bytes | None:
    """The bytes, or None where the text is no base32 or its unused bits are not zero."""
    try:
        data = base64.b32decode(text + "=" * (-len(text) % 8))
    except binascii.Error:
        return None
    return data if base64.b32encode(data).decode().rstrip("=") == text else None


def _check_masks(label: ComposedLabel, content: LabelContent) -> None:
    expected = {
        Field.RECIPIENT_NAME: content.recipient.name,
        Field.RECIPIENT_PHONE: content.recipient.phone,
        Field.RECIPIENT_ADDRESS: content.recipient.address,
        Field.SENDER_NAME: content.sender.name,
        Field.SENDER_PHONE: content.sender.phone,
        Field.SENDER_ADDRESS: content.sender.address,
    }
    placed = [(text.field, text.text) for text in label.texts if text.field in _JUDGES]
    for field, text in [*expected.items(), *placed]:
        fault = _JUDGES[field](text)
        if fault is not None:
            raise AuditFailure(f"mask-{fault.value}", fault.zh, fault.en)
    for field, text in placed:
        if text != clean(expected[field]):
            raise AuditFailure(
                "mask-differs", "面单上的隐藏信息与记录不符", "A mask on the label is another one."
            )


def check_secrets(texts: Iterable[tuple[Field, str]], secrets: Iterable[str]) -> None:
    """Raise AuditFailure where one of the texts shows a secret, as `audit` says."""
    shown = [(field, _bare(text)) for field, text in texts]
    for secret in map(_bare, secrets):
        if len(secret) < 2:
            continue
        chance = secret.isascii() and len(secret) < _SHORT
        if any(secret in text for field, text in shown if not (chance and field in _OF_THE_FORM)):
            raise AuditFailure(
                "secret-shown",
                "面单上出现了应当隐藏的个人信息，禁止打印",
                "Personal data that must be hidden stands on the label.",
            )


def _bare(text: str) -> str:
    """Letters and numbers alone, in one width and one case; a mask sign stays and separates."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return "".join(sign for sign in folded if sign.isalnum() or sign == "*")


def _check_codes(label: ComposedLabel, content: LabelContent) -> None:
    """Decode the finished dots: both codes, upright and as meant, and no third."""
    # Other linear codes are not looked for: one label in a thousand has a row of QR modules that
    # can be taken for a short Codabar, which is no code that anybody printed.
    found = zxingcpp.read_barcodes(
        label.raster.to_image().convert("L"),
        formats=_LOOKED_FOR,
        try_invert=False,
        try_downscale=False,
    )
    texts = {code.format: code.text for code in found}
    if len(found) != 2 or texts.keys() != _FORMATS:
        raise AuditFailure(
            "codes-unreadable",
            "面单条码读不出或多于应有，禁止打印",
            "The label does not carry exactly its two codes in readable form.",
        )
    if texts[zxingcpp.BarcodeFormat.Code128] != content.waybill:
        raise AuditFailure(
            "waybill-differs", "面单条码与运单号不符", "The bar code is not the waybill number."
        )
    if texts[zxingcpp.BarcodeFormat.QRCode] != content.label_code:
        raise AuditFailure(
            "label-code-differs", "面单码与记录不符", "The label code is not the sealed one."
        )
